"""Whether the lines of a group are a whole request, and whether they can be believed."""

import json
from dataclasses import dataclass

from functions.metering.execution.grouping import Group
from functions.metering.execution.line import Form
from functions.metering.request import Shown
from functions.usage.outcome import Excluded, Quarantined

REQUEST_ID_REUSED = Quarantined(
    "request_id_reused", "requests of one caller-chosen id overlap and differ"
)
BAD_STATUS = Quarantined("bad_status", "the status is not an integer from 100 to 599")
UNPRINTABLE = Quarantined("unprintable", "the Extended Request Id")
INCOMPLETE = "incomplete"
TAIL = Excluded("tail")
_FIRST_CLIENT_ERROR = 400
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the lines stand, and what was declared about it."""

    account_id: str | None
    region: str
    api_id: str | None
    stage: str | None
    tenant_header: str | None
    log_group: str | None
    log_stream: str | None


def judge(group: Group, place: LogPlace) -> tuple[bool, Excluded | Quarantined | None]:
    """Whether it is whole, and why it is no usage or not to be billed; None if it may be."""
    complete = _is_complete(group)
    fault = _fault(group, complete=complete)
    if fault is not None:
        return complete, fault
    excluded = _excluded(group)
    return complete, excluded or (None if complete else _incomplete(group, place))


def shown_of(group: Group, *, complete: bool) -> Shown:
    """What the lines show of it, as far as other lines of it may stand elsewhere in the log."""
    facts = group.facts
    if not facts.opened and (_is_halved(group) or len(group.log_events) == facts.tails):
        return Shown.REST
    return Shown.WHOLE if complete else Shown.BEGINNING


def _is_complete(group: Group) -> bool:
    """Whether the lines reach from a request's beginning to its end. Level ERROR writes no
    beginning: there a failure and the status are all (gateway-logs.md 1.1).
    """
    facts = group.facts
    if facts.ends < max(1, len(group.identities())):
        return False
    return facts.opened or facts.refused is not None or not _is_halved(group)


def _is_halved(group: Group) -> bool:
    """Whether lines like these are not all of a request that has no beginning."""
    facts = group.facts
    return facts.informed or (
        len(group.log_events) == 1 and (facts.status or 0) < _FIRST_CLIENT_ERROR
    )


def _fault(group: Group, *, complete: bool) -> Quarantined | None:
    facts, requests = group.facts, len(group.starts)
    if facts.conflict or (
        facts.refused == "unauthorized" and facts.status not in {None, _UNAUTHORIZED}
    ):
        return REQUEST_ID_REUSED
    if requests > 1 and not (
        complete
        and facts.refused is None
        and facts.ends == requests
        and {facts.results, facts.keys} <= {0, requests}
    ):
        return REQUEST_ID_REUSED
    if facts.malformed_status:
        return BAD_STATUS
    printable = all(extended_id.isprintable() for extended_id in group.identities())
    return None if printable else UNPRINTABLE


def _incomplete(group: Group, place: LogPlace) -> Quarantined:
    """With its place in the log, as JSON, so that its lines can be read again."""
    start = group.starts[0]
    where = {
        "logGroup": place.log_group,
        "logStream": place.log_stream,
        "requestId": group.request_id,
        "extendedRequestId": start.extended_request_id,
        "firstTimestamp": start.time_ms,
    }
    return Quarantined(INCOMPLETE, json.dumps(where, separators=(",", ":")))


def _excluded(group: Group) -> Excluded | None:
    facts = group.facts
    if group.form is not Form.PREFIXED:
        return Excluded(group.form.value)
    if len(group.log_events) == facts.tails:
        return TAIL
    return Excluded(facts.refused) if facts.refused is not None else None
