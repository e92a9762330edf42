"""A page of the docs that is made: its text comes in, the file leaves, and a line that says so."""

import sys
from pathlib import Path

from tests.local.endpoints import ROOT


def write_page(page: Path, text: str, done: str = "written") -> int:
    """The exit status of a program that does no more than this."""
    page.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{page.relative_to(ROOT)}: {done}\n")
    return 0


def in_a_cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")
