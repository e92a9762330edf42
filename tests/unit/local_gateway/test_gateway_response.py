import json

import pytest

from tests.local.gateway.deployment import GatewayResponse
from tests.local.gateway.exchange import Failure, Request
from tests.local.gateway.gateway_response import DEFAULTS, gateway_answer

REQUEST = Request(verb="GET", path="/", query=(("q", "1"),), headers=(("X-Client", "me"),))
VALUES = {"authorizer.code": "QUOTA_EXCEEDED", "authorizer.retryAfterSeconds": "30", "stage": "p"}


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("UNAUTHORIZED", 401, {"message": "Unauthorized"}),
        ("ACCESS_DENIED", 403, {"message": "User is not authorized to access this resource"}),
        ("MISSING_AUTHENTICATION_TOKEN", 403, {"message": "Missing Authentication Token"}),
        ("THROTTLED", 429, {"message": "Too Many Requests"}),
        ("QUOTA_EXCEEDED", 429, {"message": "Limit Exceeded"}),
        ("INVALID_API_KEY", 403, {"message": "Forbidden"}),
        ("WAF_FILTERED", 403, {"message": "Forbidden"}),
        ("AUTHORIZER_FAILURE", 500, {"message": None}),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500, {"message": None}),
        ("INTEGRATION_TIMEOUT", 504, {"message": "Endpoint request timed out"}),
        ("DEFAULT_5XX", 500, {"message": "Internal server error"}),
    ],
)
def test_without_customisation_aws_defaults_answer(
    kind: str, status: int, body: dict[str, object]
) -> None:
    """Status, JSON body and error type are those of AWS."""
    message = DEFAULTS[kind].message
    known = {"error.message": message} if message else {}
    answer = gateway_answer(Failure(kind=kind), {}, REQUEST, known)
    assert (answer.status, json.loads(answer.body)) == (status, body)
    assert ("x-amzn-ErrorType", DEFAULTS[kind].error_type) in answer.headers


def test_a_customised_response_sets_status_headers_and_body() -> None:
    """Static and mapped headers, and `$context` in the body, as the template declares them."""
    custom = GatewayResponse(
        status=429,
        headers={
            "Retry-After": "'60'",
            "content-type": "'application/problem+json'",
            "X-Code": "context.authorizer.code",
            "X-Client": "method.request.header.x-client",
            "X-Query": "method.request.querystring.q",
            "X-None": "method.request.header.absent",
        },
        templates={"application/json": '{"c":"$context.authorizer.code","x":"$context.nothing"}'},
    )
    answer = gateway_answer(
        Failure(kind="ACCESS_DENIED"), {"ACCESS_DENIED": custom}, REQUEST, VALUES
    )
    assert (answer.status, answer.body) == (429, b'{"c":"QUOTA_EXCEEDED","x":""}')
    headers = dict(answer.headers)
    assert (headers["Retry-After"], headers["X-Code"]) == ("60", "QUOTA_EXCEEDED")
    assert (headers["X-Client"], headers["X-Query"]) == ("me", "1")
    assert "X-None" not in headers
    assert [value for name, value in answer.headers if name.lower() == "content-type"] == [
        "application/problem+json"
    ]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure(kind="THROTTLED"), 429),
        (Failure(kind="DEFAULT_5XX", status=502), 503),
        (Failure(kind="INTEGRATION_TIMEOUT"), 503),
    ],
)
def test_an_unspecified_type_falls_back_to_its_class(failure: Failure, status: int) -> None:
    """DEFAULT_4XX and DEFAULT_5XX customise what has no response of its own."""
    responses = {
        "DEFAULT_4XX": GatewayResponse(templates={"application/json": "four"}),
        "DEFAULT_5XX": GatewayResponse(status=503, templates={"application/json": "five"}),
    }
    answer = gateway_answer(failure, responses, REQUEST, {})
    assert answer.status == status
    assert answer.body == (b"four" if status == 429 else b"five")
