"""What becomes of a request: the decision table, the identity rules, the event."""

import json
from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import AHEAD_MS, Billed, bill
from functions.metering.billing.payer import CUSTOMER_MALFORMED, NO_CUSTOMER
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.request import Request
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.shape import shape_of
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line
from tests.fakes.metering import readable

NOW_MS = REQUEST_TIME_MS + 20_000
API_CALLS = {"id": "api_calls", "metricName": "API Calls"}
BYTES = {"id": "response_bytes", "metricName": "Data Transfer", "quantity": "response_bytes"}


def configured(**changes: Any) -> Configuration:
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [API_CALLS],
        "customers": {"v7y79n2re7": "cus_by_key"},
        "tenantId": "tenant_1",
        **changes,
    }
    return Configuration.model_validate({"versions": [version]})


def billed(configuration: Configuration | None = None, /, **changes: object) -> Any:
    request = read_line(access_line(**changes), REGION)
    assert isinstance(request, Request)
    return readable(bill(request, configuration or configured(), NOW_MS))


def test_an_event_is_as_aforo_takes_it() -> None:
    """Every field of the contract, the request's own time, and nulls for traces we do not have."""
    (event,) = billed()
    key = sha256(
        b'["123456789012","eu-west-1","a1b2c3d4e5","prod","AyD6_FHMvHcECIA=","api_calls",0]'
    ).hexdigest()[:40]
    assert event == {
        "customerId": "cus_7Qm2",
        "metricName": "API Calls",
        "quantity": 1,
        "occurredAt": "2026-07-20T01:50:15.218Z",
        "idempotencyKey": f"apigw1-{key}",
        "productType": "API",
        "metadata": {
            "gateway": "aws-api-gateway",
            "meter": "api_calls",
            "method": "GET",
            "path": "/pets/{id}",
            "status": 200,
            "endpoint_path": "/pets/{id}",
            "http_method": "GET",
            "status_code": 200,
            "response_time_ms": 41,
            "latency": 41,
            "responseLength": 512,
            "stage": "prod",
            "resource": "/pets/{id}",
            "requestId": "abe23b51-3a85-4167-851d-9ab66fc506b3",
            "extendedRequestId": "AyD6_FHMvHcECIA=",
            "api_id": "a1b2c3d4e5",
            "region": "eu-west-1",
        },
        "endpointPath": "/pets/{id}",
        "httpMethod": "GET",
        "statusCode": 200,
        "responseTimeMs": 41,
        "trace": {"traceparent": None, "tracestate": None, "xTraceId": None, "xRequestId": None},
    }
    assert shape_of(UsageEvent).validate_python(event, strict=True) == event


def test_what_the_log_does_not_say_is_not_in_the_event() -> None:
    """No nulls in metadata, none made up."""
    (event,) = billed(resourcePath="-", responseLatency="-", responseLength="-", requestId="-")
    assert None not in event["metadata"].values()
    assert {"endpointPath", "responseTimeMs"}.isdisjoint(event)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resourcePath": "/health"}, "excluded_path"),
        ({"resourcePath": "/health/live"}, "excluded_path"),
        ({"resourcePath": "/metrics/"}, "excluded_path"),
        ({"resourcePath": "/favicon.ico", "status": "404"}, "excluded_path"),
        ({"status": "401", "customerId": "-"}, "unauthorized"),
        ({"status": "403", "customerId": "-"}, "forbidden"),
        ({"status": "429"}, "throttled"),
        ({"status": "429", "errorType": "ACCESS_DENIED"}, "denied"),
        ({"status": "403", "errorType": "ACCESS_DENIED"}, "forbidden"),
        (
            {"status": "500", "errorType": "AUTHORIZER_FAILURE", "customerId": "-"},
            "authorizer_failed",
        ),
        (
            {"status": "500", "errorType": "AUTHORIZER_CONFIGURATION_ERROR", "customerId": "-"},
            "authorizer_failed",
        ),
    ],
)
def test_what_is_not_billable_is_excluded(changes: dict[str, object], reason: str) -> None:
    """Before anybody asks who would pay."""
    assert billed(**changes) == Excluded(reason)


