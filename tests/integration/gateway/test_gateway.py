"""The local gateway over real HTTP, in front of a stack deployed on ministack."""

import json
import uuid
from typing import Any, NamedTuple

import pytest

from tests.integration.gateway.conftest import STACK, Served
from tests.local.waiting import until

ACCESS_LOG = f"/aws/apigateway/{STACK}/access"
GOOD = {"Authorization": "good"}


REFUSED = '{"error":{"code":"UNAUTHORIZED","message":"Unauthorized"}}'
# By the resource policy: nobody put anything into the context. What is not quoted is then no JSON.
NOT_OURS = '{"error":{"code":"", "retryAfterSeconds":}}'
EXHAUSTED = '{"error":{"code":"QUOTA_EXCEEDED", "retryAfterSeconds":30}}'
BROKEN = '{"message":"Internal server error"}'
FORBIDDEN = '{"message":"Forbidden"}'
NO_TOKEN = '{"message":"Missing Authentication Token"}'
NO_MESSAGE = '{"message":null}'


class Expected(NamedTuple):
    """What the client gets, and what the access log says of it."""

    status: int
    body: str
    error_type: str
    customer: str = "-"


def messages(gateway: Served, group: str, marker: str) -> list[tuple[str, str]]:
    """(stream, message) of the events that hold the marker."""
    try:
        events = gateway.logs.filter_log_events(logGroupName=group)["events"]
    except gateway.logs.exceptions.ResourceNotFoundException:
        return []
    return [(e["logStreamName"], e["message"]) for e in events if marker in e["message"]]


def access_line(gateway: Served, extended_request_id: str) -> dict[str, Any]:
    found = until(lambda: messages(gateway, ACCESS_LOG, extended_request_id))
    assert len(found) == 1
    line: dict[str, Any] = json.loads(found[0][1])
    return line


def execution_log(gateway: Served, request_id: str) -> list[str]:
    group = f"API-Gateway-Execution-Logs_{gateway.api_id}/demo"
    prefix = f"({request_id}) "
    found = until(lambda: messages(gateway, group, prefix))
    assert len({stream for stream, _ in found}) == 1
    return [message.removeprefix(prefix) for _, message in found]


@pytest.mark.parametrize(
    ("path", "credential", "expected"),
    [
        ("/demo/items/7", None, Expected(401, REFUSED, "UNAUTHORIZED")),
        ("/demo/items/7", "bad", Expected(401, REFUSED, "UNAUTHORIZED")),
        ("/demo/items/7", "empty", Expected(429, EXHAUSTED, "ACCESS_DENIED", "cust_1")),
        ("/demo/closed", "good", Expected(429, NOT_OURS, "ACCESS_DENIED")),
        ("/demo/items/7", "broken", Expected(500, NO_MESSAGE, "AUTHORIZER_FAILURE")),
        ("/demo/items/7", "nonsense", Expected(500, NO_MESSAGE, "AUTHORIZER_CONFIGURATION_ERROR")),
        ("/demo/crash", "good", Expected(502, BROKEN, "DEFAULT_5XX", "cust_1")),
        ("/demo/malformed", "good", Expected(502, BROKEN, "DEFAULT_5XX", "cust_1")),
        ("/demo/metered", "good", Expected(403, FORBIDDEN, "INVALID_API_KEY", "cust_1")),
        ("/demo/", None, Expected(403, NO_TOKEN, "MISSING_AUTHENTICATION_TOKEN")),
        ("/demo/teapot", "good", Expected(418, "short and stout", "-", "cust_1")),
    ],
)
def test_every_outcome_is_answered_and_logged_as_on_aws(
    gateway: Served, path: str, credential: str | None, expected: Expected
) -> None:
    """The client's answer and the access log line tell the same story."""
    headers = {"Authorization": credential} if credential else {}
    answer = gateway.client.get(path, headers=headers)
    assert (answer.status_code, answer.text) == (expected.status, expected.body)
    line = access_line(gateway, answer.headers["x-amz-apigw-id"])
    assert line["status"] == str(expected.status)
    assert line["requestId"] == answer.headers["x-amzn-RequestId"]
    assert (line["errorType"], line["customerId"]) == (expected.error_type, expected.customer)
    assert (line["path"], line["responseLength"]) == (path, str(len(expected.body)))


def test_customised_responses_carry_their_headers(gateway: Served) -> None:
    """Static headers of the gateway responses in the API's body reach the client."""
    denied = gateway.client.get("/demo/items/7", headers={"Authorization": "empty"})
    assert denied.headers["Retry-After"] == "60"
    assert gateway.client.get("/demo/items/7").headers["WWW-Authenticate"] == "Bearer"


