"""Charges of both sides come in; what is not billed alike leaves, and the sums that say so."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from functions.operator.migration.daily_sums import DailySums
from functions.operator.migration.likely_reason import WE_DO_NOT_BILL
from functions.operator.migration.meter_names import MeterNames
from functions.operator.migration.other_bill import OtherCharge
from functions.operator.migration.our_charges import OurCharge, OurSide
from functions.operator.migration.request_pairs import RequestPairs, UnlikeRequest
from functions.usage.moment import hour_of, iso_from_epoch_ms

_NO_DAY = "unknown"
# A detail may name a key that a client chose: more kinds than these are nobody's to read.
_REFUSALS = 1000
_DAY = len("2026-10-02")


class HourWindow(NamedTuple):
    """Hours such as `2026-10-02T08`, `until` itself not included; of the request's start."""

    since: str
    until: str

    def holds(self, time_ms: int | None) -> bool:
        """What nobody knows the time of lies in it."""
        return time_ms is None or self.since <= hour_of(iso_from_epoch_ms(time_ms)) < self.until


class BillComparison:
    """Takes the other side whole, then ours."""

    def __init__(self, names: MeterNames, window: HourWindow) -> None:
        self._names = names
        self._window = window
        self._pairs = RequestPairs(set(names.known.values()))
        self.sums = DailySums()
        self.unlike: Counter[str] = Counter()  # by reason
        self.refusals: Counter[str] = Counter()  # what ours makes of what it does not bill
        self.unknown_metrics: set[str] = set()

    @property
    def both(self) -> int:
        """Requests and meters that are billed alike."""
        return self._pairs.both

    @property
    def has_ids(self) -> bool:
        """Whether requests are compared, or sums only."""
        return self._pairs.has_ids

    def is_equal(self) -> bool:
        """Whether both sides bill the same."""
        return not self.unlike and not any(line.difference for line in self.sums.lines())

    def unlike_requests(
        self, theirs: Iterable[OtherCharge], ours: Iterable[OurSide]
    ) -> Iterator[UnlikeRequest]:
        """Each once, as it is found; none where the other side names no requests."""
        for found in self._found(theirs, ours):
            self.unlike[found.reason] += 1
            if found.reason == WE_DO_NOT_BILL and len(self.refusals) < _REFUSALS:
                self.refusals[found.detail] += 1
            yield found

    def _found(
        self, theirs: Iterable[OtherCharge], ours: Iterable[OurSide]
    ) -> Iterator[UnlikeRequest]:
        for charge in theirs:
            found = self._take_other(charge)
            if found is not None:
                yield found
        for one in ours:
            if not isinstance(one, OurCharge):
                self._pairs.refuse(one)
                continue
            found = self._take_ours(one)
            if found is not None:
                yield found
        yield from self._pairs.rest()

    def _take_other(self, charge: OtherCharge) -> UnlikeRequest | None:
        if not self._window.holds(charge.time_ms):
            return None
        meter = self._names.meter_of(charge.metric)
        if not self._names.is_known(charge.metric):
            self.unknown_metrics.add(charge.metric)
        place = charge.customer, meter, _day(charge.time_ms)
        self.sums.add("theirs", place, charge.quantity)
        return self._pairs.hold(charge, meter)

    def _take_ours(self, ours: OurCharge) -> UnlikeRequest | None:
        if not self._window.holds(ours.time_ms):
            return None
        self.sums.add("ours", (ours.customer, ours.meter, _day(ours.time_ms)), ours.quantity)
        return self._pairs.pair(ours) if self.has_ids else None


def _day(time_ms: int | None) -> str:
    return _NO_DAY if time_ms is None else iso_from_epoch_ms(time_ms)[:_DAY]