@pytest.mark.parametrize("path", ["/healthcare", "/metrics-export", "/v1/health", "/", "/Health"])
def test_paths_are_excluded_on_their_boundaries_only(path: str) -> None:
    """Aforo's prefix match would give these away."""
    assert isinstance(billed(resourcePath=path), tuple)


@pytest.mark.parametrize("status", ["200", "302", "400", "404", "500", "504"])
def test_every_other_status_is_billed(status: str) -> None:
    """Server errors too, as Aforo does, unless switched off."""
    (event,) = billed(status=status)
    assert event["statusCode"] == int(status)


@pytest.mark.parametrize(
    ("status", "reason"),
    [("401", "unauthorized"), ("403", "forbidden"), ("429", "throttled"), ("404", None)],
)
def test_a_backends_own_refusal_was_served(status: str, reason: str | None) -> None:
    """It is billed; excluded where API Gateway answered, where the line does not say who did, and
    where the configuration says so.
    """
    (event,) = billed(status=status, integrationStatus=status)
    assert event["statusCode"] == int(status)
    switched_on = configured(excludeBackendStatuses=True)
    gateways = billed(status=status, errorType="-", integrationStatus="-")
    asked = billed(status=status, errorType="INTEGRATION_FAILURE", integrationStatus="200")
    backends = billed(switched_on, status=status, integrationStatus=status)
    for outcome in (gateways, asked, backends):
        assert outcome == Excluded(reason) if reason else isinstance(outcome, tuple)


def test_server_errors_are_excluded_when_switched_off() -> None:
    """From 500 on."""
    configuration = configured(billServerErrors=False)
    assert billed(configuration, status="500") == Excluded("server_error")
    assert isinstance(billed(configuration, status="499"), tuple)


def test_exclusions_are_configuration() -> None:
    """Their lists replace ours."""
    configuration = configured(excludedPaths=["/internal/"], excludedStatuses=[404])
    assert billed(configuration, resourcePath="/internal/x") == Excluded("excluded_path")
    unasked = {"status": "404", "integrationStatus": "-"}
    assert billed(configuration, **unasked) == Excluded("excluded_status")
    assert isinstance(billed(configuration, resourcePath="/health", status="429"), tuple)


@pytest.mark.parametrize("status", ["402", "403", "429"])
def test_what_our_authorizer_denied_is_never_billed(status: str) -> None:
    """Whatever statuses the configuration excludes: the backend was not asked, and a customer over
    quota must not be billed for being refused.
    """
    configuration = configured(excludedStatuses=[404])
    denied = billed(configuration, status=status, errorType="ACCESS_DENIED")
    assert denied == Excluded("denied")


# Every type of AWS's developer guide, supported-gateway-response-types, with its usual status.
# None: judged by that status, as if API Gateway had said nothing.
RESPONSE_TYPES = [
    ("ACCESS_DENIED", 403, "denied"),
    ("API_CONFIGURATION_ERROR", 500, None),
    ("AUTHORIZER_CONFIGURATION_ERROR", 500, "authorizer_failed"),
    ("AUTHORIZER_FAILURE", 500, "authorizer_failed"),
    ("BAD_REQUEST_BODY", 400, "invalid_request"),
    ("BAD_REQUEST_PARAMETERS", 400, "invalid_request"),
    ("DEFAULT_4XX", 418, "refused"),
    ("DEFAULT_5XX", 500, None),
    ("EXPIRED_TOKEN", 403, "forbidden"),
    ("INTEGRATION_FAILURE", 504, None),
    ("INTEGRATION_TIMEOUT", 504, None),
    ("INVALID_API_KEY", 403, "forbidden"),
    ("INVALID_SIGNATURE", 403, "forbidden"),
    ("MISSING_AUTHENTICATION_TOKEN", 403, "forbidden"),
    ("QUOTA_EXCEEDED", 429, "throttled"),
    ("REQUEST_TOO_LARGE", 413, "invalid_request"),
    ("RESOURCE_NOT_FOUND", 404, "no_route"),
    ("THROTTLED", 429, "throttled"),
    ("UNAUTHORIZED", 401, "unauthorized"),
    ("UNSUPPORTED_MEDIA_TYPE", 415, "invalid_request"),
    ("WAF_FILTERED", 403, "forbidden"),
]


