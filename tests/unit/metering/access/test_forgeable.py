"""Lines that hold text of a client: it chooses neither payer nor outcome nor identity."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.metering.access.foreign import read_foreign_line
from functions.metering.billing.decide import bill
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.configuration.version import Configuration
from functions.metering.field_names import COMMON_NAMES
from functions.metering.request import Request
from functions.usage.outcome import Excluded, Quarantined
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.metering import readable

ACCOUNT = "123456789012"
CONFIGURATION = Configuration.model_validate(
    {
        "versions": [
            {
                "effectiveFrom": "2020-01-01T00:00:00Z",
                "meters": [{"id": "api_calls", "metricName": "API Calls"}],
                "customers": {"key_1": "cus_by_key", "key_victim": "cus_victim"},
                "tenantId": "tenant_1",
            }
        ]
    }
)
# One request in three forms: nested, with literal dotted keys, and with common names.
FACTS = {
    "auth.customer": "cus_acme",
    "ids.extended": "AyD6_FHMvHcECIA=",
    "ids.requestId": "3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11",
    "api.apiId": "a1b2c3d4e5",
    "api.stage": "prod",
    "http.time": str(REQUEST_TIME_MS),
    "http.httpMethod": "GET",
    "http.resourcePath": "/orders/{id}",
    "http.status": "200",
    "http.errorType": "-",
    "http.integrationStatus": "200",
}
DECLARED = {
    "customerId": "auth.customer",
    "extendedRequestId": "ids.extended",
    "requestId": "ids.requestId",
    "apiId": "api.apiId",
    "stage": "api.stage",
    "requestTimeEpoch": "http.time",
    "httpMethod": "http.httpMethod",
    "resourcePath": "http.resourcePath",
    "status": "http.status",
    "errorType": "http.errorType",
    "integrationStatus": "http.integrationStatus",
}
COMMON = {field: FACTS[path] for field, path in DECLARED.items()}


def nested(facts: Mapping[str, object]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for path, value in facts.items():
        outer, _, inner = path.partition(".")
        line.setdefault(outer, {})[inner] = value
    return line


# Each form: the line, where the client's text stands in it raw, and what is declared of it.
FORMS: list[tuple[str, dict[str, object]]] = [
    (json.dumps({"client": {"ua": "@"}, **nested(FACTS)}), {"fields": DECLARED}),
    (json.dumps({**nested(FACTS), "client": {"ua": "@"}}), {"fields": DECLARED}),
    (json.dumps(nested({**FACTS, "http.userAgent": "@"})), {"fields": DECLARED}),
    (json.dumps({"userAgent": "@", **FACTS}), {"fields": DECLARED}),
    (json.dumps({**FACTS, "path": "@"}), {"fields": DECLARED}),
    (json.dumps({"referer": "@", **COMMON}), {"fields": {"customerId": "customerId"}}),
    (
        json.dumps({"referer": "@", **COMMON}),
        {"fields": {"customerId": "customerId"}, "apiId": "a1b2c3d4e5", "stage": "prod"},
    ),
    (
        json.dumps({**nested(FACTS), "client": {"ua": "@"}}),
        {"fields": {**DECLARED, "apiKeyId": "auth.key"}, "accountId": ACCOUNT},
    ),
]
NAMES = sorted(
    {*FACTS, *DECLARED, *COMMON_NAMES, *(name for names in COMMON_NAMES.values() for name in names)}
    | {"auth.key", "authorizer.customerId", "identity.apiKeyId", "event_timestamp", "payload", "v"}
)
FORGED = ["cus_victim", "key_victim", "/health", "429", "500", "THROTTLED", "-", "", "OPTIONS", "x"]
FORGED += ["tenant_2", "z9y8x7w6v5", "BzE7_GINwIdFDJB=", str(REQUEST_TIME_MS - 10**9)]
VALUES = st.sampled_from([*FORGED, *FACTS.values()])


@st.composite
def client_text(draw: st.DrawFn) -> str:
    """A text that leaves its own value, writes keys as it likes, and closes what it opened."""
    text = draw(st.sampled_from(['x"', '"', 'x"}', 'x"}}']))
    for _ in range(draw(st.integers(1, 3))):
        path, value = draw(st.sampled_from(NAMES)), json.dumps(draw(VALUES))
        outer, dot, inner = path.partition(".")
        as_object = dot and draw(st.booleans())
        text += f',"{outer}":{{"{inner}":{value}}}' if as_object else f',"{path}":{value}'
    return text + draw(st.sampled_from([',"z":"', ',"z":{"a":"', ',"z":{"a":{"b":"']))


def billing_of(line: str, declared: dict[str, object]) -> Any:
    """Outcome and, of what is billed, payer and identity."""
    declaration = AccessLogDeclaration.model_validate(declared)
    found = read_foreign_line(line, declaration, ACCOUNT, REGION)
    if not isinstance(found, Request):
        return found
    billing = readable(bill(found, CONFIGURATION, REQUEST_TIME_MS + 1))
    if isinstance(billing, Quarantined | Excluded):
        return billing
    return [(event["customerId"], event["idempotencyKey"]) for event in billing]


@pytest.mark.parametrize(("line", "declared"), FORMS)
def test_each_form_is_billed_to_whom_it_names(line: str, declared: dict[str, object]) -> None:
    """With an ordinary User-Agent, path or Referer: the forms are good ones."""
    ((customer, _),) = billing_of(line.replace("@", "curl/8.5"), declared)
    assert customer == "cus_acme"


@given(st.sampled_from(FORMS), client_text() | st.text(st.characters(codec="utf-8"), max_size=40))
def test_no_text_of_a_client_changes_payer_outcome_or_identity(
    form: tuple[str, dict[str, object]], text: str
) -> None:
    """But to quarantined, where nobody pays and nothing is lost."""
    line, declared = form
    ordinary = billing_of(line.replace("@", "curl/8.5"), declared)
    written = billing_of(line.replace("@", text), declared)
    assert written == ordinary or isinstance(written, Quarantined)


@pytest.mark.parametrize("field", sorted(DECLARED))
@pytest.mark.parametrize("nested_one", ["absent", "equal"])
def test_a_declared_fact_in_two_places_is_tamper(field: str, nested_one: str) -> None:
    """Nested and with a literal dotted key: also where one is absent, and where both are equal."""
    path = DECLARED[field]
    facts = {**FACTS, path: "-"} if nested_one == "absent" else FACTS
    line = json.dumps({"ua": "x", path: FACTS[path], **nested(facts)})
    found = billing_of(line, {"fields": DECLARED})
    assert isinstance(found, Quarantined)
    assert (found.reason, found.detail.split()[0]) == ("tamper", field)


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field, names in COMMON_NAMES.items() for name in names if field in COMMON],
)
def test_a_fact_under_two_common_names_is_tamper_where_a_client_writes(
    field: str, name: str
) -> None:
    """The gateway wrote one of them; without a client's text the likelier one is read."""
    twin = f"{name}_"  # the same common name, and no key that is there
    declared: dict[str, object] = {"fields": {"customerId": "customerId"}}
    found = billing_of(json.dumps({"ua": "x", twin: "x", **COMMON}), declared)
    if field == "customerId":  # declared: the other name is nobody's
        assert isinstance(found, list)
    else:
        assert isinstance(found, Quarantined)
        assert found.reason == "tamper"


