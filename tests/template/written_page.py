"""A page of the docs that is made: its text comes in, the file leaves, and a line that says so.

Of a page whose prose is written by hand only the tables are made, each between two marks.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.local.endpoints import ROOT

_TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_page(page: Path, text: str, done: str = "written") -> int:
    """The exit status of a program that does no more than this."""
    page.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{page.relative_to(ROOT)}: {done}\n")
    return 0


def in_a_cell(text: str) -> str:
    """A bar would end the cell."""
    return text.replace("|", "\\|")


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """The page with each of its tables, by their marks. ValueError: a mark has no table, or a table
    does not have its one mark.
    """
    marks = [match[2] for match in _TABLE.finditer(page)]
    if sorted(marks) != sorted(tables):
        raise ValueError(f"the page marks {sorted(marks)}, and the tables are {sorted(tables)}")
    return _TABLE.sub(lambda match: f"{match[1]}\n{tables[match[2]]}\n\n{match[3]}", page)


def table_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown; all but the first column are numbers, to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
