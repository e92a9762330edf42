"""What metering would make of each request in a delivery, and what the log says of it.

Facts are shown as the log says them. Where it does not say the account, the region or (raw lines of
an execution log) the time, metering will know them from the delivery: the outcome is that of a
request that has them, and the event is shown without what is made of them.
"""

import json
from collections.abc import Iterator
from itertools import repeat
from typing import Literal, NamedTuple

from functions.metering.access.foreign_delivery import ForeignDelivery
from functions.metering.access.source import AccessLogSource
from functions.metering.billing.decide import Billing, bill
from functions.metering.configuration.version import Configuration
from functions.metering.execution.requests import read_execution_requests
from functions.metering.execution.source import bill_execution
from functions.metering.log_delivery import LogDelivery
from functions.metering.request import Request
from functions.operator.explain.access_log_text import is_unknown_text
from functions.operator.explain.line_origin import is_execution
from functions.usage.event import UsageEvent
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.outcome import Excluded, Quarantined

type Outcome = tuple[UsageEvent, ...] | Excluded | Quarantined
type Kind = Literal["access", "execution", "auto"]

# Nobody's: it marks an event whose key nobody can know yet.
NO_ACCOUNT = "000000000000"
NO_REGION = ""
# Lines of these are no requests.
_OTHER_LOGS = frozenset({"wrong_group", "other_source"})


class ExplainTerms(NamedTuple):
    """What `explain` was told: by what to meter, where the log stands, and when it is."""

    configuration: Configuration
    account_id: str | None
    region: str | None
    now_ms: int
    tenant_header: str | None = None  # the header that carries the customer, where one does
    log_group: str | None = None  # of lines that do not say it


class Explained(NamedTuple):
    """One request; None where the log events are not of any."""

    request: Request | None
    billing: Outcome
    lacks_time: bool = False  # the log events had no stamp to say it
    is_text: bool = False  # a line that is not even broken JSON
    line: str | None = None  # of an access log, as it stands
    log_group: str = ""
    log_events: tuple[object, ...] = ()  # of an execution log: once where requests overlap


_HEARTBEAT = Explained(None, Excluded("heartbeat"))


def explained(delivery: LogDelivery, kind: Kind, terms: ExplainTerms) -> Iterator[Explained]:
    """Every request of the delivery, those of an execution log first."""
    if delivery.log_stream == HEARTBEAT_STREAM:
        yield from repeat(_HEARTBEAT, len(delivery.log_events))
        return
    source = terms.configuration.source_of(delivery.log_group or terms.log_group or "")
    if kind == "auto" and source is not None:
        kind = source.kind  # as metering reads it, whatever a line looks like
    execution: list[object] = []
    access: list[object] = []
    for log_event in delivery.log_events:
        is_execution = kind == "execution" or (kind == "auto" and _is_execution(log_event))
        (execution if is_execution else access).append(log_event)
    yield from _of_execution_log(delivery, execution, terms)
    yield from _of_access_log(delivery, access, terms)


def _is_execution(log_event: object) -> bool:
    line = log_event.get("message") if isinstance(log_event, dict) else None
    return isinstance(line, str) and is_execution(line)


def _of_access_log(
    delivery: LogDelivery, log_events: list[object], terms: ExplainTerms
) -> Iterator[Explained]:
    source = AccessLogSource(terms.region or NO_REGION)
    place = delivery._replace(
        owner=_account(delivery, terms), log_group=_log_group(delivery, terms)
    )
    foreign = ForeignDelivery(place, terms.configuration, terms.region or NO_REGION, terms.now_ms)
    for log_event in log_events:
        found = source.read(log_event, foreign)
        message = log_event.get("message") if isinstance(log_event, dict) else None
        line = message if isinstance(message, str) else None
        if isinstance(found, Request):
            request, billing = found, _readable(bill(found, terms.configuration, terms.now_ms))
            yield Explained(request, billing, line=line, log_group=place.log_group)
        else:
            is_text = line is not None and is_unknown_text(line)
            told = None if is_text else line  # unknown text is of no format, and may be kept long
            yield Explained(None, found, is_text=is_text, line=told, log_group=place.log_group)


def _readable(billing: Billing) -> Outcome:
    """With the events as objects: they are shown without what a delivery alone can say."""
    return tuple(map(json.loads, billing)) if isinstance(billing, tuple) else billing


def _log_group(delivery: LogDelivery, terms: ExplainTerms) -> str:
    """The delivery's, else the one that was told, else the only one that the configuration
    declares.
    """
    known = delivery.log_group or terms.log_group
    declared = {group for one in terms.configuration.versions for group in one.access_logs}
    return known or (declared.pop() if len(declared) == 1 else "")


def _of_execution_log(
    delivery: LogDelivery, log_events: list[object], terms: ExplainTerms
) -> Iterator[Explained]:
    for found in read_execution_requests(
        log_events,
        log_group=delivery.log_group or None,
        log_stream=delivery.log_stream or None,
        account_id=_account(delivery, terms),
        region=terms.region or NO_REGION,
        tenant_header=terms.tenant_header,
    ):
        request = found.request
        lacks_time = request.time_ms is None and not _is_stamped(found.log_events)
        if lacks_time:
            found = found._replace(request=request._replace(time_ms=terms.now_ms))  # noqa: PLW2901 - as it will be delivered
        billing = _readable(bill_execution(found, terms.configuration, terms.now_ms))
        is_other = found.excluded is not None and found.excluded.reason in _OTHER_LOGS
        yield Explained(
            None if is_other else request, billing, lacks_time, log_events=found.log_events
        )


def _is_stamped(log_events: tuple[object, ...]) -> bool:
    return any(isinstance(entry, dict) and "timestamp" in entry for entry in log_events)


def _account(delivery: LogDelivery, terms: ExplainTerms) -> str:
    return terms.account_id or delivery.owner or NO_ACCOUNT