def test_the_function_gets_the_version_1_event(gateway: Served) -> None:
    """Parameters, lists, context and body as API Gateway hands them over."""
    answer = gateway.client.post("/demo/items/a%20b?x=1&x=2&y=", headers=GOOD, content='{"n": 1}')
    assert answer.status_code == 200
    assert answer.headers.get_list("X-Twice") == ["a", "b"]
    event = answer.json()
    assert (event["resource"], event["path"]) == ("/items/{id}", "/items/a b")
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    context = event["requestContext"]
    assert context["authorizer"]["customerId"] == "cust_1"
    assert context["authorizer"]["retryAfterSeconds"] == "30"
    assert context["authorizer"]["principalId"] == "good"
    assert context["extendedRequestId"] == answer.headers["x-amz-apigw-id"]
    assert context["path"] == "/demo/items/a%20b"
    assert context["apiId"] == gateway.api_id


def test_a_callers_request_id_is_taken_but_never_the_extended_one(gateway: Served) -> None:
    """Two calls with one x-amzn-RequestId share it, and differ in the extended request id."""
    chosen = str(uuid.uuid4())
    answers = [
        gateway.client.get("/demo/health", headers={"x-amzn-RequestId": chosen}) for _ in range(2)
    ]
    assert [answer.headers["x-amzn-RequestId"] for answer in answers] == [chosen] * 2
    extended = [answer.headers["x-amz-apigw-id"] for answer in answers]
    assert extended[0] != extended[1]
    assert [access_line(gateway, found)["requestId"] for found in extended] == [chosen] * 2


def test_a_request_id_that_is_no_uuid_is_replaced(gateway: Served) -> None:
    """The log says so instead of repeating what the caller wrote."""
    answer = gateway.client.get("/demo/health", headers={"x-amzn-RequestId": "victim"})
    line = access_line(gateway, answer.headers["x-amz-apigw-id"])
    assert line["requestId"] == "UUID_REPLACED_INVALID_REQUEST_ID"


def test_a_user_agent_cannot_break_the_line(gateway: Served) -> None:
    """Quotes and backslashes of a client are escaped in a JSON format."""
    agent = 'x","customerId":"victim\\'
    answer = gateway.client.get("/demo/health", headers={"User-Agent": agent})
    line = access_line(gateway, answer.headers["x-amz-apigw-id"])
    assert (line["userAgent"], line["customerId"]) == (agent, "-")


