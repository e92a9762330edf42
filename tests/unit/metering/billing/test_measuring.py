"""What one request counts for, meter by meter: quantities, and the words that go along."""

from collections.abc import Mapping
from typing import Any

import pytest

from functions.metering.access.format_v1 import read_line
from functions.metering.billing.measuring import Measured, measured
from functions.metering.billing.request_event import Measure
from functions.metering.configuration.meter import Meter
from functions.metering.line_context import BesideList
from functions.metering.request import Request
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import REGION, access_line

API = {"id": "calls", "metricName": "Calls"}
BYTES = {**API, "quantity": "response_bytes"}
TOKENS = {**API, "quantity": "context:tokens", "metadata": {"model_name": "model"}}
EACH = {**TOKENS, "forEach": "usage"}
TOOL = {
    **API,
    "productType": "MCP_SERVER",
    "forEach": "tools",
    "fields": {"agentId": "agent", "sessionId": "session", "executionDurationMs": "took"},
}
SAID: dict[str, object] = {"tools": "search", "agent": "a-1", "session": "s-1"}


def request_of(context: Mapping[str, object] | None = None, **facts: Any) -> Request:
    request = read_line(access_line(), REGION)
    assert isinstance(request, Request)
    return request._replace(context=context or {}, **facts)


def found(
    meter: Mapping[str, Any], context: Mapping[str, object] | None = None, **facts: Any
) -> Any:
    return measured(request_of(context, **facts), Meter.model_validate(meter).compiled)


def said(context: dict[str, object], **facts: Any) -> Mapping[str, object]:
    """What the one event of a tool's call says."""
    (one,) = found(TOOL, SAID | context, **facts).measures
    words: Mapping[str, object] = one.said
    return words


SIZE_DOUBT = Quarantined("tamper", "somebody else's figure")


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"response_bytes": 5}, Measured((Measure(5),))),
        ({"response_bytes": 1}, Measured((Measure(1),))),
        ({"response_bytes": 0}, Measured((), ("zero_quantity",))),
        (
            {"response_bytes": None},
            Quarantined("no_quantity", "a meter counts responseLength, which is not there"),
        ),
        ({"response_bytes": 5, "size_doubt": SIZE_DOUBT}, SIZE_DOUBT),
        ({"response_bytes": 0, "size_doubt": SIZE_DOUBT}, SIZE_DOUBT),
    ],
)
def test_bytes_are_counted_as_they_were_sent(facts: dict[str, Any], outcome: object) -> None:
    """No byte counts nothing; unsaid or in doubt they are not billed; calls are counted anyway."""
    assert found(BYTES, **facts) == outcome
    assert found(API, **facts) == Measured((Measure(1),))


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (None, "ERROR"),
        (199, "ERROR"),
        (200, "SUCCESS"),
        (299, "SUCCESS"),
        (300, "ERROR"),
        (500, "ERROR"),
    ],
)
def test_a_call_that_says_nothing_of_itself_ended_as_its_answer_did(
    status: int | None, word: str
) -> None:
    """By HTTP's classes; its own word counts before that, if it is one of the two."""
    listed = [{"toolName": "search", "executionStatus": own} for own in ("SUCCESS", "ERROR", "?")]
    assert said({}, status=status)["executionStatus"] == word
    measures = found(TOOL, SAID | {"tools": listed}, status=status).measures
    assert [one.said["executionStatus"] for one in measures] == ["SUCCESS", "ERROR", word]


@pytest.mark.parametrize(
    ("took", "latency_ms", "duration"),
    [
        ("12.6", 41, 13),
        ("0", 41, 0),
        (7, 41, 7),
        ("-", 41, 41),
        ("soon", 41, 41),
        ("soon", None, None),
        ("soon", 0, 0),
    ],
)
def test_how_long_a_call_took_is_its_own_figure_or_the_answers(
    took: object, latency_ms: int | None, duration: int | None
) -> None:
    """In whole milliseconds; nothing where nobody says it."""
    assert said({"took": took}, latency_ms=latency_ms).get("executionDurationMs") == duration


