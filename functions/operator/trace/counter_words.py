"""What the customers' counters say now of the keys of a request, asked through reconciliation."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from functions.operator.counter_commands.stack import Stack
from functions.usage.moment import hour_of

_OF_THE_COUNTER = ("used", "limit", "remaining", "periodStart", "periodEnd", "newestClosedHour")


class CountedKey(NamedTuple):
    """An event as a counter knows it."""

    customer_id: str
    meter: str
    key: str
    occurred_at: str


def counter_rows(stack: Stack, counted: Iterable[CountedKey]) -> Iterator[dict[str, object]]:
    """A row for each customer and meter. Of an hour that is closed the counter holds what the
    ledger sums, and no marks.
    """
    keys: dict[tuple[str, str], list[CountedKey]] = defaultdict(list)
    for one in dict.fromkeys(counted):
        keys[one.customer_id, one.meter].append(one)
    for (customer, meter), ones in keys.items():
        asked = {"customerId": customer, "meter": meter, "keys": [one.key for one in ones]}
        said: Mapping[str, object] = json.loads(stack.inspect(asked))
        yield {
            "customerId": customer,
            "meter": meter,
            **{name: said.get(name) for name in _OF_THE_COUNTER},
            "counted": _counted(said, ones),
        }


def _counted(said: Mapping[str, object], ones: Iterable[CountedKey]) -> str:
    marked, closed = said.get("marked"), said.get("newestClosedHour")
    words = set()
    for one in ones:
        if isinstance(marked, Mapping) and marked.get(one.key):
            words.add("by its mark")
        elif isinstance(closed, str) and hour_of(one.occurred_at) <= hour_of(closed):
            words.add("its hour is closed: by the ledger's sum")
        else:
            words.add("not yet")
    return "; ".join(sorted(words))
