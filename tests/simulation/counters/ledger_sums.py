"""What the ledger sums up to, hour by hour, as objects are put into it: the other side of the
counters' equation, made of the rows alone.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from functions.usage.mark import mark_of
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso

LEDGER = "ledger/"


class Account(NamedTuple):
    """Whose usage of what."""

    customer_id: str
    meter: str


class Settled(NamedTuple):
    """An event of the ledger. `written_at` is when its first row was put, epoch seconds."""

    account: Account
    hour: int
    at: float  # of its request, epoch seconds
    quantity: int
    mark: int
    written_at: float


@dataclass
class LedgerSums:
    """`clock` is the true time. A key counts once, however many rows say it."""

    clock: Callable[[], float]
    events: dict[str, Settled] = field(default_factory=dict)
    hours: defaultdict[Account, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    by_hour: defaultdict[tuple[Account, int], list[Settled]] = field(
        default_factory=lambda: defaultdict(list)
    )
    watchers: list[Callable[[Settled], None]] = field(default_factory=list)

    def heard(self, name: str, _before: bytes | None, body: bytes | None) -> None:
        """Of a bucket's change."""
        if body is None or not name.startswith(LEDGER) or not name.endswith(".json.gz"):
            return
        for line in gzip.decompress(body).splitlines():
            row = json.loads(line)
            if row["key"] not in self.events:
                self._take(row["key"], _settled(row, self.clock()))

    def used(self, account: Account, start_ms: int, end_ms: int) -> int:
        """What was used in whole hours from and before a time."""
        first, last = start_ms // HOUR_MS, end_ms // HOUR_MS
        return sum(n for hour, n in self.hours[account].items() if first <= hour < last)

    def _take(self, key: str, event: Settled) -> None:
        self.events[key] = event
        self.hours[event.account][event.hour] += event.quantity
        self.by_hour[event.account, event.hour].append(event)
        for watch in self.watchers:
            watch(event)


def _settled(row: dict[str, str | float], written_at: float) -> Settled:
    at_ms = epoch_ms_from_iso(str(row["occurredAt"]))
    return Settled(
        account=Account(str(row["customerId"]), str(row["meter"])),
        hour=at_ms // HOUR_MS,
        at=at_ms / 1000,
        quantity=ceil(float(row["quantity"])),
        mark=mark_of(str(row["key"])),
        written_at=written_at,
    )
