"""The section of the docs that an alarm names."""

from pathlib import Path

import pytest

from tests.local.page.alarm_section import section_text

DOCS, MD = "docs", ".md"
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
    (tmp_path / f"secret{MD}").write_text("# secret\n")
    return tmp_path


def test_a_section_ends_where_the_next_begins(root: Path) -> None:
    """With what stands below it, by the anchor that a browser would look for."""
    found = section_text(f"{DOCS}/alarms.md#thealarm", root)
    assert found == "TheAlarm\n\nWhat it means.\n\n### Deeper\n\nMore."
    assert section_text(f"{DOCS}/alarms.md#another-alarm", root) == "Another alarm\n\nElse."


@pytest.mark.parametrize(
    "address",
    [
        "",
        f"{DOCS}/alarms.md#none",
        f"{DOCS}/gone{MD}#thealarm",
        "https://example.com/alarms.md#thealarm",
        f"{DOCS}/../secret{MD}#secret",
        f"secret{MD}#secret",
    ],
)
def test_nothing_else_is_read(root: Path, address: str) -> None:
    """What is not in the docs is not shown."""
    assert section_text(address, root) == ""