def test_a_throttled_method_answers_429(gateway: Served) -> None:
    """A burst of one: the second call is throttled, with the declared body. The bucket does not
    fill while the test runs.
    """
    answers = [gateway.client.get("/demo/slow", headers=GOOD) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json() == {"error": {"code": "THROTTLED", "contact": "support@example.com"}}
    lines = execution_log(gateway, answers[1].headers["x-amzn-RequestId"])
    assert len(lines) == 2
    assert lines[0].startswith(f"Key throttle limit exceeded for RestApi {gateway.api_id}, Stage")
    assert lines[1] == "Method completed with status: 429"


def test_an_api_key_from_the_authorizer_is_charged_and_metered(gateway: Served) -> None:
    """The authorizer names a key by usageIdentifierKey; its plan's quota of two ends in 429."""
    headers = {"Authorization": "charged-to-key-of-customer-1-0123456789"}
    answers = [gateway.client.get("/demo/metered", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"message": "Limit Exceeded"}
    line = access_line(gateway, answers[0].headers["x-amz-apigw-id"])
    key_id = answers[0].json()["requestContext"]["identity"]["apiKeyId"]
    assert line["apiKeyId"] == key_id
    lines = execution_log(gateway, answers[0].headers["x-amzn-RequestId"])
    assert f"API Key ID: {key_id}" in lines
    assert not [text for text in lines if text.startswith("API Key: key-of")]


def test_an_authorizer_with_a_ttl_is_asked_once(gateway: Served) -> None:
    """Its answer is kept by identity, and another identity is asked about anew."""
    identity = {"Authorization": f"kept-{uuid.uuid4()}"}
    first, second = (gateway.client.get("/demo/kept", headers=identity) for _ in range(2))
    lines = [execution_log(gateway, a.headers["x-amzn-RequestId"]) for a in (first, second)]
    asked = [any(text.startswith("Authorizer result body") for text in log) for log in lines]
    assert asked == [True, False]
    assert second.json()["requestContext"]["authorizer"]["customerId"] == "cust_1"


def test_the_execution_log_tells_the_whole_request(gateway: Served) -> None:
    """All lines stand in one stream, in order, cut at 1,024 bytes, credentials starred."""
    credential = {"Authorization": "Bearer very-secret-credential"}
    answer = gateway.client.get("/demo/items/7", headers=credential)
    lines = execution_log(gateway, answer.headers["x-amzn-RequestId"])
    assert lines[0] == f"Extended Request Id: {answer.headers['x-amz-apigw-id']}"
    assert "HTTP Method: GET, Resource Path: /items/7" in lines
    assert "Successfully completed execution" in lines
    assert lines[-2] == "Method completed with status: 200"
    assert [text for text in lines if text.endswith(" [TRUNCATED]")]
    headers = next(text for text in lines if text.startswith("Method request headers: "))
    assert "Authorization=***********************ential" in headers


@pytest.mark.parametrize(
    ("path", "headers", "last"),
    [
        ("/demo/items/7", {}, "Unauthorized request: "),
        ("/demo/items/7", {"Authorization": "empty"}, "Gateway response type: ACCESS_DENIED with"),
        ("/demo/items/7", {"Authorization": "broken"}, "Gateway response type: AUTHORIZER_FAILURE"),
        ("/demo/crash", GOOD, "Method completed with status: 502"),
    ],
)
def test_the_execution_log_of_a_failure_ends_as_on_aws(
    gateway: Served, path: str, headers: dict[str, str], last: str
) -> None:
    """No status line for 401, the response type for the authorizer, the status for a backend."""
    answer = gateway.client.get(path, headers=headers)
    lines = execution_log(gateway, answer.headers["x-amzn-RequestId"])
    tail = [text for text in lines if not text.startswith("AWS Integration Endpoint RequestId")]
    assert tail[-1].startswith(last)


def test_binary_bodies_are_decoded_for_clients_that_accept_them(gateway: Served) -> None:
    """isBase64Encoded counts only for the API's binary media types."""
    accepting = GOOD | {"Accept": "application/octet-stream"}
    assert gateway.client.get("/demo/binary", headers=accepting).content == bytes(range(8))
    plain = gateway.client.get("/demo/binary", headers=GOOD | {"Accept": "text/html"})
    assert plain.text == "AAECAwQFBgc="


def test_an_api_without_a_body_is_served_too(gateway: Served) -> None:
    """MOCK and HTTP_PROXY methods declared resource by resource, on a stage without logs."""
    assert gateway.client.get("/plain/ping").json() == {"pong": "plain"}
    proxied = gateway.client.put("/plain/a/b?q=1", content=b"hello")
    assert (proxied.status_code, proxied.content) == (203, b"hello")
    assert proxied.headers["X-Asked"] == "PUT /a/b?q=1"


def test_an_api_is_reachable_by_its_id(gateway: Served) -> None:
    """`/_api/{apiId}/{stage}/...` names the API where stage names are not enough."""
    assert gateway.client.get(f"/_api/{gateway.api_id}/demo/health").status_code == 200
    assert gateway.client.get("/_api/nobody/demo/health").status_code == 403


def test_what_aws_does_not_log_is_witnessed_only(gateway: Served) -> None:
    """413 and an unknown stage are answered, counted and written nowhere."""
    gateway.client.delete("/_witness")
    large = b"x" * (10 * 1024 * 1024 + 1)
    assert gateway.client.post("/demo/health", content=large).status_code == 413
    assert gateway.client.get("/SAM-has-a-Stage/health").status_code == 403
    assert gateway.client.get("/Stage/health").status_code == 403
    counts = gateway.client.get("/_witness").json()
    assert (counts["served"], counts["logged"]) == (3, 0)


def test_the_witness_counts_what_was_served_and_logged(gateway: Served) -> None:
    """Every request stands in the witness with its id, customer and whether it was logged."""
    gateway.client.delete("/_witness")
    answers = [gateway.client.get("/demo/items/7", headers=GOOD) for _ in range(20)]
    counts = until(
        lambda: (found := gateway.client.get("/_witness").json())["flushed"] == 20 and found
    )
    assert isinstance(counts, dict)
    assert counts["by_status"] == {"200": 20}
    assert counts["by_stage"] == {"demo": 20}
    page = gateway.client.get("/_witness/requests?limit=100").json()["requests"]
    assert [found["extended_request_id"] for found in page] == [
        answer.headers["x-amz-apigw-id"] for answer in answers
    ]
    assert {found["customer_id"] for found in page} == {"cust_1"}
    assert all(found["logged"] for found in page)


def test_a_reload_reads_the_stack_again(gateway: Served) -> None:
    """After a redeploy the same process serves what is deployed now."""
    assert gateway.client.post("/_reload").json()["apis"][gateway.api_id] == ["demo"]
    assert gateway.client.get("/demo/health").status_code == 200