@pytest.mark.parametrize(("response_type", "status", "reason"), RESPONSE_TYPES)
def test_what_the_gateway_refused_is_not_billed_whatever_status_its_owner_chose(
    response_type: str, status: int, reason: str | None
) -> None:
    """The backend was not asked. Where it may have been, the status decides."""
    configuration = configured(excludedStatuses=[], billServerErrors=False)
    for shown in (status, 200, 402):
        outcome = billed(configuration, status=str(shown), errorType=response_type)
        if reason is not None:
            assert outcome == Excluded(reason)
        else:
            assert outcome == billed(configuration, status=str(shown))


def test_a_refusal_without_a_status_is_a_refusal() -> None:
    """Nothing is missing that would decide anything."""
    assert billed(status="-", errorType="THROTTLED") == Excluded("throttled")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"requestTimeEpoch": "-"}, "no_time"),
        ({"requestTimeEpoch": str(NOW_MS + 2 * 3_600_000 + 1)}, "clock"),
        ({"status": "-"}, "no_status"),
        ({"status": "600"}, "bad_status"),
        ({"extendedRequestId": "-"}, "no_request_identity"),
        ({"accountId": "-"}, "no_request_identity"),
        ({"apiId": "-"}, "no_request_identity"),
        ({"stage": "-"}, "no_request_identity"),
        ({"customerId": "-"}, "no_customer"),
        ({"customerId": "-", "apiKeyId": "unknown"}, "no_customer"),
        ({"customerId": "-", "principalId": "cus_9", "keyId": "cus_9"}, "no_customer"),
        ({"customerId": "****Mm2x"}, "masked"),
        ({"customerId": "-", "apiKeyId": "****bMZHBg"}, "masked"),
        ({"tenantId": "****nt_1"}, "masked"),
        ({"tenantId": "tenant_2"}, "other_tenant"),
        ({"customerId": "-", "apiKeyId": "v7y79n2re7", "tenantId": "tenant_2"}, "other_tenant"),
        ({"customerId": "a b"}, "customer_malformed"),
        ({"customerId": "null"}, "no_customer"),
        ({"customerId": "Undefined"}, "no_customer"),
        ({"customerId": "NONE", "apiKeyId": "v7y79n2re7"}, "no_customer"),
        ({"customerId": "true"}, "no_customer"),
        ({"customerId": "False"}, "no_customer"),
        ({"customerId": "  "}, "no_customer"),
        ({"customerId": "cus_ü"}, "customer_malformed"),
        ({"customerId": "a,X-Tenant-Id=b"}, "customer_malformed"),
        ({"customerId": "x" * 129}, "customer_malformed"),
        ({"customerId": "bad one", "apiKeyId": "v7y79n2re7"}, "customer_malformed"),
    ],
)
def test_what_is_not_certain_is_quarantined(changes: dict[str, object], reason: str) -> None:
    """With the reason; never billed to somebody else instead."""
    outcome = billed(**changes)
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == reason


def test_the_authorizer_is_believed_before_the_customer_map() -> None:
    """It verified the credential; the map only knows the key."""
    (event,) = billed(customerId="cus_7Qm2", apiKeyId="v7y79n2re7")
    assert event["customerId"] == "cus_7Qm2"
    (event,) = billed(customerId="-", apiKeyId="v7y79n2re7")
    assert event["customerId"] == "cus_by_key"


