"""How the lines of a request are known again in the quarantine."""

from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.redaction import redacted_line
from functions.operator.trace.quarantine_search import WantedLines
from tests.fakes.access_log_lines import access_line

TEXTS = st.text(max_size=30) | st.sampled_from(["Authorization=Bearer abc", access_line()])


@given(TEXTS, st.integers(0, 2**40), st.text(max_size=5))
def test_a_line_is_known_again_however_it_was_kept(text: str, timestamp: int, entry: str) -> None:
    """Redacted or not, under whatever id: the ids of a delivery are not always the log's."""
    line = {"id": "1", "timestamp": timestamp, "message": text}
    wanted = WantedLines.of("", [line])
    assert wanted.has({**line, "id": entry})
    assert wanted.has({**line, "message": redacted_line(text)})
    assert wanted.has({**line, "message": redacted_line(redacted_line(text))})
    assert not wanted.has({**line, "timestamp": timestamp + 1})


def test_an_incomplete_request_is_known_by_the_id_in_its_place() -> None:
    """Of its lines perhaps none was in the log when it was traced."""
    wanted = WantedLines.of("AyD6_FHMvHcECIA=", [])
    place = '{"requestId":"r","extendedRequestId":"AyD6_FHMvHcECIA="}'
    assert wanted.has({"message": "(r) a line", "detail": place})
    assert not wanted.has({"message": "(r) a line", "detail": "{}"})
    assert not WantedLines.of("", []).has({"message": "a line"})
