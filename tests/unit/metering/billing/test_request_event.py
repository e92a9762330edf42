"""The text of an event: whatever the log says, it is JSON that says the same."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metering.billing.request_event import EVENT, METADATA, EventWriter, Measure
from functions.metering.configuration.meter import Meter
from functions.metering.request import Request
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.shape import shape_of

METER = Meter.model_validate({"id": "api_calls", "metricName": "API Calls"}).compiled
WRITER = EventWriter()  # used for all examples, as in a process
# Quotes, control characters, and those that stand for facts while an event is described. DEL, which
# no clean text holds, may be written in two ways.
TEXTS = st.text(st.sampled_from('aZ%"\\/{}:,\x00\x07\n\u00e9\u0100\u0101\u0200\u0207\U0001f600'))
FIGURES = st.integers(0, 1 << 40)
MEASURES = st.builds(
    Measure,
    st.one_of(st.integers(1, 10**12), st.floats(1e-6, 1e12)),
    st.integers(0, 99),
    st.just({}),
    st.dictionaries(st.sampled_from(["model", "region_of"]), TEXTS, max_size=2),
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any facts, as far as a request that is billed may have them."""
    texts = {name: draw(st.none() | TEXTS) for name in ("request_id", "method", "route")}
    must = {
        name: draw(TEXTS)
        for name in ("account_id", "region", "api_id", "stage", "extended_request_id")
    }
    figures = {
        name: draw(st.none() | FIGURES)
        for name in ("status", "response_bytes", "latency_ms", "integration_latency_ms")
    }
    rest = dict.fromkeys(
        (
            *("path", "integration_status", "error_type", "api_key_id", "principal_id"),
            *("customer_id", "tenant_id", "key_id"),
        )
    )
    facts: dict[str, Any] = {**texts, **must, **figures, **rest}
    return Request(
        **facts, time_ms=draw(st.integers(0, 1 << 42)), traceparent=draw(st.none() | TEXTS)
    )


def described(request: Request, customer: str, metric: str, measure: Measure) -> dict[str, Any]:
    """The event, as the description says it: an object, made without the writer's templates."""
    identity = identity_of(request)
    facts: dict[str, Any] = {
        **request._asdict(),
        "gateway": "aws-api-gateway",
        "meter": METER.id,
        "metric_name": metric,
        "product_type": "API",
        "customer": customer,
        "quantity": measure.quantity,
        "occurred_at": iso_from_epoch_ms(request.time_ms or 0),
        "key": identity.event_key(METER.id, measure.sequence),
        "trace": {
            "traceparent": request.traceparent,
            "tracestate": None,
            "xTraceId": None,
            "xRequestId": None,
        },
    }
    metadata = {name: facts[fact] for name, fact in METADATA.items() if facts[fact] is not None}
    facts["metadata"] = metadata | dict(measure.metadata)
    return {name: facts[fact] for name, fact in EVENT.items() if facts[fact] is not None}


def identity_of(request: Request) -> RequestIdentity:
    return RequestIdentity(
        request.account_id or "",
        request.region,
        request.api_id or "",
        request.stage or "",
        request.extended_request_id or "",
    )


@given(requests(), TEXTS, TEXTS.filter(str.strip), MEASURES)
def test_the_text_is_that_of_the_described_event(
    request: Request, customer: str, metric: str, measure: Measure
) -> None:
    """Byte for byte what writing the object would give, in the shape that Aforo takes."""
    meter = replace(METER, constants=(METER.id, metric, "API"))
    text = WRITER.text(request, identity_of(request), customer, meter, measure)
    event: object = described(request, customer, metric, measure)
    assert text == to_body(event)
    assert shape_of(UsageEvent).validate_python(json.loads(text), strict=True) == event


def test_made_up_shapes_do_not_fill_the_memory() -> None:
    """A client cannot make routes, and if it could, what is remembered is bounded."""
    writer = EventWriter()
    facts: dict[str, Any] = dict.fromkeys(Request._fields)
    request = Request(**facts | {"region": "r", "time_ms": 1, "context": {}})
    for number in range(9_000):
        one = request._replace(route=f"/{number}")
        writer.text(one, identity_of(one), "cus", METER, Measure(1))
    held = writer.remembered()
    assert 8_000 < held < 9_000


def test_where_a_time_is_from_is_said_where_it_is_not_the_lines() -> None:
    """Whoever compares events with lines has to know."""
    facts: dict[str, Any] = dict.fromkeys(Request._fields)
    request = Request(**facts | {"region": "r", "time_ms": 1, "context": {}})
    for source in ("logEvent", None):
        one = request._replace(time_source=source)
        event = json.loads(WRITER.text(one, identity_of(one), "cus", METER, Measure(1)))
        assert event["metadata"].get("timeSource") == source
