"""Deliveries of a log group come in; the requests in them leave, each with its lines and with what
metering makes of it by one configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from functions.adapters.redaction import redacted_line
from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explained_line import outcome_of
from functions.operator.explain.explanation import Explained, ExplainTerms, explained
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.moment import iso_from_epoch_ms

type LogEvent = Mapping[str, object]


class LoggedRequest(NamedTuple):
    """`delivery` holds the lines of this request alone."""

    source: SourceDeclaration
    delivery: LogDelivery
    explained: Explained

    @property
    def events(self) -> tuple[UsageEvent, ...]:
        """What is billed of it; empty where nothing is."""
        billing = self.explained.billing
        return billing if isinstance(billing, tuple) else ()

    @property
    def outcome(self) -> str:
        """`event`, `excluded: throttled`, `quarantined: no_customer`."""
        outcome, reason = outcome_of(self.explained)
        return f"{outcome}: {reason}" if reason else outcome

    @property
    def log_events(self) -> tuple[LogEvent, ...]:
        return tuple(one for one in self.delivery.log_events if isinstance(one, dict))

    @property
    def identity(self) -> RequestIdentity | None:
        """What its keys are made of, where the lines say all of it."""
        found = identity_of(self.explained.request) if self.explained.request else None
        return found if isinstance(found, RequestIdentity) else None

    @property
    def time_ms(self) -> int | None:
        """When it was made; of a line that does not say it: when it was logged."""
        request = self.explained.request
        if request is not None and request.time_ms is not None:
            return request.time_ms
        return self.logged_ms

    @property
    def logged_ms(self) -> int | None:
        """The timestamp of its first line in CloudWatch, by which an audit's window has it."""
        stamps = (one.get("timestamp") for one in self.log_events)
        return min((one for one in stamps if isinstance(one, int)), default=None)

    def line_rows(self) -> Iterator[Mapping[str, object]]:
        """Each line as the quarantine would keep it: without credentials."""
        for one in self.log_events:
            timestamp, text = one.get("timestamp"), one.get("message")
            yield {
                "time": iso_from_epoch_ms(timestamp) if isinstance(timestamp, int) else None,
                "logGroup": self.delivery.log_group,
                "logStream": self.delivery.log_stream,
                "message": redacted_line(text) if isinstance(text, str) else None,
            }

    def metered_by(self, configuration: Configuration, terms: ExplainTerms) -> "LoggedRequest":
        """The same lines under another configuration."""
        again = terms._replace(configuration=configuration)
        mine = self._of_mine(explained(self.delivery, self.source.kind, again))
        return self._replace(explained=mine or self.explained)

    def _of_mine(self, found: Iterable[Explained]) -> Explained | None:
        """Overlapping requests of an execution log stand in the same lines."""
        request = self.explained.request
        for one in found:
            if (
                request is None
                or one.request is None
                or one.request.extended_request_id == request.extended_request_id
            ):
                return one
        return None


def logged_requests(
    source: SourceDeclaration, delivery: LogDelivery, terms: ExplainTerms
) -> Iterator[LoggedRequest]:
    """Every request of the delivery."""
    if source.kind == "access":
        for log_event in delivery.log_events:
            alone = delivery._replace(log_events=[log_event])
            for one in explained(alone, "access", terms):
                yield LoggedRequest(source, alone, one)
        return
    lines: tuple[object, ...] = ()
    for one in explained(delivery, "execution", terms):
        # Requests that overlap are told one after the other, and have their lines once.
        lines = one.log_events or lines
        yield LoggedRequest(source, delivery._replace(log_events=lines), one)
