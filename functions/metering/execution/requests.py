"""Log events of one stream of an execution log come in; what they say about each request leaves.

Facts, none of them invented, and never an exception: what cannot be read has a `fault`, what is no
usage says why in `excluded`. Linear in the bytes; memory is that of the delivery.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from functions.metering.execution.authorizer_result import AuthorizerResult
from functions.metering.execution.completeness import LogPlace, judge, shown_of
from functions.metering.execution.facts import ExecutionFacts
from functions.metering.execution.grouping import Group, Start, Unread, grouped
from functions.metering.execution.header_map import DUPLICATE, UNVERIFIED, named_customer
from functions.metering.execution.line import Form
from functions.metering.line_text import ABSENT, TEXT_CHARS
from functions.metering.request import Request, Shown
from functions.usage.outcome import Excluded, Quarantined

WRONG_GROUP = Excluded("wrong_group")

# REST; a WebSocket API's group has the other name (gateway-logs.md 1.1).
_GROUPS = ("API-Gateway-Execution-Logs_", "/aws/apigateway/")
_OTHER_SERVICE = "/aws/lambda/"


class ExecutionRequest(NamedTuple):
    """One request, or what is not one. `fault` is why it must not be billed by these lines;
    `header_customer` is whom the declared header names where nothing stronger names anybody.
    """

    request: Request
    complete: bool
    log_events: tuple[object, ...]
    fault: Quarantined | None = None
    excluded: Excluded | None = None
    header_customer: str | Quarantined | None = None
    failure: str | None = None
    integration_request_id: str | None = None
    xray_trace_id: str | None = None
    authorizer_id: str | None = None
    shown: Shown = Shown.WHOLE


def read_execution_requests(
    log_events: Sequence[object],
    *,
    log_group: str | None,
    log_stream: str | None,
    account_id: str | None,
    region: str,
    tenant_header: str | None,
) -> list[ExecutionRequest]:
    """Every request of which `log_events` hold a line. `tenant_header` is the header that the
    deployment declared to carry the customer, and that its authorizer checks (quota.md,
    X-Tenant-Id).
    """
    api_id, stage = place_of(log_group)
    place = LogPlace(account_id, region, api_id, stage, tenant_header, log_group, log_stream)
    if log_group is not None and log_group.startswith(_OTHER_SERVICE):
        return [_unread(place, log_event, WRONG_GROUP) for log_event in log_events]
    found = (
        [_unread(place, *entry)] if isinstance(entry, Unread) else _requests(entry, place)
        for entry in grouped(log_events)
    )
    return list(chain.from_iterable(found))


def place_of(log_group: str | None) -> tuple[str | None, str | None]:
    """API id and stage in a log group's name; None where it has another form."""
    for prefix in _GROUPS:
        if log_group is not None and log_group.startswith(prefix):
            api_id, slash, stage = log_group[len(prefix) :].partition("/")
            if api_id and slash and stage and "/" not in stage:
                return api_id, stage
    return None, None


def _unread(place: LogPlace, log_event: object, why: Excluded | Quarantined) -> ExecutionRequest:
    request = _request(place, None, ExecutionFacts(), Start(None, None), None)
    fault = why if isinstance(why, Quarantined) else None
    return ExecutionRequest(
        request=request._replace(fault=fault),
        complete=True,
        log_events=(log_event,),
        fault=fault,
        excluded=why if isinstance(why, Excluded) else None,
    )


def _requests(group: Group, place: LogPlace) -> Iterator[ExecutionRequest]:
    facts, events = group.facts, tuple(group.log_events)
    complete, verdict = judge(group, place)
    fault = verdict if isinstance(verdict, Quarantined) else None
    shown = shown_of(group, complete=complete)
    result = facts.result or AuthorizerResult()
    named = _header_customer(facts, place.tenant_header)
    for start in group.starts:
        request = _request(place, group, facts, start, fault)
        known = request.customer_id or request.api_key_id
        if fault is None and result.fault is None and known is None and isinstance(named, str):
            request = request._replace(customer_id=named)
        yield ExecutionRequest(
            request=request,
            complete=complete,
            log_events=events,
            fault=fault or result.fault or (None if known else _quarantined(named)),
            excluded=verdict if isinstance(verdict, Excluded) else None,
            header_customer=named,
            failure=facts.failure,
            integration_request_id=facts.integration_request_id,
            xray_trace_id=facts.xray_trace_id,
            authorizer_id=facts.authorizer_id,
            shown=shown,
        )
        events = ()  # overlapping requests are kept once


def _quarantined(named: str | Quarantined | None) -> Quarantined | None:
    return named if isinstance(named, Quarantined) else None


def _header_customer(facts: ExecutionFacts, name: str | None) -> str | Quarantined | None:
    """Only where an authorizer that checks the header let the request through to the backend."""
    if name is None or not facts.headers:
        return None
    first, is_cut = facts.headers[0]
    if any(text != first for text, _ in facts.headers):
        return DUPLICATE
    named = named_customer(
        first.partition(":")[2].strip(" "),
        name,
        is_cut=is_cut,
        principal=facts.principal,
    )
    checked = facts.authorized and facts.executed
    return UNVERIFIED if isinstance(named, str) and not checked else named


def _request(
    place: LogPlace,
    group: Group | None,
    facts: ExecutionFacts,
    start: Start,
    fault: Quarantined | None,
) -> Request:
    result = facts.result or AuthorizerResult()
    api_id, stage = (group.api_id, group.stage) if group else (None, None)
    prefixed = group is not None and group.form is Form.PREFIXED
    shown = None if facts.principal is None or "*" in facts.principal else facts.principal
    return Request(
        account_id=place.account_id,
        region=place.region,
        api_id=place.api_id or api_id or facts.api_id or facts.traced_api_id or None,
        stage=place.stage or stage or facts.stage or None,
        extended_request_id=_clean(start.extended_request_id),
        request_id=group.request_id if group and prefixed else facts.request_id,
        time_ms=start.time_ms,
        method=_clean(facts.method),
        path=_clean(facts.path),
        route=_clean(facts.route),
        status=facts.status,
        response_bytes=None,
        latency_ms=None,
        integration_latency_ms=facts.integration_latency_ms,
        integration_status=facts.integration_status,
        error_type=_clean(facts.error_type),
        api_key_id=_clean(facts.api_key_id),
        principal_id=_clean(result.principal_id or shown),
        customer_id=result.customer_id,
        tenant_id=result.tenant_id,
        key_id=result.key_id,
        traceparent=result.traceparent,
        fault=fault,
        unverified=result.fault,
    )


def _clean(text: str | None) -> str | None:
    """A text that can go along; a long or unprintable one is left out."""
    if text is None or text in ABSENT or len(text) > TEXT_CHARS or "\ufffd" in text:
        return None
    return text if text.isprintable() else None
