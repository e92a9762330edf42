"""Meters beyond one per request: figures, lists and product fields that the log line carries."""

import json
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.foreign import read_foreign_line
from functions.metering.access.format_v1 import read_line
from functions.metering.billing.decide import bill
from functions.metering.billing.figure import LARGEST, figure_of
from functions.metering.billing.listed import ELEMENTS
from functions.metering.billing.request_event import METADATA
from functions.metering.configuration.access_log_declaration import AccessLogDeclaration
from functions.metering.configuration.product_fields import OWN_METADATA, PRODUCTS
from functions.metering.configuration.version import Configuration
from functions.metering.request import Request
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.shape import shape_of
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line
from tests.fakes.metering import Events, events_of, readable

NOW_MS = REQUEST_TIME_MS + 20_000
CALLS = {"id": "api_calls", "metricName": "API Calls"}
INPUT = {"id": "input_tokens", "metricName": "Input Tokens", "quantity": "context:inputTokens"}
OUTPUT = {"id": "output_tokens", "metricName": "Output Tokens", "quantity": "context:outputTokens"}
TOOLS = {
    "id": "tool_calls",
    "metricName": "MCP Tool Calls",
    "productType": "MCP_SERVER",
    "forEach": "toolCalls",
    "fields": {"agentId": "agentId", "sessionId": "mcpSession"},
}
MCP = {"toolCalls": "search,fetch", "agentId": "agent_1", "mcpSession": "ses_1"}
STEPS = {
    "id": "steps",
    "metricName": "Agent Steps",
    "productType": "AI_AGENT",
    "quantity": "context:steps",
    "fields": {"traceId": "traceId", "sessionId": "session", "executionDurationMs": "tookMs"},
    "metadata": {"capability_name": "capability"},
}
IDENTITY = RequestIdentity(
    "123456789012", REGION, "a1b2c3d4e5", "prod", FIELDS["extendedRequestId"]
)


def configured(*meters: Mapping[str, Any]) -> Configuration:
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}
    return Configuration.model_validate({"versions": [version]})


def read(line: str) -> Request:
    request = read_line(line, REGION)
    assert isinstance(request, Request)
    return request


def billed(*meters: Mapping[str, Any], **said: object) -> Any:
    return readable(bill(read(access_line(**said)), configured(*meters), NOW_MS))


def quantities(events: tuple[UsageEvent, ...]) -> dict[str, float]:
    return {str(event["metadata"]["meter"]): event["quantity"] for event in events}


def test_one_request_counts_for_several_meters() -> None:
    """Tokens of a language model: ordinary events, each with its meter's key."""
    events = billed(CALLS, INPUT, OUTPUT, inputTokens="812", outputTokens="96.5")
    assert quantities(events) == {"api_calls": 1, "input_tokens": 812, "output_tokens": 96.5}
    keys = [event["idempotencyKey"] for event in events]
    assert keys == [
        IDENTITY.event_key(meter) for meter in ("api_calls", "input_tokens", "output_tokens")
    ]
    for event in events:
        assert shape_of(UsageEvent).validate_python(event, strict=True) == event


@pytest.mark.parametrize(
    ("text", "quantity"),
    [("7", 7), ("007", 7), ("0.25", 0.25), ("2.50", 2.5), ("3.0", 3), ("1000000000000", LARGEST)],
)
def test_a_quantity_may_be_any_number_above_zero(text: str, quantity: float) -> None:
    """As text, as API Gateway writes it; or as JSON's number."""
    for value in (text, json.loads(text.lstrip("0") if text[1:2].isdigit() else text)):
        (event,) = billed(INPUT, inputTokens=value)
        assert event["quantity"] == quantity
        assert type(event["quantity"]) is type(quantity)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0", "zero_quantity"),
        ("0.000", "zero_quantity"),
        (0, "zero_quantity"),
        ("-", "absent_quantity"),
        ("", "absent_quantity"),
        ("(none)", "absent_quantity"),
    ],
)
def test_nothing_to_count_makes_no_event_and_is_counted(value: object, reason: str) -> None:
    """Alone the request is excluded; beside another meter the event is omitted."""
    assert billed(INPUT, inputTokens=value) == Excluded(reason)
    outcome = billed(CALLS, INPUT, inputTokens=value)
    assert isinstance(outcome, Events)
    assert (quantities(outcome), list(outcome.omitted)) == ({"api_calls": 1}, [reason])


