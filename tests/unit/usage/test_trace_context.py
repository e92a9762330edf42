"""Which traceparent is handed on."""

import pytest

from functions.usage.trace_context import valid_traceparent

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01", True),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{TRACE.upper()}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE}-{PARENT}-01-extra", False),
        (f"00-{TRACE}-{PARENT}-01\n", False),
        (f' 00-{TRACE}-{PARENT}-01"', False),
        ("", False),
        (None, False),
    ],
)
def test_only_a_strictly_valid_one(value: str | None, is_valid: bool) -> None:  # noqa: FBT001
    """W3C Trace Context 3.2, to the letter: it goes into the access log."""
    assert valid_traceparent(value) == (value if is_valid else None)
