"""The access log as a source: the log events of a delivery come in, sorted requests leave."""

from itertools import batched

from functions.metering.access.foreign import Found
from functions.metering.access.foreign_delivery import ForeignDelivery
from functions.metering.access.foreign_line import OTHER_SOURCE
from functions.metering.access.format_v1 import UNKNOWN_FORMAT, read_line
from functions.metering.billing.decide import RULES, Rules
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request
from functions.metering.sorting import SortedRequests
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.strict_json import INVALID, NOT_AN_OBJECT

# Reading many lines and then billing them takes a tenth less than one after the other: either is as
# much code as a processor keeps at hand. The facts of so many are 400 KB.
LINES_AT_A_TIME = 250

# What `read_line` says of lines in other formats.
_NOT_OURS = frozenset({UNKNOWN_FORMAT, INVALID, NOT_AN_OBJECT})
NO_MESSAGE = Quarantined("no_message", "the log event has no text at message")


class AccessLogSource:
    """One line is one request. `other_source` is what becomes of a line of an execution log: its
    requests are billed by the source that is declared, if there is one.
    """

    def __init__(
        self,
        region: str,
        rules: Rules = RULES,
        *,
        other_source: Excluded | Quarantined = OTHER_SOURCE,
    ) -> None:
        self._region = region
        self._rules = rules
        self._other_source = other_source

    def sort(
        self, delivery: LogDelivery, configuration: Configuration, now_ms: int
    ) -> SortedRequests:
        """Every log event of `delivery` as one request."""
        result = SortedRequests(configuration, now_ms, self._rules)
        self.fill(delivery, result)
        return result

    def fill(self, delivery: LogDelivery, result: SortedRequests) -> None:
        """The same into `result`, by its configuration and clock."""
        foreign = ForeignDelivery(delivery, result.configuration, self._region, result.now_ms)
        for lot in batched(delivery.log_events, LINES_AT_A_TIME, strict=False):
            for log_event, found in zip(lot, [self.read(one, foreign) for one in lot], strict=True):
                result.add(self._other_source if found is OTHER_SOURCE else found, log_event)

    def read(self, log_event: object, foreign: ForeignDelivery) -> Found:
        """What one log event says."""
        line = log_event.get("message") if isinstance(log_event, dict) else None
        if not isinstance(line, str):
            return NO_MESSAGE
        if (declared := foreign.read_declared(line, log_event)) is not None:
            return declared
        found = read_line(line, self._region)
        if isinstance(found, Request) or found not in _NOT_OURS:
            return found
        return foreign.read(line, log_event)
