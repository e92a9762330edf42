"""The section of the docs that an alarm names."""

from pathlib import Path

import pytest

from tests.local.page.alarm_section import section_text

PAGE = """# Alarms

## TheAlarm

What it means.

### Deeper

More.

## Another alarm

Else.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one page of docs, and a secret beside them."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "alarms.md").write_text(PAGE)
    (tmp_path / "README.md").write_text("# secret\n")
    return tmp_path


def test_a_section_ends_where_the_next_begins(root: Path) -> None:
    """With what stands below it, by the anchor that a browser would look for."""
    found = section_text("docs/alarms.md#thealarm", root)
    assert found == "TheAlarm\n\nWhat it means.\n\n### Deeper\n\nMore."
    assert section_text("docs/alarms.md#another-alarm", root) == "Another alarm\n\nElse."


@pytest.mark.parametrize(
    "address",
    [
        "",
        "docs/alarms.md#none",
        "docs/replay.md#thealarm",
        "https://example.com/alarms.md#thealarm",
        "docs/../README.md#secret",
        "README.md#secret",
    ],
)
def test_nothing_else_is_read(root: Path, address: str) -> None:
    """What is not in the docs is not shown."""
    assert section_text(address, root) == ""