def test_a_tenant_is_compared_only_when_both_are_known() -> None:
    """A stage without our authorizer logs none, a deployment may configure none."""
    assert isinstance(billed(tenantId="-"), tuple)
    assert isinstance(billed(default_configuration(), tenantId="tenant_2"), tuple)


def test_each_meter_makes_an_event_of_its_own() -> None:
    """Under keys that differ by the meter's id, not by its display name."""
    calls, sent = billed(configured(meters=[API_CALLS, BYTES]))
    assert (calls["quantity"], sent["quantity"]) == (1, 512)
    assert calls["idempotencyKey"] != sent["idempotencyKey"]
    renamed = {**API_CALLS, "metricName": "Calls"}
    (other,) = billed(configured(meters=[renamed]))
    assert other["idempotencyKey"] == calls["idempotencyKey"]


def test_a_meter_of_other_apis_counts_nothing_here() -> None:
    """And one that names this API does."""
    elsewhere = configured(meters=[API_CALLS, {**BYTES, "apiIds": ["another0id"]}])
    (calls,) = billed(elsewhere)
    assert calls["metadata"]["meter"] == "api_calls"
    here = configured(meters=[API_CALLS, {**BYTES, "apiIds": [FIELDS["apiId"]]}])
    assert len(billed(here)) == 2


def test_what_is_excluded_is_told_of_nothing_that_it_lacks() -> None:
    """It is free whoever pays."""
    lacking = {"customerId": "-", "apiKeyId": "-", "extendedRequestId": "-"}
    assert isinstance(billed(status="401", **lacking), Excluded)


def test_nothing_to_count_is_excluded() -> None:
    """Aforo refuses a quantity of zero."""
    empty = {"responseLength": "0"}
    assert billed(configured(meters=[BYTES]), **empty) == Excluded("zero_quantity")
    (event,) = billed(configured(meters=[API_CALLS, BYTES]), **empty)
    assert event["metadata"]["meter"] == "api_calls"


def test_a_quantity_that_is_not_known_is_not_guessed() -> None:
    """All meters of the request wait, so that metering it again gives the whole."""
    outcome = billed(configured(meters=[API_CALLS, BYTES]), responseLength="-5")
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == "no_quantity"


def test_the_version_in_force_at_the_requests_time_decides() -> None:
    """A replay months later bills the same customer; before the first version nobody."""
    dated = [
        {"effectiveFrom": "2026-07-20T01:50:15.218Z", "customers": {"v7y79n2re7": "cus_new"}},
        {"effectiveFrom": "2026-07-19T00:00:00+02:00", "customers": {"v7y79n2re7": "cus_old"}},
    ]
    configuration = Configuration.model_validate(
        {"versions": [{"meters": [API_CALLS], **version} for version in dated]}
    )
    by_key = {"customerId": "-", "apiKeyId": "v7y79n2re7"}
    (new,) = billed(configuration, **by_key)
    (old,) = billed(configuration, **by_key, requestTimeEpoch=str(REQUEST_TIME_MS - 1))
    assert (new["customerId"], old["customerId"]) == ("cus_new", "cus_old")
    outcome = billed(configuration, requestTimeEpoch="1700000000000")
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == "no_configuration"


@pytest.mark.parametrize("ahead_ms", [-90 * 24 * 3_600_000, -1, 0, 1, 60_000, 2 * 3_600_000])
def test_a_request_keeps_its_own_time(ahead_ms: int) -> None:
    """However far its clock is from ours: put right by us, the event would no longer be what its
    line says, and the same line metered later would be another event.
    """
    (event,) = billed(requestTimeEpoch=str(NOW_MS + ahead_ms))
    assert event["occurredAt"] == iso_from_epoch_ms(NOW_MS + ahead_ms)


def test_an_identity_chosen_by_the_caller_changes_no_key() -> None:
    """One client may send one request id on all its calls, and pays for each."""
    (first,) = billed(requestId="11111111-1111-1111-1111-111111111111")
    (second,) = billed(requestId="UUID_REPLACED_INVALID_REQUEST_ID")
    assert first["idempotencyKey"] == second["idempotencyKey"]
    (third,) = billed(extendedRequestId="another=")
    assert third["idempotencyKey"] != first["idempotencyKey"]


