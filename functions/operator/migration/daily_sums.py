"""Charges of both sides come in; a line for each customer, meter and day (UTC) leaves."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

type Side = Literal["theirs", "ours"]

_NOTHING = Decimal(0)


class DayLine(NamedTuple):
    """Quantities of one customer, meter and day."""

    customer: str
    meter: str
    day: str
    theirs: Decimal
    ours: Decimal

    @property
    def difference(self) -> Decimal:
        """What ours has more."""
        return self.ours - self.theirs


class DailySums:
    """Grows with customers, meters and days, whatever the number of requests."""

    def __init__(self) -> None:
        self._sums: dict[Side, dict[tuple[str, str, str], Decimal]] = {"theirs": {}, "ours": {}}

    def add(self, side: Side, place: tuple[str, str, str], quantity: Decimal) -> None:
        """`place` is customer, meter and day."""
        sums = self._sums[side]
        sums[place] = sums.get(place, _NOTHING) + quantity

    def lines(self) -> Iterator[DayLine]:
        """In their order."""
        theirs, ours = self._sums["theirs"], self._sums["ours"]
        for place in sorted(theirs.keys() | ours.keys()):
            yield DayLine(*place, theirs.get(place, _NOTHING), ours.get(place, _NOTHING))
