"""Hours of the ledger -> close commands. What the repair and the rebuild read is read here.

Guaranteed: a version is taken before its hours are read, so an hour closed by a greater version
holds at least as much. A row that is written while its hour is read may be missed: the hour is then
too low, never too high, until it is closed again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from functions.reconciliation.commands import CloseCommand, HoursOfMeter
from functions.reconciliation.hour_sums import HourTotals, Of
from functions.usage.message import packed
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms

type SumHour = Callable[[int], HourTotals]  # of an epoch hour: `SummedHours.totals`


class HoursRead(NamedTuple):
    """Some hours as the ledger has them: `sums` by customer and meter are of (hour, sum)."""

    version: int
    sums: Mapping[Of, Sequence[tuple[int, int]]]
    left_out: int

    @property
    def units(self) -> int:
        return sum(total for sums in self.sums.values() for _, total in sums)

    def commands(self) -> Iterator[CloseCommand]:
        """Commands of one SQS message each, of all customers."""
        closings = (
            HoursOfMeter(customer_id=of.customer_id, meter=of.meter, sums=tuple(sums))
            for of, sums in self.sums.items()
        )
        for group in packed(closings):
            yield CloseCommand(version=self.version, closings=tuple(group))


def read_hours(hours: Iterable[int], sum_up: SumHour, now_ms: Callable[[], int]) -> HoursRead:
    """Epoch hours (at most 100) as the ledger has them. Whatever `sum_up` raises is passed on: an
    hour that was read in part must not be closed.
    """
    version = now_ms()
    found: defaultdict[Of, list[tuple[int, int]]] = defaultdict(list)
    left_out = 0
    for hour in hours:
        totals = sum_up(hour)
        left_out += totals.left_out
        for of, total in totals.sums.items():
            found[of].append((hour, total))
    return HoursRead(version, found, left_out)


def hour_text(hour: int) -> str:
    """An epoch hour as the ledger writes it: `2026-10-02T08`."""
    return iso_from_epoch_ms(hour * HOUR_MS)[:13]
