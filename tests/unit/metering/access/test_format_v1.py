"""What one line of our format says, and what it may not make us believe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.format_v1 import NO_PAYER_KEY, read_line
from functions.metering.line_text import TEXT_CHARS
from functions.metering.request import Request
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS, access_line

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def read(**changes: object) -> Request:
    found = read_line(access_line(**changes), REGION)
    assert isinstance(found, Request)
    return found


def test_every_fact_of_the_format_is_read() -> None:
    """Numbers come as text and leave as numbers; what is not logged is None."""
    assert read(traceparent=TRACEPARENT) == Request(
        account_id="123456789012",
        region=REGION,
        api_id="a1b2c3d4e5",
        stage="prod",
        extended_request_id="AyD6_FHMvHcECIA=",
        request_id="abe23b51-3a85-4167-851d-9ab66fc506b3",
        time_ms=REQUEST_TIME_MS,
        method="GET",
        path=None,
        route="/pets/{id}",
        status=200,
        response_bytes=512,
        latency_ms=41,
        integration_latency_ms=35,
        integration_status=200,
        error_type=None,
        api_key_id=None,
        principal_id="cus_7Qm2",
        customer_id="cus_7Qm2",
        tenant_id="tenant_1",
        key_id="key_1",
        traceparent=TRACEPARENT,
        context=FIELDS | {"traceparent": TRACEPARENT},
    )


@pytest.mark.parametrize("absent", ["-", "", "(none)", None])
def test_absent_is_none_and_no_fault(absent: str | None) -> None:
    """Each way in which API Gateway prints nothing, and a field that is not there, are one; but a
    format that has no key for who pays is another thing than a request of nobody.
    """
    request = read(**dict.fromkeys(FIELDS, absent) | {"v": "1"})
    others = {"context", "unverified"}
    facts = {value for name, value in request._asdict().items() if name not in others}
    assert facts == {None, REGION, 0}
    assert request.unverified == (NO_PAYER_KEY if absent is None else None)


@pytest.mark.parametrize("field", ["customerId", "extendedRequestId", "resourcePath", "tenantId"])
@pytest.mark.parametrize("value", ["a\u0000b", "a\nb", chr(0xD800), "\u2028", "\x7f", "\ufffd"])
def test_what_is_billed_must_be_clean(field: str, value: str) -> None:
    """Control characters, lone surrogates and broken UTF-8 in a billed field are a fault."""
    assert read(**{field: value}).fault == Quarantined("unprintable", field)


def test_what_is_billed_must_be_short() -> None:
    """A field that no gateway would write must not make an event that no queue takes."""
    assert read(stage="x" * (TEXT_CHARS + 1)).fault == Quarantined("oversized", "stage")


def test_a_billed_field_must_be_a_text() -> None:
    """An object in the place of a customer is nobody."""
    assert read(customerId={"a": "b"}).fault == Quarantined("unprintable", "customerId")


def test_what_is_not_billed_may_be_left_out() -> None:
    """A request id with a line break is not worth a quarantine."""
    request = read(requestId="a\nb", keyId=["x"])
    assert (request.request_id, request.key_id, request.fault) == (None, None, None)


def test_letters_of_any_language_are_clean() -> None:
    """A path template need not be English."""
    assert read(resourcePath="/café/{id}").route == "/café/{id}"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("100", 100), ("499", 499), ("599", 599), (204, 204)],
)
def test_a_status_is_taken_as_it_stands(status: object, expected: int) -> None:
    """Any integer from 100 to 599; a forwarder may have made it a number."""
    assert read(status=status).status == expected


@pytest.mark.parametrize("status", ["0", "99", "600", "200.0", 200.0, "2oo", "٢٠٠", "-1", True])
def test_a_status_that_is_none_is_a_fault(status: object) -> None:
    """It decides whether the request is billed."""
    fault = read(status=status).fault
    assert fault is not None
    assert fault.reason == "bad_status"


def test_seconds_are_known_by_their_magnitude() -> None:
    """HTTP APIs log seconds."""
    assert read(requestTimeEpoch="1747602530").time_ms == 1_747_602_530_000


@pytest.mark.parametrize("time", ["0", "-1784512215218", "17845122152181", "1784512215.21", "now"])
def test_a_time_that_is_none_is_a_fault(time: str) -> None:
    """It decides the price and the period."""
    fault = read(requestTimeEpoch=time).fault
    assert fault is not None
    assert fault.reason == "bad_time"


@pytest.mark.parametrize("figure", ["-5", "1e3", "99999999999999", "9" * 50, "3600001"])
def test_an_absurd_latency_is_dropped_not_the_request(figure: str) -> None:
    """It is counted, too."""
    request = read(responseLatency=figure, integrationLatency=figure)
    assert (request.latency_ms, request.integration_latency_ms) == (None, None)
    assert (request.dropped_figures, request.fault) == (2, None)


@pytest.mark.parametrize("text", ["00-xyz", "x" * 55, f"{TRACEPARENT}-more"])
def test_a_trace_that_is_not_of_the_standard_is_none(text: str) -> None:
    """A client wrote it."""
    assert read(traceparent=text).traceparent is None


@pytest.mark.parametrize("version", ["2", "01", 1.0, None, True, [1]])
def test_another_format_is_not_guessed_at(version: object) -> None:
    """Somebody changed the stage's format: nothing in the line is what we think it is."""
    found = read_line(access_line(v=version), REGION)
    assert isinstance(found, Quarantined)
    assert found.reason == "unknown_format"


@given(st.text(st.characters()))
def test_any_line_is_facts_or_a_reason(line: str) -> None:
    """Nothing that stands in a log raises."""
    assert isinstance(read_line(line, REGION), Request | Quarantined)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), JSON))
def test_any_value_in_any_field_is_facts_or_a_reason(changes: dict[str, object]) -> None:
    """Nothing that stands in a field raises, and what is billed is clean or at fault."""
    found = read_line(access_line(**changes), REGION)
    assert isinstance(found, Request | Quarantined)
    if isinstance(found, Request) and found.fault is None:
        assert (found.customer_id or "x").isprintable()