@given(st.lists(st.text(), min_size=5, max_size=5), st.text(), st.integers(0, 1 << 31))
def test_the_canonical_identity_is_json_without_blanks(
    parts: list[str], meter: str, sequence: int
) -> None:
    """So that anybody can compute a key again, in any language."""
    expected = json.dumps([*parts, meter, sequence], separators=(",", ":"), ensure_ascii=False)
    assert RequestIdentity(*parts).canonical(meter, sequence) == expected.encode()


WHY = Quarantined("tamper", "its line could be somebody else's words")
WHY_FREE = Quarantined("tamper", "what makes it free could be somebody else's words")


@pytest.mark.parametrize(
    ("changes", "doubts", "outcome"),
    [
        ({}, {}, tuple),
        ({}, {"doubt": WHY}, WHY),
        ({}, {"free_doubt": WHY_FREE}, tuple),
        ({}, {"doubt": WHY, "free_doubt": WHY_FREE}, WHY),
        ({"status": "429"}, {}, Excluded("throttled")),
        ({"status": "429"}, {"free_doubt": WHY_FREE}, WHY_FREE),
        ({"status": "429"}, {"doubt": WHY}, WHY),
        ({"status": "429"}, {"doubt": WHY, "free_doubt": WHY_FREE}, WHY),
        # What is not billed anyway says what is wrong with it.
        ({"customerId": "a b"}, {"doubt": WHY, "free_doubt": WHY_FREE}, CUSTOMER_MALFORMED),
    ],
)
def test_what_is_in_doubt_is_neither_billed_nor_given_away(
    changes: dict[str, object], doubts: dict[str, Any], outcome: object
) -> None:
    """A doubt of the whole line first; one of what makes it free only where it is free."""
    request = read_line(access_line(**changes), REGION)
    assert isinstance(request, Request)
    found = bill(request._replace(**doubts), configured(), NOW_MS)
    assert isinstance(found, tuple) if outcome is tuple else found == outcome


def test_what_each_meter_left_out_is_told_of_all_of_them() -> None:
    """And an event of another meter is billed all the same."""
    second = {**BYTES, "id": "again", "metricName": "Again"}
    request = read_line(access_line(responseLength="0"), REGION)
    assert isinstance(request, Request)
    for meters in permutations([API_CALLS, BYTES, second]):
        found = bill(request, configured(meters=list(meters)), NOW_MS)
        assert isinstance(found, Billed)
        assert len(found) == 1
        assert found.omitted == ["zero_quantity", "zero_quantity"]


def test_a_time_may_be_as_far_ahead_as_a_clock_is_wrong() -> None:
    """And not a millisecond more, nor without a configuration of that time."""
    for ahead_ms, is_billed in ((AHEAD_MS, True), (AHEAD_MS + 1, False)):
        outcome = billed(requestTimeEpoch=str(NOW_MS + ahead_ms))
        assert isinstance(outcome, tuple) is is_billed
    assert AHEAD_MS == 2 * 3_600_000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "-"}, "no_status"),
        ({"stage": "-"}, "no_request_identity"),
        ({"stage": "-", "customerId": "-"}, "no_request_identity"),
    ],
)
def test_a_refusal_says_too_what_a_meter_lacks(changes: dict[str, object], reason: str) -> None:
    """Nobody repairs a format for the one to be told the other."""
    by_bytes = configured(meters=[BYTES])
    lacking = billed(by_bytes, responseLength="-")
    assert isinstance(lacking, Quarantined)
    outcome = billed(by_bytes, **changes, responseLength="-")
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == reason
    assert lacking.detail in outcome.detail
    assert (NO_CUSTOMER.detail in outcome.detail) == (changes.get("customerId") == "-")
