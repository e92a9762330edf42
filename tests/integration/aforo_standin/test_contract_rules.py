"""Every rule of an event, each as one row (aforo-contract.md 1.1.2, 1.1.6)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.aforo.console import Console
from tests.local.aforo.contract import judge
from tests.local.aforo.rules import Finding, Rules
from tests.local.aforo.settings import PROFILES, SDK_2026_10, Settings

type Make = Callable[..., dict[str, Any]]
type Post = Callable[..., httpx.Response]

NOW = datetime(2026, 10, 2, 8, 15, 30, tzinfo=UTC)
GOOD = {
    "customerId": "cus_1",
    "metricName": "API Calls",
    "quantity": 1,
    "occurredAt": "2026-10-02T08:15:30.412Z",
    "idempotencyKey": "apigw1-5b0f0c8c6f1e4b0d9a3f2c7e8d1a6b4c",
}
ABSENT = "(absent)"


def rules(**knobs: Any) -> Rules:
    settings = Settings().changed(knobs)
    return Rules(settings, settings.metrics, settings.customers, NOW.timestamp())


def judged(changes: dict[str, Any], **knobs: Any) -> Finding | None:
    event = {name: value for name, value in {**GOOD, **changes}.items() if value != ABSENT}
    return judge(event, rules(**knobs))


def short(value: object) -> str:
    return repr(value)[:60]


def at(**distance: float) -> str:
    return (NOW + timedelta(**distance)).isoformat().replace("+00:00", "Z")


ACCEPTED: list[dict[str, Any]] = [
    {},
    {"anything": {"nested": [1]}, "spanId": "x"},
    {"quantity": 0.5},
    {"quantity": 10**12},
    {"occurredAt": "2026-10-02T08:15:30Z"},
    {"occurredAt": at(minutes=4, seconds=59)},
    {"occurredAt": at(hours=-2)},
    {"occurredAt": at(days=-89)},
    {"idempotencyKey": "k"},
    {"idempotencyKey": "aZ09:_-" + "k" * 57},
    {"metricName": "Data Transfer"},
    *({"productType": kind} for kind in ("API", "AI_AGENT", "MCP_SERVER", "AGENTIC_API", None)),
    {"productType": "AI_AGENT", "traceId": "t", "sessionId": "s"},
    {"toolName": "search", "executionStatus": "SUCCESS", "executionDurationMs": 4.5},
    {"endpointPath": "/p", "httpMethod": "GET", "statusCode": 200, "responseTimeMs": 41},
    {"metadata": {"text": "x", "number": 1.5, "flag": True}},
    {"metadata": {}},
    {"trace": {"traceparent": None, "xTraceId": "t"}},
]

REFUSED: list[tuple[dict[str, Any], str, int]] = [
    *(({name: ABSENT}, name, 400) for name in GOOD),
    *(({name: None}, name, 400) for name in GOOD),
    *(({name: ""}, name, 400) for name in GOOD),
    *(({name: "  "}, name, 400) for name in GOOD),
    *(({name: True}, name, 400) for name in GOOD),
    ({"customerId": 7}, "customerId", 400),
    *(({"quantity": value}, "quantity", 400) for value in (0, -1, -0.1, "1", [1], 1e14, 10**400)),
    *(
        ({"occurredAt": value}, "occurredAt", 400)
        for value in (
            "2026-10-02T08:15:30+00:00",
            "2026-10-02T08:15:30",
            "2026-10-02",
            "2026-02-30T08:15:30Z",
            "2026-10-02T25:15:30Z",
            "1790928930412",
            "\u0662026-10-02T08:15:30Z",
            at(minutes=5, seconds=1),
            at(days=-91),
        )
    ),
    ({"occurredAt": 1790928930412}, "occurredAt", 400),
    ({"idempotencyKey": "k" * 65}, "idempotencyKey", 400),
    *(({"idempotencyKey": f"k{bad}"}, "idempotencyKey", 400) for bad in " /.|\u00e9\n"),
    ({"productType": "WEBSITE"}, "productType", 400),
    ({"productType": "api"}, "productType", 400),
    ({"productType": 1}, "productType", 400),
    ({"traceId": 1}, "traceId", 400),
    ({"agentId": {}}, "agentId", 400),
    ({"statusCode": "200"}, "statusCode", 400),
    ({"responseTimeMs": True}, "responseTimeMs", 400),
    ({"metadata": "x"}, "metadata", 400),
    ({"metadata": {"nested": {}}}, "metadata", 400),
    ({"metadata": {"list": []}}, "metadata", 400),
    ({"metadata": {"null": None}}, "metadata", 400),
    ({"trace": {"traceparent": 1}}, "trace", 400),
    ({"trace": "x"}, "trace", 400),
    ({"metricName": "api calls"}, "metricName", 422),
    ({"metricName": "request_count"}, "metricName", 422),
]


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_events_that_keep_the_rules(changes: dict[str, Any]) -> None:
    """Nothing is found in an event that keeps every rule."""
    assert judged(changes) is None


@pytest.mark.parametrize(("changes", "field", "status"), REFUSED, ids=short)
def test_events_that_break_a_rule(changes: dict[str, Any], field: str, status: int) -> None:
    """The finding names the field and has the status that Aforo would answer."""
    finding = judged(changes)
    assert finding
    assert (finding.field, finding.status) == (field, status)


@pytest.mark.parametrize(("changes", "field", "status"), REFUSED[:30], ids=short)
def test_broken_rules_are_refused_over_http(  # noqa: PLR0917 - fixtures
    post: Post, event: Make, console: Console, changes: dict[str, Any], field: str, status: int
) -> None:
    """What the table says is what a client is told."""
    bad = {name: value for name, value in {**event(), **changes}.items() if value != ABSENT}
    answer = post(bad)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field
    assert console.ledger()["rejected"] == 1


@pytest.mark.parametrize(
    ("knobs", "changes", "expected"),
    [
        ({"future_status": 422}, {"occurredAt": at(hours=1)}, ("occurredAt", 422)),
        ({"max_age_days": None}, {"occurredAt": at(days=-900)}, None),
        ({"key_max_length": 8}, {"idempotencyKey": "k" * 9}, ("idempotencyKey", 400)),
        ({"unknown_metric_status": 400}, {"metricName": "x"}, ("metricName", 400)),
        ({"unknown_customer": "reject"}, {}, ("customerId", 422)),
        ({"unknown_customer": "reject", "customers": {"cus_1": {}}}, {}, None),
        ({"product_type_required": True}, {}, ("productType", 400)),
        ({"trace_id_required": True}, {"productType": "AGENTIC_API"}, ("traceId", 400)),
        ({"product_fields_required": True}, {"productType": "MCP_SERVER"}, ("toolName", 400)),
        ({"quantity_decimals": 6}, {"quantity": 0.0000001}, ("quantity", 400)),
        ({"quantity_decimals": 6}, {"quantity": 99999999.123456}, None),
        (SDK_2026_10, {"productType": "API", "customerId": "c" * 65}, ("customerId", 400)),
        (SDK_2026_10, {"productType": "GRAPHQL_API", "gqlOperationType": "query"}, None),
        (PROFILES["facts"], {}, None),
    ],
    ids=short,
)
def test_unknowns_are_knobs(
    knobs: dict[str, Any], changes: dict[str, Any], expected: tuple[str, int] | None
) -> None:
    """What nobody documents can be turned, so that a wrong guess is not a rewrite."""
    finding = judged(changes, **knobs)
    assert (finding and (finding.field, finding.status)) == expected


def test_a_snake_case_envelope_is_named_as_such() -> None:
    """Who sends `customer_id` is told what is wrong, not only what is missing."""
    finding = judged({"customerId": ABSENT, "customer_id": "cus_1"})
    assert finding
    assert "customer_id" in finding.message


def test_late_and_unrouted_events_are_accepted_and_counted(
    post: Post, event: Make, console: Console
) -> None:
    """Aforo flags what is late and does not route an agent's event without a trace id."""
    late = (datetime.now(UTC) - timedelta(hours=25)).isoformat().replace("+00:00", "Z")
    post(event(occurredAt=late), event(productType="AI_AGENT"), event())
    ledger = console.ledger()
    assert (ledger["accepted"], ledger["late"], ledger["unrouted_sessions"]) == (3, 1, 1)


# A small alphabet, with what the rules care about: building one of all Unicode takes seconds.
TEXT = st.text("kZ0:-_T \u00e9\u0662\n", max_size=9) | st.sampled_from(["API", GOOD["occurredAt"]])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = SCALAR | st.lists(SCALAR, max_size=2) | st.dictionaries(TEXT, SCALAR, max_size=2)


@given(st.dictionaries(st.sampled_from([*GOOD, "metadata", "trace", "productType", "x"]), JSON))
def test_judging_never_raises(changes: dict[str, Any]) -> None:
    """Whatever a client sends, it gets an answer, in both generations of the rules."""
    verdicts = [judge({**GOOD, **changes}, rules(**profile)) for profile in PROFILES.values()]
    assert all(verdict is None or verdict.status in {400, 422} for verdict in verdicts)