def test_a_declaration_names_the_one_key() -> None:
    """It cures a format that says one fact under two names."""
    line = json.dumps({"ua": "x", **COMMON, "statusCode": "429"})
    declared = {"customerId": "customerId", "status": "status"}
    assert isinstance(billing_of(line, {"fields": declared}), list)


HIDING = [',"z":[{"a":"', ',"z":[["",{"a":"', ',"z":{"y":[{"a":"']
SHOWING = {
    ',"z":[{"a":"': 'x"}],"b":"',
    ',"z":[["",{"a":"': 'x"}]],"b":"',
    ',"z":{"y":[{"a":"': 'x"}]},"b":"',
}
TWO_TEXTS: list[tuple[str, dict[str, object]]] = [
    (json.dumps({"ua": "@", **COMMON, "referer": "@"}), {"fields": {"customerId": "customerId"}}),
    (json.dumps({"ua": "@", **nested(FACTS), "referer": "@"}), {"fields": DECLARED}),
    (
        json.dumps({"path": "@", **FACTS, "ua": "@"}),
        {"fields": {**DECLARED, "path": "path"}},
    ),
]


@pytest.mark.parametrize("hiding", HIDING)
@given(st.sampled_from(TWO_TEXTS), st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12))
@example(
    TWO_TEXTS[0],
    [*{**COMMON, "customerId": "cus_victim", "extendedRequestId": "BzE7_GINwIdFDJB="}.items()],
)
def test_two_texts_of_a_client_hide_nothing_in_a_list(
    hiding: str, form: tuple[str, dict[str, object]], written: list[tuple[str, str]]
) -> None:
    """A key inside a list is none of the line's, and keeps its last name all the same."""
    line, declared = form
    ordinary = billing_of(line.replace("@", "curl/8.5"), declared)
    text = 'x"' + "".join(f",{json.dumps(name)}:{json.dumps(value)}" for name, value in written)
    forged = line.replace("@", text + hiding, 1).replace("@", SHOWING[hiding])
    assert ordinary == billing_of(forged, declared) or isinstance(
        billing_of(forged, declared), Quarantined
    )


@pytest.mark.parametrize("field", ["requestId", "responseLatency", "integrationLatency"])
def test_what_decides_nothing_makes_no_line_tamper(field: str) -> None:
    """An integration has a `requestId` and a `latency` too, in many an honest format."""
    facts = {"ua": "x", **COMMON, "told": {"name": "1"}, "other": {"name": "2"}}
    declared = {"customerId": "customerId", field: "told.name"}
    assert isinstance(billing_of(json.dumps(facts), {"fields": declared}), list)
