"""Rows as every command prints them."""

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.rows import write_rows


@given(st.text(), st.text())
def test_a_table_gives_the_terminal_nothing_but_signs(asked: str, reason: str) -> None:
    """A path is what a caller asked for: it may not clear the screen, nor begin a line."""
    out = StringIO()
    rows = [{"asked": asked, "reason": reason}, {"asked": "GET /\x1b[2J", "reason": "a\nb"}]
    write_rows(("asked", "reason"), rows, out, "table")
    lines = out.getvalue().removesuffix("\n").split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert lines[-1].split() == ["GET", "/?[2J", "a", "b"]