@pytest.mark.parametrize(
    "value",
    [
        *("-1", "1e3", "1,000", "NaN", "12 ", "0x1", "9" * 16, "1000000000001", "\u0663", "many"),
        *(True, [1], {"a": 1}),
    ],
)
def test_a_figure_that_is_none_keeps_the_whole_request(value: object) -> None:
    """Quarantined, visible, and metered again after a fix: neither guessed nor dropped."""
    outcome = billed(CALLS, INPUT, inputTokens=value)
    assert isinstance(outcome, Quarantined)
    assert (outcome.reason, "inputTokens" in outcome.detail) in {
        ("bad_quantity", True),
        ("no_quantity", True),  # an object is not one value: its members are
    }


def test_a_key_that_is_gone_from_the_format_is_no_zero() -> None:
    """Somebody edited the stage: nothing becomes free, unseen."""
    outcome = billed(CALLS, INPUT)
    assert outcome == Quarantined("no_quantity", "the line has no key inputTokens")
    assert billed(TOOLS, agentId="a", mcpSession="s") == Quarantined(
        "no_quantity", "the line has no key toolCalls"
    )


@given(st.integers(0, LARGEST) | st.decimals(0, 10**6, places=6).map(float))
def test_every_number_of_at_most_15_digits_is_read_as_it_is(number: float) -> None:
    """From its text and from JSON."""
    assert figure_of(number) == number
    if isinstance(number, int):
        assert figure_of(str(number)) == number


@given(st.text() | st.floats() | st.integers() | st.none() | st.booleans() | st.lists(st.text()))
def test_a_figure_is_never_negative_nor_an_exception(value: object) -> None:
    """Whatever somebody put there."""
    found = figure_of(value)
    assert found is None or 0 <= found <= LARGEST


def test_each_tool_call_is_an_event_with_its_place_in_the_key() -> None:
    """Two calls of one tool in one request are two."""
    events = billed(TOOLS, **MCP | {"toolCalls": "search,search"}, status="200")
    assert [event["toolName"] for event in events] == ["search", "search"]
    assert [event["idempotencyKey"] for event in events] == [
        IDENTITY.event_key("tool_calls", 0),
        IDENTITY.event_key("tool_calls", 1),
    ]


def test_an_mcp_event_is_as_aforo_takes_it() -> None:
    """Its fields at the top, and once more in metadata by the names that analytics reads."""
    (event,) = billed(TOOLS, **MCP | {"toolCalls": "search"}, responseLatency="41")
    top = {
        "productType": "MCP_SERVER",
        "toolName": "search",
        "agentId": "agent_1",
        "sessionId": "ses_1",
        "executionStatus": "SUCCESS",
        "executionDurationMs": 41,
    }
    assert {name: event[name] for name in top} == top
    assert shape_of(UsageEvent).validate_python(event, strict=True) == event
    metadata = {
        "tool_name": "search",
        "agent_id": "agent_1",
        "session_id": "ses_1",
        "execution_status": "SUCCESS",
        "execution_duration_ms": 41,
    }
    assert {name: event["metadata"][name] for name in metadata} == metadata


def test_elements_may_say_more_than_a_name() -> None:
    """An answer's own status counts before HTTP's: an error within a 200 is an error."""
    calls = [
        {"toolName": "search", "executionStatus": "ERROR", "executionDurationMs": 7},
        {"toolName": "fetch", "agentId": "agent_2"},
    ]
    for value in (calls, json.dumps(calls)):
        first, second = billed(TOOLS, **MCP | {"toolCalls": value})
        assert (first["executionStatus"], first["executionDurationMs"]) == ("ERROR", 7)
        assert (second["executionStatus"], second["agentId"]) == ("SUCCESS", "agent_2")


def test_measurements_of_a_list_are_events_with_their_own_quantity() -> None:
    """An element that counts nothing keeps its number: no other key moves."""
    meter = {**INPUT, "forEach": "usage", "quantity": "context:n", "metadata": {"model": "model"}}
    usage = [{"n": 5, "model": "a"}, {"n": 0, "model": "b"}, {"n": 2.5, "model": "c"}]
    outcome = billed(meter, usage=usage)
    assert [(event["quantity"], event["metadata"]["model"]) for event in outcome] == [
        (5, "a"),
        (2.5, "c"),
    ]
    assert outcome[1]["idempotencyKey"] == IDENTITY.event_key("input_tokens", 2)
    assert outcome.omitted == ["zero_quantity"]


@pytest.mark.parametrize("value", ["-", "", "[]", []])
def test_an_empty_list_counts_nothing(value: object) -> None:
    """It is there, and says so."""
    assert billed(TOOLS, **MCP | {"toolCalls": value}) == Excluded("absent_quantity")


