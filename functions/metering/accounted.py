"""The requests of some lines of a log, sorted by the one road; of those that begin in a window it
is kept who and which lines they are. Nothing else of an event is kept than what a ledger row has.

Guaranteed of an execution log, whose requests are many lines: no request is told by two windows;
one that takes no longer than the lines reach beyond the window is told by that of its first line;
and none is called incomplete whose other lines may stand where nobody looked.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from functions.metering.audit_question import AuditQuestion
from functions.metering.billing.decide import Billing
from functions.metering.billing.payer import verified_customer
from functions.metering.configuration.version import Configuration
from functions.metering.metered_again import usage_rows
from functions.metering.request import Request, Shown
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Excluded, Quarantined

# A key is 20 bytes that do not compress, 27 in base64: more rows are over 6 MB whatever they say.
MOST_ROWS = 6_000_000 // 27

# Key, meter, quantity, occurredAt.
type BilledRow = tuple[str, str, int | float, str]


class TooManyRows(Exception):  # noqa: N818 - it says what there is
    """The answer cannot become small enough."""


class AccountedRequests(SortedRequests):
    """`log_events` are those of the delivery, in their order: lines are told by their places."""

    def __init__(
        self,
        configuration: Configuration,
        now_ms: int,
        asked: AuditQuestion,
        log_events: Sequence[object],
    ) -> None:
        super().__init__(configuration, now_ms)
        self.paid: list[tuple[str, list[int], list[BilledRow]]] = []
        self.free: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.refused: list[tuple[str, list[int]]] = []
        self.unended: list[list[int]] = []
        self._asked = asked
        self._rows = 0
        # By which object it is. Of what is no mapping many may be one object: each has a place.
        self._places: defaultdict[int, list[int]] = defaultdict(list)
        for place, log_event in reversed(list(enumerate(log_events))):
            self._places[id(log_event)].append(place)
        self._last_places: list[int] = []

    def put(
        self,
        outcome: Billing,
        log_events: tuple[object, ...],
        request: Request | None = None,
        shown: Shown = Shown.WHOLE,
    ) -> None:
        """What became of one request, told if it begins in the window."""
        if log_events:
            first_ms = _stamp(log_events[0])
            self._last_places = [self._places[id(one)].pop() for one in log_events]
        else:  # it overlaps the one before it: their lines cannot be told apart
            first_ms = (request.time_ms if request else None) or 0
        if not self._asked.holds(first_ms):
            return
        if shown is Shown.REST and self._asked.may_have_begun_before(first_ms):
            return
        if isinstance(outcome, Excluded):
            self.free[outcome.reason][self._payer(request)] += 1
        elif not isinstance(outcome, Quarantined):
            self._bill(outcome)
        elif shown is Shown.BEGINNING and self._asked.may_go_on_behind(first_ms):
            self.unended.append(self._last_places)
        else:
            self.refused.append((outcome.reason, self._last_places))

    def _bill(self, event_texts: tuple[str, ...]) -> None:
        self._rows += len(event_texts)
        if self._rows > MOST_ROWS:
            raise TooManyRows
        usage = usage_rows(event_texts)
        rows = [(key, meter, quantity, at) for key, _, meter, quantity, at in usage]
        self.paid.append((usage[0][1], self._last_places, rows))

    def _payer(self, request: Request | None) -> str:
        """Who would have paid."""
        time_ms = request.time_ms if request else None
        version = None if time_ms is None else self.configuration.in_force(time_ms)
        if request is None or version is None:
            return ""
        found = verified_customer(request, version.compiled)
        return found if isinstance(found, str) else ""


def _stamp(log_event: object) -> int:
    """When a log event was logged. What says no time stands at the beginning of time."""
    said = log_event.get("timestamp") if isinstance(log_event, dict) else None
    return said if type(said) is int else 0
