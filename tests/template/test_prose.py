"""Prose that can be read in a hurry: no line of a page is longer than a person takes in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.endpoints import ROOT

LONGEST = 120
# Notes on what others wrote, as it was found; and what was said of a version when it was made.
QUOTING = ROOT / "docs" / "explanation" / "sources"
HISTORY = ROOT / "CHANGELOG.md"
EVERYWHERE = ("*.md", "docs/**/*.md", "tests/**/*.md")
PAGES = sorted(
    page
    for places in EVERYWHERE
    for page in ROOT.glob(places)
    if QUOTING not in page.parents and page != HISTORY
)


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Numbered; without code, tables, and what stands between them."""
    is_code = False
    for number, line in enumerate(text.splitlines(), 1):
        begins = line.lstrip()
        if begins.startswith(("```", "~~~")):
            is_code = not is_code
        elif not is_code and not begins.startswith("|"):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_line_of_prose_is_longer_than_120(page: Path) -> None:
    """A sentence or two; code and tables have lines of their own."""
    long = [number for number, line in prose_lines(page.read_text()) if len(line) > LONGEST]
    assert long == []


def test_a_long_line_is_seen_outside_code_and_tables_alone() -> None:
    """And again after a block of code."""
    long = "x" * (LONGEST + 1)
    text = f"{long}\n```sh\n{long}\n```\n| {long} |\n* {long}\n"
    assert [number for number, line in prose_lines(text) if len(line) > LONGEST] == [1, 6]


# A tour of two screens rather than one task.
TOUR = "look-at-it"
HOW_TO = sorted(page for page in ROOT.glob("docs/how-to/*.md") if page.stem != TOUR)


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_a_how_to_page_is_a_task_with_an_end(page: Path) -> None:
    """A title that names it, a sentence that says what for, what you need, and how you see that
    it worked.
    """
    title, _, purpose, *_ = page.read_text().splitlines()
    assert re.fullmatch(r"# [A-Z][a-z]+ .+", title)
    assert re.match(r"[A-Z]", purpose)
    assert "You need" in page.read_text()
    assert re.search(r"It work(ed|s)\b", page.read_text())
