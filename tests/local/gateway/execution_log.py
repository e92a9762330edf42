"""The execution log: a finished exchange comes in, its log lines leave, in AWS' order and wording.

Wording and order: the lines that API Gateway writes in 2026 (design facts, gateway-logs 1.2), each
event cut at 1,024 bytes after its `(requestId) ` prefix. Credentials are starred but for their last
six characters; bodies, cookies and the authorizer's result are not, as on AWS.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.execution_trace import (
    authorizer_call,
    backend_answer,
    backend_call,
    masked,
    method_answer,
    method_request,
)
from tests.local.gateway.routes import Route

MAX_BYTES = 1024
TRUNCATED = " [TRUNCATED]"
# Answered by the method: the log ends with its status. Everything else ends with the response type.
METHOD_FAILURES = frozenset(
    {"THROTTLED", "QUOTA_EXCEEDED", "INVALID_API_KEY", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE"}
)
USAGE_PLAN_FAILURES = frozenset({"THROTTLED", "QUOTA_EXCEEDED", "INVALID_API_KEY"})
BAD_GATEWAY = 502


@dataclass(frozen=True)
class Line:
    """One log event before its prefix; `trace` needs data trace, `failure` survives level ERROR."""

    at_ms: int
    text: str
    trace: bool = False
    failure: bool = False


def execution_lines(exchange: Exchange) -> list[tuple[int, str]]:
    """Timestamps (epoch ms) and messages at the method's logging level; none when it is OFF."""
    settings = exchange.settings
    if exchange.route is None or settings.logging_level not in {"INFO", "ERROR"}:
        return []
    return [
        (line.at_ms, cut(exchange.request_id, line.text))
        for line in _ordered(_lines(exchange, exchange.route))
        if (line.failure or settings.logging_level == "INFO")
        and (settings.data_trace or not line.trace)
    ]


def cut(request_id: str, text: str) -> str:
    """The message as it is stored: prefixed, and cut blindly at 1,024 bytes."""
    raw = text.encode()
    if len(raw) <= MAX_BYTES:
        return f"({request_id}) {text}"
    return f"({request_id}) {raw[:MAX_BYTES].decode(errors='ignore')}{TRUNCATED}"


def _ordered(lines: Iterable[Line]) -> Iterator[Line]:
    """Never back in time: the clock of an event may be coarser than the order of the lines."""
    latest = 0
    for line in lines:
        latest = max(latest, line.at_ms)
        yield replace(line, at_ms=latest)


def _lines(exchange: Exchange, route: Route) -> Iterator[Line]:
    yield Line(exchange.started_ms, f"Extended Request Id: {exchange.extended_request_id}")
    yield from _authorizer(exchange)
    if _passed_authorizer(exchange):
        yield from _usage_plan(exchange, route)
    if exchange.integration:
        yield from _execution(exchange, route)
    yield from _end(exchange)


def _authorizer(exchange: Exchange) -> Iterator[Line]:
    run = exchange.authorizer
    if run is None:
        return
    began, ended = exchange.started_ms, run.finished_ms
    yield Line(
        began, f"Starting authorizer: {run.authorizer.id} for request: {exchange.request_id}"
    )
    if run.invoked:
        yield Line(began, f"Incoming identity: {masked(run.identity)}", trace=True)
        for text in authorizer_call(exchange, run):
            yield Line(began, text, trace=True)
        if run.result:
            yield Line(ended, f"Authorizer result body before parsing: {run.result}", trace=True)
    if run.status in {200, 403}:
        principal = masked(run.principal_id or "")
        yield Line(ended, f"Using valid authorizer policy for principal: {principal}")
        # Written for a Deny as well.
        yield Line(ended, "Successfully completed authorizer execution")


def _passed_authorizer(exchange: Exchange) -> bool:
    failure = exchange.failure
    return exchange.integration is not None or (
        failure is not None and failure.kind in USAGE_PLAN_FAILURES
    )


def _usage_plan(exchange: Exchange, route: Route) -> Iterator[Line]:
    key = masked(exchange.api_key.value) if exchange.api_key else ""
    stage = f"{exchange.api.id}/{exchange.stage.name}"
    at = exchange.authorizer.finished_ms if exchange.authorizer else exchange.started_ms
    verifying = f"Verifying Usage Plan for request: {exchange.request_id}."
    yield Line(at, f"{verifying} API Key: {key} API Stage: {stage}")
    if exchange.integration is None:
        return
    if not route.method.api_key_required:
        method = f"{route.method.verb} {route.resource.path}"
        yield Line(
            at,
            f"API Key {key} authorized because method '{method}' does not require API Key."
            " Request will not contribute to throttle or quota limits",
        )
    yield Line(at, f"Usage Plan check succeeded for API Key {key} and API Stage {stage}")


def _execution(exchange: Exchange, route: Route) -> Iterator[Line]:
    run = exchange.integration
    if run is None:
        return
    request, began, ended = exchange.request, run.started_ms, run.finished_ms
    yield Line(began, f"Starting execution for request: {exchange.request_id}")
    yield Line(began, f"HTTP Method: {request.verb}, Resource Path: {request.path}")
    if exchange.api_key:
        yield Line(began, f"API Key: {masked(exchange.api_key.value)}")
        yield Line(began, f"API Key ID: {exchange.api_key.id}")
    for text in (*method_request(exchange, route), *backend_call(exchange, route, run)):
        yield Line(began, text, trace=True)
    for text in backend_answer(exchange, run):
        yield Line(ended, text, trace=True)
    if exchange.failure is None and exchange.answer:
        for text in method_answer(exchange.answer):
            yield Line(ended, text, trace=True)
        yield Line(ended, "Successfully completed execution")


def _end(exchange: Exchange) -> Iterator[Line]:
    at, failure = exchange.finished_ms, exchange.failure
    status = exchange.answer.status if exchange.answer else 0
    if failure is None:
        yield Line(at, f"Method completed with status: {status}")
    else:
        for text in failure.log_lines:
            yield Line(at, text, failure=True)
        yield Line(at, _last(exchange, failure, status), failure=True)
    run = exchange.integration
    if run and run.lambda_request_id:
        yield Line(at, f"AWS Integration Endpoint RequestId : {run.lambda_request_id}")
    if exchange.stage.tracing:
        yield Line(at, f"X-ray Tracing ID : Root={exchange.trace_id}")


def _last(exchange: Exchange, failure: Failure, status: int) -> str:
    if failure.kind == "UNAUTHORIZED":  # the request ends here, without any status
        return f"Unauthorized request: {exchange.request_id}"
    if failure.kind in METHOD_FAILURES or failure.status == BAD_GATEWAY:
        return f"Method completed with status: {status}"
    return f"Gateway response type: {failure.kind} with status code: {status}"