def test_an_agents_duration_is_only_its_own() -> None:
    """What it does takes longer than the answer that starts it."""
    agent = {
        **API,
        "productType": "AI_AGENT",
        "fields": {"traceId": "trace", "sessionId": "session", "executionDurationMs": "took"},
    }
    ids = {"trace": "t", "session": "s"}
    (one,) = found(agent, ids, latency_ms=41).measures
    assert one.said == {"traceId": "t", "sessionId": "s"}
    (one,) = found(agent, ids | {"took": "9"}, latency_ms=41).measures
    assert one.said == {"traceId": "t", "sessionId": "s", "executionDurationMs": 9}


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("large", {"model_name": "large"}),
        (7, {"model_name": "7"}),
        ("x" * 256, {"model_name": "x" * 256}),
        ("x" * 257, {}),
        ("-", {}),
        ("\x07", {}),
        ([1], {}),
        (None, {}),
    ],
)
def test_a_label_goes_along_where_it_is_a_name(model: object, label: dict[str, str]) -> None:
    """The event is billed with it or without."""
    (one,) = found(TOKENS, {"tokens": "5", "model": model}).measures
    assert one == Measure(5, 0, {}, label)
    (one,) = found(TOKENS, {"tokens": "5"}).measures
    assert one == Measure(5)


def test_an_element_speaks_before_the_line_that_it_stands_in() -> None:
    """What it does not say, the line may; its number is its place in the list."""
    usage = [{"tokens": "5"}, {"tokens": "0"}, {"model": "small"}]
    outcome = found(EACH, {"usage": usage, "tokens": "9", "model": "large"})
    assert outcome == Measured(
        [
            Measure(5, 0, {}, {"model_name": "large"}),
            Measure(9, 2, {}, {"model_name": "small"}),
        ],
        ["zero_quantity"],
    )


@pytest.mark.parametrize(
    ("meter", "context", "outcome"),
    [
        (TOKENS, {}, Quarantined("no_quantity", "the line has no key tokens")),
        (TOKENS, {"tokens": "-"}, Measured([], ["absent_quantity"])),
        (
            TOKENS,
            {"tokens": "many"},
            Quarantined("bad_quantity", "tokens is no number from 0 to 10**12 of 15 digits"),
        ),
        (EACH, {}, Quarantined("no_quantity", "the line has no key usage")),
        (EACH, {"usage": "-"}, Measured((), ("absent_quantity",))),
        (
            EACH,
            {"usage": 7},
            Quarantined("bad_list", "usage is neither a JSON array nor names with commas"),
        ),
        (
            EACH,
            {"usage": [{"tokens": "5"}, {"tokens": "x"}]},
            Quarantined("bad_quantity", "tokens is no number from 0 to 10**12 of 15 digits"),
        ),
        (TOOL, {**SAID, "agent": "-"}, Quarantined("no_product_field", "calls: no usable agentId")),
        (
            TOOL,
            {"tools": "search", "session": "s"},
            Quarantined("no_product_field", "calls: no usable agentId"),
        ),
    ],
)
def test_what_a_line_lacks_is_said_by_its_key(
    meter: dict[str, Any], context: dict[str, object], outcome: object
) -> None:
    """Whoever mends the format reads it; one bad element keeps all of the request."""
    assert found(meter, context) == outcome


def test_a_figure_of_the_lists_own_name_is_the_lines_where_only_that_list_has_it() -> None:
    """An element of another list could be a client's, which hides the gateway's figure."""
    usage = [{"model": "small"}]
    beside = BesideList("9", frozenset({"usage"}))
    (one,) = found(EACH, {"usage": usage, "tokens": beside}).measures
    assert one.quantity == 9
    label = BesideList("large", frozenset({"usage"}))
    (one,) = found(EACH, {"usage": [{"tokens": "5"}], "model": label}).measures
    assert one.metadata == {"model_name": "large"}
    for lists in ({"other"}, {"usage", "other"}):
        hidden = {"usage": usage, "tokens": BesideList("9", frozenset(lists))}
        assert found(EACH, hidden).reason == "bad_quantity"
    listed = BesideList("search", frozenset({"other"}))
    assert found(TOOL, SAID | {"tools": listed}).reason == "no_product_field"


def test_an_element_calls_a_field_by_its_own_name_or_by_the_declared_one() -> None:
    """The declared one counts where the element has both."""
    names = {"toolName": "search", "agentId": "by-name"}
    (one,) = found(TOOL, SAID | {"tools": [names]}).measures
    assert one.said["agentId"] == "by-name"
    (one,) = found(TOOL, SAID | {"tools": [{**names, "agent": "declared"}]}).measures
    assert one.said["agentId"] == "declared"


def test_a_meter_without_a_quantity_counts_one_for_each() -> None:
    """A call of a tool is one call, whatever it says."""
    outcome = found(TOOL, SAID | {"tools": "search,fetch"})
    assert [(one.quantity, one.sequence) for one in outcome.measures] == [(1, 0), (1, 1)]
    labelled = found({**API, "metadata": {"model_name": "model"}}, {"model": "large"})
    assert labelled == Measured([Measure(1, 0, {}, {"model_name": "large"})], [])
