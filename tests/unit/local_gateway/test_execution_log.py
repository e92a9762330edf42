from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.deployment import MethodSettings
from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.execution_log import cut, execution_lines
from tests.local.gateway.execution_trace import header_map, masked
from tests.unit.local_gateway.exchanges import allowed, begun, failed

NO_KEY_LINE = (
    "API Key  authorized because method 'GET /items/{id}' does not require API Key."
    " Request will not contribute to throttle or quota limits"
)
THROTTLE_LINE = (
    "Key throttle limit exceeded for RestApi uwe3g5jm54, Stage prod, Resource k0w8mc,"
    " HttpMethod GET. Limit: 1.00 Burst: 1"
)


def texts(exchange: Exchange) -> list[str]:
    prefix = f"({exchange.request_id}) "
    lines = [message for _, message in execution_lines(exchange)]
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]


def labels(exchange: Exchange) -> list[str]:
    return [text.split(":")[0] for text in texts(exchange)]


def test_a_traced_request_has_every_line_in_the_order_of_aws() -> None:
    """The authorizer's call stands before the main one, the status last but for the tail."""
    endpoint = [
        "Endpoint request URI",
        "Endpoint request headers",
        "Endpoint request body after transformations",
        "Sending request to https",
    ]
    assert labels(allowed()) == [
        "Extended Request Id",
        "Starting authorizer",
        "Incoming identity",
        *endpoint,
        "Authorizer result body before parsing",
        "Using valid authorizer policy for principal",
        "Successfully completed authorizer execution",
        "Verifying Usage Plan for request",
        NO_KEY_LINE,
        "Usage Plan check succeeded for API Key  and API Stage uwe3g5jm54/prod",
        "Starting execution for request",
        "HTTP Method",
        "Method request path",
        "Method request query string",
        "Method request headers",
        "Method request body before transformations",
        *endpoint,
        "Received response. Status",
        "Endpoint response headers",
        "Endpoint response body before transformations",
        "Method response body after transformations",
        "Method response headers",
        "Successfully completed execution",
        "Method completed with status",
        "AWS Integration Endpoint RequestId ",
    ]


def test_without_data_trace_no_header_and_no_body_is_written() -> None:
    """INFO alone writes the course of the request, not its content."""
    exchange = allowed()
    exchange.settings = MethodSettings(logging_level="INFO")
    found = labels(exchange)
    assert "HTTP Method" in found
    assert not [text for text in found if "request headers" in text or "body" in text]


def test_an_unauthorized_request_ends_without_any_status() -> None:
    """The client saw 401, the log does not say so."""
    exchange = begun()
    exchange.authorizer = replace(failed(Failure(kind="UNAUTHORIZED"), 401)).authorizer
    assert exchange.authorizer is not None
    exchange.authorizer.status, exchange.authorizer.invoked = None, False
    exchange.failure = Failure(kind="UNAUTHORIZED")
    assert texts(exchange)[1:] == [
        f"Starting authorizer: elkw5b for request: {exchange.request_id}",
        f"Unauthorized request: {exchange.request_id}",
    ]


def test_a_deny_still_completes_the_authorizer() -> None:
    """AWS writes a successful authorizer execution for a Deny as well."""
    lines = texts(failed(Failure(kind="ACCESS_DENIED", log_lines=("The client is not",)), 429))
    assert "Successfully completed authorizer execution" in lines
    assert lines[-2:] == [
        "The client is not",
        "Gateway response type: ACCESS_DENIED with status code: 429",
    ]


def test_a_throttled_request_has_four_lines_and_no_path() -> None:
    """As in the recorded delivery of a throttled method."""
    exchange = failed(Failure(kind="THROTTLED", log_lines=(THROTTLE_LINE,)), 429)
    exchange.authorizer = None
    assert labels(exchange) == [
        "Extended Request Id",
        "Verifying Usage Plan for request",
        THROTTLE_LINE.split(":", maxsplit=1)[0],
        "Method completed with status",
    ]


@pytest.mark.parametrize(
    ("level", "failure", "expected"),
    [
        ("ERROR", None, []),
        ("OFF", Failure(kind="INTEGRATION_TIMEOUT", log_lines=("timeout",)), []),
        (
            "ERROR",
            Failure(kind="INTEGRATION_TIMEOUT", log_lines=("Execution failed due to a timeout",)),
            ["Execution failed due to a timeout", "Method completed with status: 504"],
        ),
    ],
)
def test_level_error_writes_failing_lines_only(
    level: str, failure: Failure | None, expected: list[str]
) -> None:
    """A request that succeeded leaves nothing at ERROR; a failing one no path and no headers."""
    exchange = failed(failure, 504) if failure else allowed()
    exchange.settings = MethodSettings(logging_level=level, data_trace=False)
    assert texts(exchange) == expected


@given(st.text(min_size=0, max_size=3000))
def test_an_event_is_never_longer_than_aws_makes_it(text: str) -> None:
    """39 bytes of prefix, 1,024 of text and 12 of ` [TRUNCATED]`, whole UTF-8 characters."""
    message = cut("286364ab-3a83-11e9-8dc8-db3cf4c83204", text)
    assert len(message.encode()) <= 39 + 1024 + 12
    assert message.endswith(" [TRUNCATED]") == (
        len(text.encode()) > 1024 or text.endswith(" [TRUNCATED]")
    )


@given(st.text())
def test_a_masked_value_shows_six_characters_at_most(secret: str) -> None:
    """The length stays, the value does not."""
    shown = masked(secret)
    assert len(shown) == len(secret)
    assert shown.rstrip("*") == "" or shown.startswith("*")
    assert len(secret) <= 6 or shown == "*" * (len(secret) - 6) + secret[-6:]


def test_credentials_are_masked_and_other_headers_are_not() -> None:
    """Authorization and x-api-key are starred in any case; cookies are not, as on AWS."""
    line = header_map(
        [("authorization", "Bearer abcdefghij"), ("X-API-Key", "k" * 12), ("Cookie", "a=b")]
    )
    assert line == "{authorization=***********efghij, X-API-Key=******kkkkkk, Cookie=a=b}"
    assert header_map([("Set-Cookie", "a"), ("Set-Cookie", "b")]) == "{Set-Cookie=a,b}"


def test_no_credential_stands_in_a_logged_header_line() -> None:
    """The caller's credential is starred wherever headers are printed as a map."""
    lines = [text for text in texts(allowed()) if "headers: {" in text or "identity" in text]
    assert lines
    assert not [line for line in lines if "secret-token" in line]


def test_time_never_goes_back_within_a_request() -> None:
    """PutLogEvents wants chronological events, and readers the order of the lines."""
    exchange = allowed()
    exchange.finished_ms = exchange.started_ms - 5
    stamps = [at for at, _ in execution_lines(exchange)]
    assert stamps == sorted(stamps)
