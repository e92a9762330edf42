"""The pages that a reader of the project may open, and what of a page is prose."""

import re
from pathlib import Path

from tests.local.endpoints import ROOT
from tests.local.page.alarm_section import anchor_of

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/local/**/*.md")])


def prose(page: Path) -> str:
    """Without code blocks: a comment in a shell is no heading."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def headings(page: Path) -> list[str]:
    """Of every depth, without their marks."""
    return re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    return {anchor_of(one.strip()) for one in headings(page)}