@pytest.mark.parametrize(
    "value",
    [
        *("a,,b", "[", '["a"', "[1]", '[""]', "[[]]", "[{}]", '[{"a":1,"a":2}]', "[" * 9999),
        *([None], 7, ["a"] * 1001),
    ],
)
def test_a_list_that_is_none_keeps_the_whole_request(value: object) -> None:
    """Which of its elements is meant is nobody's guess."""
    outcome = billed(CALLS, TOOLS, **MCP | {"toolCalls": value})
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == "bad_list"


def test_a_list_may_have_as_many_elements_as_the_limit() -> None:
    """And each is billed once."""
    events = billed(TOOLS, **MCP | {"toolCalls": ",".join(["a"] * ELEMENTS)})
    assert len({event["idempotencyKey"] for event in events}) == ELEMENTS


def test_an_agents_event_says_its_trace_and_session() -> None:
    """Aforo would silently route no session without them."""
    said = {"steps": "3", "traceId": "t-1", "session": "s-1", "tookMs": "12.6", "capability": "x"}
    (event,) = billed(STEPS, **said)
    assert (event["traceId"], event["sessionId"], event["quantity"]) == ("t-1", "s-1", 3)
    assert event["metadata"]["executionDurationMs"] == 13
    assert event["metadata"]["capability_name"] == "x"
    assert {"executionDurationMs", "toolName"}.isdisjoint(event)


@pytest.mark.parametrize(
    "said", [{}, {"traceId": "-"}, {"traceId": "x" * 257}, {"traceId": "\x7f"}]
)
def test_what_a_product_needs_is_not_left_out(said: dict[str, object]) -> None:
    """The request waits in the quarantine; the detail names the field."""
    outcome = billed(STEPS, **{"steps": "3", "session": "s"} | said)
    assert outcome == Quarantined("no_product_field", "steps: no usable traceId")


def test_a_meter_may_count_one_api_only() -> None:
    """Its fields need not be in the log of any other."""
    scoped = {**INPUT, "apiIds": ["llm"]}
    assert quantities(billed(CALLS, scoped)) == {"api_calls": 1}
    assert quantities(billed(CALLS, scoped, apiId="llm", inputTokens="5")) == {
        "api_calls": 1,
        "input_tokens": 5,
    }
    assert billed(scoped) == Excluded("no_meter")
    assert billed(scoped, apiId="-").reason == "no_request_identity"


def test_a_foreign_log_says_what_a_meter_calls_a_key() -> None:
    """Nested keys too; without a declaration a meter names the path itself."""
    line = {
        **{name: FIELDS[name] for name in FIELDS if name != "v"},
        "usage": {"in": 812},
    }
    for meter, context in (
        (INPUT, {"inputTokens": "usage.in"}),
        ({**INPUT, "quantity": "context:usage.in"}, {}),
    ):
        declaration = AccessLogDeclaration.model_validate(
            {"fields": {"customerId": "customerId"}, "context": context}
        )
        request = read_foreign_line(json.dumps(line), declaration, None, REGION)
        assert isinstance(request, Request)
        (event,) = events_of(bill(request, configured(meter), NOW_MS))
        assert event["quantity"] == 812


def test_a_key_in_two_nestings_says_nothing() -> None:
    """A client whose quote is not escaped cannot lower its figure."""
    line = access_line(**{"usage.in": "1", "usage": {"in": "812"}})
    meter = {**INPUT, "quantity": "context:usage.in"}
    outcome = bill(read(line), configured(meter), NOW_MS)
    assert isinstance(outcome, Quarantined)
    assert outcome.reason == "bad_quantity"


METERS: list[dict[str, Any]] = [CALLS, INPUT, OUTPUT, TOOLS, STEPS]
SAID = {
    **MCP,
    "inputTokens": "812",
    "outputTokens": "0",
    "steps": "3",
    "traceId": "t",
    "session": "s",
}


def test_the_order_of_the_configuration_changes_no_key() -> None:
    """Nor the order of the line's keys: same line, same events."""
    expected = {event["idempotencyKey"]: event for event in billed(*METERS, **SAID)}
    assert len(expected) == 5
    for meters in permutations(METERS):
        events = billed(*meters, **dict(reversed(SAID.items())))
        assert {event["idempotencyKey"]: event for event in events} == expected


