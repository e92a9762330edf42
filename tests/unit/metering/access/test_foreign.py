"""Access logs in other people's formats: what is read, and what they may not make us believe."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.foreign import UNDECLARED, UNSUPPORTED_API, Found, read_foreign_line
from functions.metering.billing.decide import bill
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.field_names import COMMON_NAMES
from functions.metering.request import Request
from functions.usage.outcome import Excluded, Quarantined
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.metering import readable

ACCOUNT = "123456789012"
NOW_MS = REQUEST_TIME_MS + 20_000
CORPUS = Path(__file__).parents[3] / "corpus" / "access-log-lines.jsonl"
SAMPLES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
FACTS = {"path", "route", "status", "method", "stage", "api_id", "request_id"} | {
    "extended_request_id",
    "response_bytes",
    "latency_ms",
    "integration_latency_ms",
    "integration_status",
}
REST: dict[str, object] = {
    "requestId": "abe23b51-3a85-4167-851d-9ab66fc506b3",
    "extendedRequestId": "AyD6_FHMvHcECIA=",
    "apiId": "a1b2c3d4e5",
    "stage": "prod",
    "requestTimeEpoch": str(REQUEST_TIME_MS),
    "httpMethod": "GET",
    "resourcePath": "/pets/{id}",
    "status": "200",
    "responseLength": "512",
    "customerId": "cus_1",
}


def found(line: object, **declared: Any) -> Found:
    text = line if isinstance(line, str) else json.dumps(line)
    declaration = AccessLogDeclaration.model_validate(declared) if declared else UNDECLARED
    return read_foreign_line(text, declaration, ACCOUNT, REGION)


def read(line: object, **declared: Any) -> Request:
    request = found(line, **declared)
    assert isinstance(request, Request)
    return request


def billed(request: Request) -> Any:
    return readable(bill(request, default_configuration(), NOW_MS))


def _name(sample: dict[str, Any]) -> str:
    return str(sample["sample_id"])


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_every_fact_of_a_real_line_is_read(sample: dict[str, Any]) -> None:
    """What can be read is read, and what cannot be known is None."""
    expected = sample["expected"]
    (line,) = sample["lines"]
    request = read(line)
    # Routes of other APIs are not read: their lines are not billed.
    facts = FACTS if sample["api"] == "rest" else FACTS - {"route"}
    known = {name: expected[name] for name in facts & expected.keys()}
    assert {name: getattr(request, name) for name in known} == known
    if "time_epoch_ms" in expected:
        assert request.time_ms == expected["time_epoch_ms"]
    assert request.path is None or expected.get("path_known") is not False
    assert (request.customer_id, request.api_key_id) == (None, None)
    assert not isinstance(billed(request), tuple)


@pytest.mark.parametrize("sample", SAMPLES, ids=_name)
def test_a_real_line_of_another_api_is_known_for_what_it_is(sample: dict[str, Any]) -> None:
    """HTTP and WebSocket APIs are not billed, and no REST API is taken for one."""
    fault = read(sample["lines"][0]).fault
    assert (fault == UNSUPPORTED_API) == (sample["api"] != "rest")


def test_a_line_with_the_common_names_is_billed_without_a_declaration() -> None:
    """Nothing in it is a client's text: nobody could have written the customer into it."""
    (event,) = billed(read(REST))
    assert event["customerId"] == "cus_1"
    assert event["endpointPath"] == "/pets/{id}"


@pytest.mark.parametrize("key", ["userAgent", "path", "integrationErrorMessage", "ua"])
def test_beside_text_of_a_client_the_customer_must_be_declared(key: str) -> None:
    """A quote in a User-Agent could have written the customer (gateway-logs.md 2.3)."""
    line = REST | {key: "x"}
    assert billed(read(line)).reason == "undeclared_customer"
    assert isinstance(billed(read(line, fields={"customerId": "customerId"})), tuple)


def test_a_forged_customer_beside_a_declared_one_is_nobody() -> None:
    """A client whose quote is not escaped writes a key of its own: never its victim's usage."""
    line = json.dumps(REST | {"userAgent": "@"}).replace("@", 'x","customerId":"victim')
    outcome = found(line, fields={"customerId": "customerId"})
    assert outcome == Quarantined("tamper", "a name stands twice: 'customerId'")
    hidden = REST | {"authorizer": {"customerId": "victim"}}
    assert found(hidden) == Quarantined(
        "tamper", "the line says two different things of customerId"
    )


def test_no_client_writes_itself_a_refusal_of_what_was_served() -> None:
    """Beside text of a client, a type of the gateway counts where it is declared. Where it is not,
    it is nothing with a success, and with an error's status nobody knows who wrote it.
    """
    line = REST | {"userAgent": "x", "errorType": "THROTTLED"}
    who = {"customerId": "customerId"}
    assert isinstance(billed(read(line, fields=who)), tuple)
    doubtful = billed(read(line | {"status": "400"}, fields=who))
    assert isinstance(doubtful, Quarantined)
    assert (doubtful.reason, doubtful.detail.split()[0]) == ("tamper", "errorType")
    before = {"errorType": "THROTTLED", **REST, "status": "400", "userAgent": "x"}
    assert billed(read(before, fields=who)) == Excluded("throttled")
    assert billed(read(line, fields=who | {"errorType": "errorType"})) == Excluded("throttled")


