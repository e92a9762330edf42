"""Settled usage of an invocation -> settlements: one customer and meter, at most 100 events each.

Pure. Guaranteed: every event of a message is in one settlement or counted among those that change
nothing, with the reason, and a settlement knows the messages that stand or fall with it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from itertools import batched
from typing import NamedTuple

from functions.reconciliation.counters.usage_counters import CounterBatch
from functions.usage.mark import cell_of, mark_of
from functions.usage.message import SettledUsage
from functions.usage.moment import epoch_ms_from_iso

MINUTE_MS = 60_000
# 100 events block the server for 0.3 ms, and its readers for no longer (performance.md 4).
EVENTS_PER_SCRIPT = 100
# Sums stay exact in Lua's doubles (2**53) for 9,000 such events in an hour: no request is larger.
LARGEST_QUANTITY = 10**12

OLDER_THAN_HORIZON = "older_than_horizon"  # its mark would be gone: counting it could be twice
NO_QUANTITY = "no_quantity"
NO_TIME = "no_time"


class Batch(NamedTuple):
    """One script's worth, the messages that carried it, and when its requests were made."""

    settlement: CounterBatch
    messages: frozenset[str]
    occurred_at: Sequence[str]


@dataclass(frozen=True, slots=True)
class SortedUsage:
    """The settled usage of an invocation. `changes_nothing` counts events by reason."""

    batches: list[Batch]
    changes_nothing: Counter[str]
    rounded_up: int


type _Row = tuple[int, int, int, str, str]  # cell, mark, quantity, message id, occurredAt


@dataclass(slots=True)
class _Sorting:
    oldest_minute: int
    groups: dict[tuple[str, str], list[_Row]] = field(default_factory=dict)
    changes_nothing: Counter[str] = field(default_factory=Counter)
    rounded_up: int = 0

    def take(self, usage: SettledUsage, message_id: str) -> None:
        quantity = whole_quantity(usage["quantity"])
        minute = epoch_minute(usage["occurredAt"])
        if quantity is None:
            self.changes_nothing[NO_QUANTITY] += 1
        elif minute is None:
            self.changes_nothing[NO_TIME] += 1
        elif minute < self.oldest_minute:
            self.changes_nothing[OLDER_THAN_HORIZON] += 1
        else:
            self.rounded_up += quantity != usage["quantity"]
            mark = mark_of(usage["key"])
            group = self.groups.setdefault((usage["customerId"], usage["meter"]), [])
            group.append((cell_of(minute, mark), mark, quantity, message_id, usage["occurredAt"]))


def sort_settled(
    messages: Iterable[tuple[str, list[SettledUsage]]], now_ms: int, horizon: timedelta
) -> SortedUsage:
    """The settlements of (message id, its usage) pairs. Events before `now_ms - horizon` change
    nothing: nobody can say any more whether they were counted.
    """
    sorting = _Sorting(now_ms // MINUTE_MS - horizon // timedelta(minutes=1))
    for message_id, usages in messages:
        for usage in usages:
            sorting.take(usage, message_id)
    batches = [
        batch for (who, what), rows in sorting.groups.items() for batch in _batches(who, what, rows)
    ]
    return SortedUsage(batches, sorting.changes_nothing, sorting.rounded_up)


def _batches(customer_id: str, meter: str, rows: list[_Row]) -> Iterator[Batch]:
    # By cell, and so by time: a script touches few sets.
    rows.sort()
    for group in batched(rows, EVENTS_PER_SCRIPT, strict=False):
        cells, marks, quantities, messages, times = zip(*group, strict=True)
        settlement = CounterBatch(customer_id, meter, cells, marks, quantities)
        yield Batch(settlement, frozenset(messages), times)


def whole_quantity(quantity: float) -> int | None:
    """The quantity as the counter takes it, a fraction rounded up: a quota is of whole units, and
    half a unit is not free. None for what is no quantity.
    """
    if not 0 < quantity <= LARGEST_QUANTITY:
        return None
    return math.ceil(quantity)


def epoch_minute(occurred_at: str) -> int | None:
    """The epoch minute of an ISO time; None: not a time."""
    if occurred_at.endswith("Z"):
        return _utc_minute(occurred_at[:16])
    try:
        return epoch_ms_from_iso(occurred_at) // MINUTE_MS
    except ValueError:
        return None


# The events of a message lie within few minutes.
@lru_cache(maxsize=1024)
def _utc_minute(text: str) -> int | None:
    try:
        return epoch_ms_from_iso(f"{text}:00Z") // MINUTE_MS
    except ValueError:
        return None