FIGURES = st.sampled_from(["5", "0", "-", "x", 7, 2.5, None, [1]])
LISTS = st.sampled_from(["a,b", "-", "", '["a",{"toolName":"b"}]', "[", ["a"], [1], 5])
TEXTS = st.sampled_from(["id_1", "-", "", "victim", "\x00", 7])
WORDS = {
    "inputTokens": FIGURES,
    "outputTokens": FIGURES,
    "steps": FIGURES,
    "toolCalls": LISTS,
    "agentId": TEXTS,
    "mcpSession": TEXTS,
    "traceId": TEXTS,
    "session": TEXTS,
    "customer_id": TEXTS,
    "context": st.dictionaries(st.sampled_from(["customerId", "agentId"]), TEXTS),
}


@given(
    st.fixed_dictionaries({}, optional=WORDS),
    st.lists(st.sampled_from(METERS), min_size=1, unique_by=lambda meter: meter["id"]),
    st.randoms(),
)
def test_whatever_a_line_carries_the_verified_customer_pays_under_the_same_keys(
    said: dict[str, Any], meters: list[dict[str, Any]], chance: Any
) -> None:
    """No context field names the customer; all events of a request or none; nothing raises."""
    outcome = billed(*meters, **said)
    if isinstance(outcome, tuple):
        assert {event["customerId"] for event in outcome} == {"cus_7Qm2"}
        assert all(event["quantity"] > 0 for event in outcome)
        keys = [event["idempotencyKey"] for event in outcome]
        assert len(set(keys)) == len(keys)
    chance.shuffle(meters)
    again = billed(*meters, **said)
    if isinstance(outcome, tuple):
        assert sorted(again, key=str) == sorted(outcome, key=str)
    else:
        assert type(again) is type(outcome)
    assert billed(*meters, **said | {"customerId": "-"}) in (
        Excluded("no_meter"),
        Quarantined("no_customer", "no customerId, and the customer map has no such apiKeyId"),
    )


FORGED = st.sampled_from(
    [
        *('x","customerId":"victim', 'x","custom\\u0065rId":"victim', '"},{"customerId":"victim'),
        *('x","apiKeyId":"v', 'x","toolCalls":"y', '[\\"a\\"]', "\\", "search", "}", ",", "victim"),
    ]
)


@given(st.lists(FORGED | st.text(max_size=5), max_size=4).map("".join))
def test_no_text_in_a_counted_key_makes_another_customer_pay(text: str) -> None:
    """Even where nobody escapes it."""
    line = access_line(**MCP | {"toolCalls": "@@"}).replace("@@", text)
    request = read_line(line, REGION)
    if isinstance(request, Request):
        version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": [*METERS[:1], TOOLS]}
        known = {"versions": [version | {"customers": {"v": "victim", "victim": "victim"}}]}
        events = events_of(bill(request, Configuration.model_validate(known), NOW_MS))
        assert {event["customerId"] for event in events} <= {"cus_7Qm2"}


@given(st.sampled_from(["customerId", "apiKeyId", "principalId", "usage.in"]), st.booleans())
def test_a_declared_context_key_names_nobody(key: str, is_mapped: bool) -> None:  # noqa: FBT001
    """Whatever it is called, and whatever stands there."""
    line: dict[str, object] = {
        name: FIELDS[name] for name in FIELDS if name not in {"v", "customerId"}
    }
    line |= {"who": "cus_1", "usage": {"in": "5"}, key: "victim"}
    context = {"inputTokens": key, "customerId": key} if is_mapped else {}
    declaration = AccessLogDeclaration.model_validate(
        {"fields": {"customerId": "who"}, "context": context}
    )
    request = read_foreign_line(json.dumps(line), declaration, None, REGION)
    assert isinstance(request, Request)
    (event,) = events_of(bill(request, configured(CALLS), NOW_MS))
    assert event["customerId"] == "cus_1"


def test_meters_may_write_none_of_meterings_own_metadata() -> None:
    """The list is what is written, and what is written of some lines alone (`timeSource`)."""
    written = set(METADATA)
    for meter in (CALLS, TOOLS, STEPS):
        for event in billed({**meter, "metadata": {}}, **SAID):
            written |= event["metadata"].keys()
    names = {name for product in PRODUCTS.values() for name in product.metadata.values()}
    assert written - names == OWN_METADATA - names


@pytest.mark.parametrize("listed", ["z", "toolCalls"])
def test_a_figure_that_a_list_may_hide_counts_nothing(listed: str) -> None:
    """Two texts of a client can put the gateway's figure into a list, and write another."""
    hidden = [{"a": "", "inputTokens": "5", "toolCalls": "search"}]
    figure = billed(INPUT, userAgent="x", inputTokens="1", **{listed: hidden})
    assert isinstance(figure, Quarantined)
    calls = billed(TOOLS, userAgent="x", toolCalls="search", agentId="a", z=hidden)
    assert isinstance(calls, Quarantined)