def test_only_the_declared_key_names_the_customer() -> None:
    """The other names for it are not looked at, and its absence is nobody."""
    line = REST | {"customer": {"id": "cus_9"}}
    assert read(line, fields={"customerId": "customer.id"}).customer_id == "cus_9"
    assert read(REST, fields={"customerId": "customer.id"}).customer_id is None
    assert read(REST, fields={"apiKeyId": "key"}).customer_id is None


@pytest.mark.parametrize("key", ["authz.customer", "authz"])
def test_a_declared_key_may_be_nested_or_hold_dots(key: str) -> None:
    """A dotted path and a key with dots are the same; both with two values is tamper."""
    nested = {"authz": {"customer": "a"}} if key == "authz" else {"authz.customer": "a"}
    declared = {"fields": {"customerId": "authz.customer"}}
    assert read({"status": "200", **nested}, **declared).customer_id == "a"
    both = {"authz": {"customer": "a"}, "authz.customer": "b"}
    assert isinstance(found(both, **declared), Quarantined)


def test_a_declared_key_is_nobodys_common_name_for_another_fact() -> None:
    """Where the tenant pays, its key does not also say for which of Aforo's tenants."""
    line = {name: value for name, value in REST.items() if name != "customerId"}
    request = read(line | {"tenantId": "cus_9"}, fields={"customerId": "tenantId"})
    assert (request.customer_id, request.tenant_id) == ("cus_9", None)
    assert read(line | {"time": "200"}, fields={"path": "time"}).fault is None


def test_the_backends_status_is_the_first_of_two() -> None:
    """`integration.integrationStatus` is Lambda's own answer: 200 where the function failed."""
    both = {"integration": {"integrationStatus": "200"}, "integrationStatus": "403"}
    assert read(REST | both).integration_status == 403
    assert read(REST | {"integration": {"integrationStatus": "200"}}).integration_status == 200
    beside_text = found(REST | both | {"userAgent": "x"}, fields={"customerId": "customerId"})
    assert isinstance(beside_text, Quarantined)
    declared = {"customerId": "customerId", "integrationStatus": "integrationStatus"}
    assert read(REST | both | {"userAgent": "x"}, fields=declared).integration_status == 403


NESTED = {
    "request": {"id": "r-1", "method": "PUT", "time": "18/Jul/2022:12:33:39 +0000"},
    "response": {"httpStatusCode": 201, "bytes": 7},
    "gateway": {"api": "a1", "stage": "live", "xid": "AyD6_FHMvHcECIA="},
    "who": {"key": "key_9", "principal": "user|1"},
}


def test_every_field_can_be_declared() -> None:
    """A forwarder's nested objects, with numbers for texts."""
    request = read(
        NESTED,
        fields={
            "status": "response.httpStatusCode",
            "responseLength": "response.bytes",
            "apiId": "gateway.api",
            "stage": "gateway.stage",
            "extendedRequestId": "gateway.xid",
            "apiKeyId": "who.key",
            "principalId": "who.principal",
        },
    )
    assert (request.status, request.response_bytes, request.stage) == (201, 7, "live")
    assert (request.api_id, request.api_key_id, request.principal_id) == ("a1", "key_9", "user|1")
    assert (request.request_id, request.method) == ("r-1", "PUT")
    assert (request.time_ms, request.unverified) == (1_658_147_619_000, None)


@pytest.mark.parametrize(
    "key",
    [
        "identity.apiKeyId",
        "identity_apiKeyId",
        "$context.identity.apiKeyId",
        "apiKeyId",
        "api_key_id",
        "APIKeyID",
    ],
)
def test_case_and_punctuation_of_a_common_name_do_not_matter(key: str) -> None:
    """The key names are the customer's."""
    assert read(REST | {"customerId": "-", key: "key_1"}).api_key_id == "key_1"


@pytest.mark.parametrize("absent", ["-", "", "(none)", None])
def test_absent_is_none_in_every_field(absent: str | None) -> None:
    """Each way in which API Gateway prints nothing; a missing status is no 0."""
    line = dict.fromkeys(COMMON_NAMES, absent) | {"requestId": "r-1", "httpMethod": "GET"}
    request = read(line)
    assert (request.status, request.latency_ms, request.integration_latency_ms) == (None,) * 3
    assert (request.customer_id, request.time_ms, request.fault) == (None, None, None)


@pytest.mark.parametrize(
    "extra",
    [
        {"routeKey": "GET /pets/{id}"},
        {"routeKey": "$default"},
        {"routeKey": "send", "eventType": "MESSAGE", "connectionId": "Iq8="},
        {"connectionId": "Iq8=", "resourcePath": "/pets/{id}"},
        {"eventType": "CONNECT"},
    ],
)
def test_a_line_of_another_api_is_not_billed(extra: dict[str, str]) -> None:
    """Whoever it names, and whatever its ids are: the reason says what is supported."""
    line = {name: value for name, value in REST.items() if name != "resourcePath"} | extra
    for one in (line, line | {"status": "429"}):
        outcome = billed(read(one))
        assert outcome.reason == "unsupported_api"
        assert "REST APIs" in outcome.detail


