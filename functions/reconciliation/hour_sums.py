"""The ledger's rows of one hour -> what each customer used of each meter, every key once.

The same quantities as the counters count (settling.py): whole, set-aside usage included. It holds
20 bytes a row and a few hundred a customer and meter, never the rows: 200 MB for ten million
requests in an hour.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from functions.reconciliation.commands import LARGEST, METER_ID
from functions.reconciliation.settling import epoch_minute, whole_quantity
from functions.usage.ledger_row import LedgerRow
from functions.usage.mark import mark_of
from functions.usage.quota import is_customer_id

# Keys are compared within a bucket: what is held beside the rows is a set of a 256th of the keys.
BUCKETS = 256


class Of(NamedTuple):
    """Whose usage of what."""

    customer_id: str
    meter: str


class HourTotals(NamedTuple):
    """What an hour of the ledger says: whole units by customer and meter."""

    sums: Mapping[Of, int]
    left_out: int  # rows of no quantity, no time in this hour, or nobody that can be named


class _Bucket(NamedTuple):
    marks: array[int]
    places: array[int]  # of `_who`, twice; one more: set aside
    quantities: array[int]


class HourSums:
    """Takes the rows of one epoch hour in any order, repeats included."""

    def __init__(self, hour: int) -> None:
        self.hour = hour
        self.left_out = 0
        self._who: dict[Of, int] = {}
        self._buckets = [_Bucket(array("q"), array("I"), array("q")) for _ in range(BUCKETS)]

    def take(self, rows: Iterable[LedgerRow]) -> "HourSums":
        for row in rows:
            quantity = whole_quantity(row["quantity"])
            minute = epoch_minute(row["occurredAt"])
            if quantity is None or minute is None or minute // 60 != self.hour:
                self.left_out += 1
                continue
            self._put(row, quantity)
        return self

    def _put(self, row: LedgerRow, quantity: int) -> None:
        of = Of(row["customerId"], row["meter"])
        place = self._who.setdefault(of, len(self._who))
        mark = mark_of(row["key"])
        bucket = self._buckets[mark % BUCKETS]
        bucket.marks.append(mark)
        bucket.places.append(2 * place + (row["outcome"] == "set_aside"))
        bucket.quantities.append(quantity)

    def totals(self) -> HourTotals:
        return HourTotals(self.sums(), self.left_out)

    def sums(self) -> dict[Of, int]:
        """The sums; of two rows of one key a confirmed one outweighs one that was set aside."""
        totals: defaultdict[int, int] = defaultdict(int)
        for bucket in self._buckets:
            for place, quantity in _once(bucket):
                totals[place] += quantity
        found = {of: totals[place] for of, place in self._who.items()}
        return {of: total for of, total in found.items() if _can_be_closed(of, total)}


def _once(bucket: _Bucket) -> Iterator[tuple[int, int]]:
    known: set[int] = set()
    for is_set_aside in (False, True):
        for mark, place, quantity in zip(*bucket, strict=True):
            if place % 2 == is_set_aside and mark not in known:
                known.add(mark)
                yield place // 2, quantity


def _can_be_closed(of: Of, total: int) -> bool:
    # As the command takes them: one that it refuses would hold up all that are sent beside it.
    is_named = is_customer_id(of.customer_id) and METER_ID.fullmatch(of.meter)
    return bool(is_named) and total <= LARGEST
