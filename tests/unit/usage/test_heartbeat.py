"""The heartbeat's line and message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.usage.heartbeat import HEARTBEAT_MESSAGE, heartbeat_line, read_heartbeat

NOW_MS = 1_795_000_000_000


@given(st.integers(10**12, 10**13 - 1))
def test_a_line_says_when_it_was_put(at_ms: int) -> None:
    """What was written is read."""
    assert read_heartbeat(heartbeat_line(at_ms)) == at_ms
    assert read_heartbeat(heartbeat_line(at_ms) + "\n") == at_ms


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        f"(7b2) {heartbeat_line(NOW_MS)}",
        f"{heartbeat_line(NOW_MS)} (7b2)",
        '{"aforoHeartbeatMs":"1795000000000"}',
        '{"aforoHeartbeatMs":-1}',
        '{"aforoHeartbeatMs":1795000000000,"v":"1"}',
    ],
)
def test_anything_else_is_no_heartbeat(line: str) -> None:
    """A request's line that quotes one is the request's."""
    assert read_heartbeat(line) is None


def test_a_message_is_told_from_usage() -> None:
    """By its fields: neither validates as the other."""
    body = f'{{"version":1,"heartbeatAtMs":{NOW_MS},"logGroup":"/a/b"}}'
    assert HEARTBEAT_MESSAGE.validate_json(body)["logGroup"] == "/a/b"
    with pytest.raises(ValidationError):
        HEARTBEAT_MESSAGE.validate_json('{"version":1,"meteredAt":"x","events":[]}')