def test_a_route_key_beside_a_resource_is_of_a_rest_api() -> None:
    """It prints `-` there; a forwarder may fill it."""
    assert isinstance(billed(read(REST | {"routeKey": "-"})), tuple)
    assert isinstance(billed(read(REST | {"routeKey": "GET /pets/{id}"})), tuple)


@pytest.mark.parametrize("missing", ["apiId", "stage"])
def test_a_line_without_its_api_is_billed_only_where_that_is_declared(missing: str) -> None:
    """An identity is never guessed."""
    line = {name: value for name, value in REST.items() if name != missing}
    assert billed(read(line)).reason == "no_request_identity"
    assert billed(read(line, **{missing: REST[missing]})) == billed(read(REST))


def test_the_account_is_the_line_s_the_declared_or_the_log_group_s() -> None:
    """In this order."""
    assert read(REST).account_id == ACCOUNT
    assert read(REST, accountId="111111111111").account_id == "111111111111"
    line = REST | {"accountId": "222222222222"}
    assert read(line, accountId="111111111111").account_id == "222222222222"


def test_the_two_times_of_a_line_must_be_one_moment() -> None:
    """One of them would set the price and the period."""
    stamp = {"requestTime": "20/Jul/2026:01:50:15 +0000"}
    assert read(REST | stamp).fault is None
    fault = read(REST | {"requestTime": "19/Jul/2026:01:50:15 +0000"}).fault
    assert fault is not None
    assert fault.reason == "bad_time"


@pytest.mark.parametrize("line", [{"v": "2", **REST}, {"a": 1}, {"status": "200"}, {}])
def test_what_is_no_access_log_is_not_billed(line: dict[str, object]) -> None:
    """Another version of our format, and JSON of anything else; its facts are shown, though."""
    outcome = billed(read(line))
    assert outcome.reason == "unknown_format"


@pytest.mark.parametrize(
    ("path", "stage", "reason"),
    [
        ("/prod/health", "prod", "excluded_path"),
        ("/health/live", "$default", "excluded_path"),
        ("/healthcare", "$default", "no_customer"),
        ("/health/../pets", "$default", "no_customer"),
        ("/health/%2e%2e/pets", "$default", "no_customer"),
    ],
)
def test_a_path_is_excluded_where_the_route_takes_any(path: str, stage: str, reason: str) -> None:
    """On path boundaries, without the stage; a path that may mean another is no way to a free
    call.
    """
    line = REST | {"resourcePath": "/{proxy+}", "path": path, "stage": stage, "customerId": "-"}
    assert billed(read(line)).reason == reason


def test_the_path_decides_nothing_where_the_route_is_known() -> None:
    """The client writes it."""
    line = REST | {"path": "/health", "customerId": "-"}
    assert billed(read(line)).reason == "no_customer"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from([*COMMON_NAMES, "customer_id", "authorizer", "v", "userAgent"])


@given(st.text(st.characters()) | st.binary().map(lambda content: content.decode("latin-1")))
def test_any_line_is_facts_or_a_reason(line: str) -> None:
    """Nothing that stands in a log raises, and none of it is anybody's usage."""
    outcome = found(line)
    assert isinstance(outcome, Request | Quarantined | Excluded)
    assert not isinstance(outcome, Request) or not isinstance(billed(outcome), tuple)


@given(st.dictionaries(KEYS, JSON), st.sampled_from(["", "customerId", "authorizer.x"]))
def test_any_value_in_any_field_is_facts_or_a_reason(
    changes: dict[str, object], declared: str
) -> None:
    """Nothing that stands in a field raises, and what is billed is clean or at fault."""
    fields = {"fields": {"customerId": declared}} if declared else {}
    outcome = found(REST | changes, **fields)
    assert isinstance(outcome, Request | Quarantined | Excluded)
    if isinstance(outcome, Request):
        billed(outcome)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_of_a_client_makes_a_customer(text: str) -> None:
    """Written into a line without escapes, in whatever way."""
    line = json.dumps(REST | {"customerId": "-", "userAgent": "@"}).replace("@", text)
    forged = json.dumps(REST | {"customerId": "-", "userAgent": "@"}).replace(
        "@", f'{text}","customer_id":"victim'
    )
    for one in (line, forged):
        outcome = found(one)
        assert not isinstance(outcome, Request) or not isinstance(billed(outcome), tuple)


def test_a_hostile_megabyte_costs_no_more_than_a_plain_one() -> None:
    """Deep nesting, quotes, brackets: facts or a reason, without a pattern that goes back."""
    for piece in ('{"a":', '[" "', '"] "', "(" * 40, "\\", '{"status":"200","a":'):
        found(piece * (1_000_000 // len(piece)))
    wide = {"status": "200", "requestId": "x"} | {f"k{number}": "v" for number in range(50_000)}
    assert read(wide).status == 200
