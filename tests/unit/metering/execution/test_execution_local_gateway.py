"""What the local gateway writes, which is our own other account of AWS' wording, is read back."""

from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from functions.metering.configuration.document_reading import default_configuration
from functions.metering.execution.requests import ExecutionRequest, read_execution_requests
from functions.metering.execution.source import bill_execution
from functions.usage.outcome import Excluded
from tests.fakes.access_log_lines import REGION
from tests.local.demo.forger import REQUEST_ID, forged_calls
from tests.local.demo.traffic import Call
from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.execution_log import execution_lines
from tests.unit.local_gateway.exchanges import allowed, failed

VICTIM = "cust_victim"
LIMIT = (
    "Key throttle limit exceeded for RestApi uwe3g5jm54, Stage prod, Resource k0w8mc,"
    " HttpMethod GET. Limit: 1.00 Burst: 1"
)


def read(exchange: Exchange) -> ExecutionRequest:
    log_events = [
        {"id": str(number), "timestamp": time_ms, "message": message}
        for number, (time_ms, message) in enumerate(execution_lines(exchange))
    ]
    (found,) = read_execution_requests(
        log_events,
        log_group=f"API-Gateway-Execution-Logs_{exchange.api.id}/{exchange.stage.name}",
        log_stream="e369853df766fa44e1ed0ff613f563bd",
        account_id=exchange.api.account_id,
        region=REGION,
        tenant_header="X-Tenant-Id",
    )
    return found


def test_a_served_request_is_whole_and_its_facts_are_the_exchanges() -> None:
    """Two writings of one request: what was served, and what the log says."""
    exchange = allowed()
    found = read(exchange)
    assert found.complete
    assert found.request.extended_request_id == exchange.extended_request_id
    assert found.request.request_id == exchange.request_id
    assert exchange.answer is not None
    assert found.request.status == exchange.answer.status
    assert found.request.path == exchange.request.path
    assert (found.request.method, found.request.route) == ("GET", "/items/{id}")
    assert found.request.api_id == exchange.api.id
    assert found.request.customer_id == "cust_1"


@pytest.mark.parametrize(
    ("failure", "status", "reason"),
    [
        (Failure(kind="UNAUTHORIZED"), 401, "unauthorized"),
        (Failure(kind="ACCESS_DENIED", log_lines=("The client is not",)), 429, "denied"),
        (Failure(kind="THROTTLED", log_lines=(LIMIT,)), 429, "throttled"),
        (Failure(kind="AUTHORIZER_FAILURE"), 500, "authorizer_failed"),
    ],
)
def test_a_refused_request_is_excluded(failure: Failure, status: int, reason: str) -> None:
    """Whichever of the endings its log has."""
    found = read(failed(failure, status))
    now_ms = (found.request.time_ms or 0) + 1_000
    assert found.complete
    assert bill_execution(found, default_configuration(), now_ms) == Excluded(reason)


@pytest.mark.parametrize("call", list(forged_calls("https://127.0.0.1/prod", {}, VICTIM)))
def test_a_client_that_writes_log_lines_pays_for_its_own_call(call: Call) -> None:
    """Whatever it writes into headers, query, path or body, and whatever id it takes."""
    exchange, url = allowed(), urlsplit(call.url)
    exchange.request_id = REQUEST_ID
    exchange.request = replace(
        exchange.request,
        verb=call.method,
        path=unquote(url.path.removeprefix("/prod")),
        query=tuple(parse_qsl(url.query)),
        headers=(*exchange.request.headers, *call.headers.items()),
        body=call.body,
    )
    found = read(exchange)
    assert found.request.customer_id == "cust_1"
    assert found.request.extended_request_id == exchange.extended_request_id
    assert found.complete
