"""Prose that can be read in a hurry: no line of a page is longer than a person takes in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.endpoints import ROOT

LONGEST = 120
# Notes on what others wrote, as it was found.
QUOTING = ROOT / "docs" / "explanation" / "sources"
# Not rewritten yet; the list only becomes shorter.
NOT_YET = {
    "docs/explanation/architecture.md",
    "docs/explanation/cost.md",
    "docs/explanation/decisions/0001-packaging.md",
    "docs/explanation/decisions/0002-aforo-contract.md",
    "docs/explanation/decisions/0003-doubt.md",
    "docs/explanation/decisions/0004-counters-and-the-ledger.md",
    "docs/explanation/decisions/0005-cost-goals.md",
    "docs/explanation/decisions/0007-http-apis.md",
    "docs/explanation/performance.md",
    "docs/explanation/quota.md",
    "docs/reference/dashboard.md",
    "docs/reference/ledger.md",
    "docs/reference/metrics.md",
    "docs/tutorial/demo.md",
}
PAGES = sorted(page for page in ROOT.glob("docs/**/*.md") if QUOTING not in page.parents)


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
    assert bool(long) is (str(page.relative_to(ROOT)) in NOT_YET), long


def test_a_long_line_is_seen_outside_code_and_tables_alone() -> None:
    """And again after a block of code."""
    long = "x" * (LONGEST + 1)
    text = f"{long}\n```sh\n{long}\n```\n| {long} |\n* {long}\n"
    assert [number for number, line in prose_lines(text) if len(line) > LONGEST] == [1, 6]
