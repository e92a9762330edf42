"""Lines of formats that cannot be read: each is named, told what to do, and counted as drift."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.foreign import UNDECLARED, read_foreign_line
from functions.metering.access.format_family import Family, recognise, unreadable
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.log_delivery import LogDelivery
from functions.metering.sorting import unfit_lines
from functions.usage.outcome import Quarantined
from functions.usage.strict_json import INVALID, NOT_AN_OBJECT
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, log_events

TIME = "28/Nov/2026:09:15:42 +0000"
ID = "3f2b1c7e-90ab-4c1d-8e55-0b7a9d2f6c11"
CLF = f'203.0.113.24 - - [{TIME}] "GET /orders/{{id}} HTTP/1.1" 200 1834 {ID}'
OBJECT = json.dumps({"requestId": ID, "status": "200"})
# A line of each family, as AWS's pages and the formats of field-formats.jsonl write them.
LINES = {
    Family.XML: f'<request id="{ID}"> <ip>203.0.113.24</ip> <status>200</status> </request>',
    Family.CSV: f"203.0.113.24,-,-,{TIME},GET,/orders/{{id}},HTTP/1.1,200,1834,{ID}",
    Family.CLF: CLF,
    Family.WEBSOCKET_CLF: f'203.0.113.24 - - [{TIME}] "MESSAGE send Iq8AbcEFoAMCFQA=" 200 {ID}',
    Family.KEY_VALUE: f"requestId={ID} ip=203.0.113.24 status=200 resourcePath=/orders",
    Family.NAME_VALUE: f"requestId: {ID}, ip: 203.0.113.24, requestTime: {TIME}, status: 200",
    Family.QUOTED: json.dumps(OBJECT),
    Family.BROKEN_JSON: '{"requestId":"a","integrationLatency":-,"status":"200"}',
    Family.WORDS: f"{ID} 203.0.113.24 GET /orders/{{id}} 200 47",
}


def refused(line: str) -> Quarantined:
    """As metering says of it, from a log event with a stamp."""
    delivery = LogDelivery("123456789012", "/group", "stream", log_events([line]))
    found = AccessLogSource(REGION).sort(delivery, default_configuration(), REQUEST_TIME_MS)
    assert unfit_lines(found) == 1
    (one,) = found.quarantined
    return one.why


def test_every_family_has_its_line() -> None:
    """None is recognised that no test shows."""
    assert LINES.keys() == set(Family)


@pytest.mark.parametrize("family", Family)
def test_each_family_is_named_and_told_what_its_format_must_be(family: Family) -> None:
    """It rings as schema drift, and the detail says where a format stands that can be billed."""
    found = recognise(LINES[family])
    assert (found.family, found.is_access_log) == (family, True)
    why = refused(LINES[family])
    is_other_api = family is Family.WEBSOCKET_CLF
    assert why.reason == ("unsupported_api" if is_other_api else "invalid_json")
    assert family.value in why.detail
    assert "the stage's format must be JSON" in why.detail
    assert "here is one: docs/reference/logs.md#format-v1" in why.detail


@pytest.mark.parametrize(
    ("line", "family"),
    [
        (f'{CLF} "python-requests/2.32.3"', Family.CLF),
        (CLF.replace("/orders/{id}", '/a" b'), Family.CLF),
        (f"'{OBJECT}'", Family.QUOTED),
        (f'"{OBJECT}"', Family.QUOTED),
        (json.dumps(OBJECT)[1:-1], Family.QUOTED),
        ("\ufeff" + OBJECT, Family.BROKEN_JSON),
        (f"{ID}, {TIME}, GET, /a, 200", Family.CSV),
        ("$context.requestId: a, $context.status: 200, ip: b", Family.NAME_VALUE),
    ],
)
def test_a_variety_is_of_its_family(line: str, family: Family) -> None:
    """Combined, quotes in the path, quotes of either kind, a byte order mark."""
    assert recognise(line).family is family
    assert family.value in refused(line).detail


@pytest.mark.parametrize(
    "line",
    [
        f'203.0.113.24 - - [{TIME}] "GET $default HTTP/1.1" 200 58 JKJaXmPLvHcESHA=',
        f"<request><requestId>{ID}</requestId><routeKey>GET /a</routeKey></request>",
        f"requestId: {ID}, routeKey: $default, status: 200",
        f"requestId={ID} eventType=MESSAGE connectionId=Iq8= status=200",
    ],
)
def test_of_another_api_the_detail_does_not_send_to_a_format_alone(line: str) -> None:
    """JSON would not help: only REST APIs are billed."""
    why = refused(line)
    assert why.reason == "unsupported_api"
    assert "REST APIs" in why.detail


@pytest.mark.parametrize(
    "line",
    [
        "what a program printed",
        "level=info msg=done status=200 method=GET path=/a latency=3",
        "INFO: status: 200",
        "<html><body>Bad gateway</body></html>",
        "2026-11-28 09:15:42, a, b, c, d, e",
        "",
    ],
)
def test_what_says_nothing_of_an_access_log_is_not_called_one(line: str) -> None:
    """The detail still says what the stage's format must be."""
    assert not recognise(line).is_access_log
    why = refused(line)
    assert "access log in" not in why.detail
    assert "the stage's format must be JSON" in why.detail


@pytest.mark.parametrize("line", ["[1,2]", "7", "null", '"text"'])
def test_json_that_is_no_object_is_told_what_it_must_be(line: str) -> None:
    """It is JSON, and no request."""
    why = refused(line)
    assert why.reason == "unknown_format"
    assert why.detail.startswith("the line is JSON, but not an object: the stage's format")


SECRET = "sk_live_abc123"
HOSTILE = st.sampled_from(
    [
        *("{", "}", '"', "'", "\\", "<", ">", "<request", "=", ":", ",", "[", '] "', " ", "\n"),
        *("\ufeff", "status", "requestId", TIME, "GET ", ID, SECRET, "-", "200", '"a":'),
        *("messageString", "\x00"),
    ]
)


@given(st.lists(HOSTILE, max_size=40).map("".join) | st.text(st.characters()))
def test_any_text_is_of_one_family_and_its_detail_holds_nothing_of_it(line: str) -> None:
    """Total; and no secret of the line leaves the quarantine's raw text."""
    for why in (INVALID, NOT_AN_OBJECT):
        found = unreadable(line, why)
        assert found.reason in {"invalid_json", "unknown_format", "unsupported_api"}
        assert SECRET not in found.detail
        assert found.detail.isprintable()
        assert found.detail.isascii()
        assert len(found.detail) < 600


@pytest.mark.parametrize(
    "piece",
    [
        '{"a":',
        "{",
        '"{',
        "{\\",
        '{"a":"',
        "<a ",
        "a=",
        "a: ",
        "a,",
        'x [-] "',
        "1",
        "\\",
        " ",
        "a",
        '{"status":-,',
        "$.-",
        "requestId=1 ",
        f"{TIME} ",
        "GET 200 ",
        "\ufeff",
        '{"a" "',
    ],
)
def test_a_megabyte_of_anything_is_recognised_in_time(piece: str) -> None:
    """Ten times the text takes no more than some ten times as long: no pattern goes back."""
    took = []
    for chars in (100_000, 1_000_000):
        line = piece * (chars // len(piece))
        started = time.process_time()
        read_foreign_line(line, UNDECLARED, None, REGION)
        unreadable(line, INVALID)
        took.append(time.process_time() - started)
    assert took[1] < 40 * max(took[0], 0.005)
