"""What the configuration may say of a foreign access log, and how a mistake is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.configuration.document_reading import ConfigurationError, read_configuration


def document(declaration: dict[str, Any], log_group: str = "/aws/apigateway/orders/prod") -> bytes:
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "accessLogs": {log_group: declaration},
    }
    return json.dumps({"versions": [version]}).encode()


def test_a_declaration_belongs_to_its_log_group() -> None:
    """Of every version; another group has none."""
    configuration = read_configuration(
        document({"fields": {"customerId": "authorizer.customer"}, "stage": "$default"})
    )
    assert configuration.declares("/aws/apigateway/orders/prod")
    assert not configuration.declares("/aws/apigateway/orders/prod2")


@pytest.mark.parametrize(
    ("declaration", "named"),
    [
        ({"fields": {"customer": "x"}}, "fields.customer"),
        ({"fields": {"customerId": ""}}, "fields.customerId"),
        ({"fields": {"customerId": 7}}, "fields.customerId"),
        ({"field": {}}, "field"),
        ({"accountId": "12"}, "accountId"),
        ({"stage": "a/b"}, "stage"),
    ],
)
def test_a_mistake_is_refused_by_its_name(declaration: dict[str, Any], named: str) -> None:
    """A misspelt field would silently read nothing."""
    with pytest.raises(ConfigurationError) as refusal:
        read_configuration(document(declaration))
    assert named in str(refusal.value)


PAYERS = ("customerId", "apiKeyId", "tenantId", "principalId")
ADDRESSES = (
    "ip",
    "sourceIp",
    "identity.sourceIp",
    "x-forwarded-for",
    "client.ip",
    "remote_addr",
    "ipv4",
    "srcIp",
    "client_address",
    "ip_addr",
    "xff",
    "forwarded",
)
CLIENT_TEXTS = (
    "userAgent",
    "identity.userAgent",
    "referer",
    "host",
    "domainName",
    "path",
    "uri",
    "url",
    "query",
    "body",
    "error.message",
    "errorMessage",
    "messageString",
    "browser",
    "httpMethod",
    "resourcePath",
    "routeKey",
    "protocol",
)
CHOSEN_IDS = (
    "requestId",
    "apiRequestId",
    "gateway_request_id",
    "x-amzn-requestid",
    "traceparent",
    "requestIdentifier",
    "request_uuid",
    "request-guid",
    "correlationId",
)
SECRETS = (
    "apiKey",
    "identity.apiKey",
    "x-api-key",
    "Authorization",
    "auth.token",
    "accessToken",
    "jwt",
    "password",
    "client_secret",
)
# One value for many requests: of a caller, an API or a moment.
SHARED = (
    "user",
    "apiKeyId",
    "stage",
    "status",
    "requestTimeEpoch",
    "time",
    "uuid",
    "req_id",
    "rid",
)
REFUSED = [
    *(("extendedRequestId", key) for key in CHOSEN_IDS + SHARED),
    *((payer, key) for payer in PAYERS for key in ADDRESSES + CLIENT_TEXTS + CHOSEN_IDS + SECRETS),
]


def refusal_of(fields: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        read_configuration(document({"fields": fields}))
    return str(refusal.value)


@pytest.mark.parametrize(("field", "key"), REFUSED)
def test_what_a_client_chooses_is_refused_where_money_is_decided(field: str, key: str) -> None:
    """The complaint names the fact, the key, and what to log or declare instead."""
    complaint = refusal_of({field: key})
    what = "is not of one request alone" if field == REFUSED[0][0] and key in SHARED else "holds"
    assert f"{field}: {key!a} {what}" in complaint
    assert "$context." in complaint


@given(st.sampled_from(REFUSED), st.data())
def test_no_spelling_of_such_a_key_gets_in(refused: tuple[str, str], data: st.DataObject) -> None:
    """Case, dots, dashes, underscores and the leading `context` change nothing."""
    field, key = refused
    spelt = data.draw(st.sampled_from(["", "$context.", "context_", "CONTEXT-"]))
    for letter in key:
        spelt += data.draw(st.sampled_from(["", ".", "-", "_", "$", " "]))
        if letter.isalnum():
            spelt += letter.upper() if data.draw(st.booleans()) else letter.lower()
    assert f"{field}: " in refusal_of({field: spelt})


@given(st.sampled_from(REFUSED), st.sampled_from(["event", "http", "client", "request", "a.b"]))
def test_such_a_key_is_one_inside_another_object_too(refused: tuple[str, str], outer: str) -> None:
    """A forwarder nests what it was given."""
    field, key = refused
    assert f"{field}: " in refusal_of({field: f"{outer}.{key}"})


@pytest.mark.parametrize(
    "key",
    [
        "headers.x-customer-id",
        "header.customerId",
        "http.headers.apiKeyId",
        "query.customer",
        "requestOverride.header.tenantId",
        "querystring.id",
        "cookies.id",
        "user_agent.original",
    ],
)
@pytest.mark.parametrize("field", ["extendedRequestId", *PAYERS])
def test_what_stands_inside_an_object_of_the_clients_is_the_clients(field: str, key: str) -> None:
    """Nobody verified a header, whatever its name says."""
    assert f"{field}: {key!a} holds" in refusal_of({field: key})


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("extendedRequestId", "request.extendedRequestId"),
        ("extendedRequestId", "extended.request.id"),
        ("extendedRequestId", "ids.extended"),
        ("apiKeyId", "identity.api_key_id"),
        ("apiKeyId", "user"),
        ("apiKeyId", "identity.caller"),
        ("apiKeyId", "authorizer.claims.sub"),
        ("apiKeyId", "clientCert.subjectDN"),
        ("customerId", "authorizer.customer"),
        ("customerId", "tenantId"),
        ("customerId", "membership"),
        ("customerId", "customer.uuid"),
        ("apiKeyId", "keyId"),
        ("apiKeyId", "identity.userArn"),
        ("extendedRequestId", "id"),
        ("extendedRequestId", "apigw-id"),
        ("requestId", "requestId"),
        ("path", "path"),
        ("traceparent", "traceparent"),
    ],
)
def test_what_was_verified_may_say_who_pays(field: str, key: str) -> None:
    """And what decides nothing may be anything."""
    read_configuration(document({"fields": {field: key}}))


@pytest.mark.parametrize("other", ["auth.id", "Auth_Id", "$context.auth.id"])
def test_one_key_holds_one_fact(other: str) -> None:
    """Who pays and for which tenant would be one value, and one of them is wrong."""
    complaint = refusal_of({"customerId": "auth.id", "tenantId": other})
    assert "customerId and tenantId: 'auth.id' can hold one fact only" in complaint
