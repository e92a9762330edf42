"""CLF lines: what they say, and that they say nothing of who pays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.common_log_format import read_clf

TIME = "24/Jan/2023:17:52:06 +0000"
UUID = "abe23b51-3a85-4167-851d-9ab66fc506b3"


def line(request: str, rest: str) -> str:
    return f'198.51.100.109 - - [{TIME}] "{request}" {rest}'


def test_the_console_s_template_is_read() -> None:
    """Request id and, where it is there, the extended one."""
    fields = read_clf(line("GET /pets/{id} HTTP/1.1", f"200 512 {UUID} AyD6_FHMvHcECIA="))
    assert fields == {
        "requestTime": TIME,
        "httpMethod": "GET",
        "resourcePath": "/pets/{id}",
        "status": "200",
        "responseLength": "512",
        "requestId": UUID,
        "extendedRequestId": "AyD6_FHMvHcECIA=",
    }


@pytest.mark.parametrize("key", ["$default", "POST /a", "$connect"])
def test_a_route_key_in_the_place_of_the_path_is_one(key: str) -> None:
    """HTTP and WebSocket APIs; the method then stands twice."""
    fields = read_clf(line(f"POST {key} HTTP/1.1", "500 35 fQke_hDCDoEEMpw= The IAM role, etc."))
    assert fields is not None
    assert (fields["routeKey"], fields["httpMethod"]) == (key, "POST")
    assert "extendedRequestId" not in fields


def test_words_after_the_size_are_no_id() -> None:
    """An error text may follow at once."""
    fields = read_clf(line("GET / HTTP/1.1", "- - Forbidden abe23b51"))
    assert fields is not None
    assert {"requestId", "extendedRequestId"}.isdisjoint(fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b c",
        f"198.51.100.109 - - [{TIME}]",
        line("GET / HTTP/1.1", "two 35"),
        line("GET", "200 35"),
        line('GET /" 200 1 " HTTP/1.1', "200 35"),
        f'too many words here [{TIME}] "GET / HTTP/1.1" 200 1',
    ],
)
def test_what_is_not_in_the_form_is_not_read(text: str) -> None:
    """A quote in the path could move the status."""
    assert read_clf(text) is None


@given(st.text(st.characters()))
def test_no_line_raises(text: str) -> None:
    """Nor does any end of one."""
    for one in (text, line(text, "200 1"), line("GET / HTTP/1.1", text)):
        fields = read_clf(one)
        assert fields is None or "customerId" not in fields
