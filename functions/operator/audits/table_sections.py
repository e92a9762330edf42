"""A heading and its table, where there are rows; nothing where there are none."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from functions.operator.rows import Row, table


def write_section(out: TextIO, heading: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    found = list(rows)
    if found:
        out.write(f"\n{heading}:\n")
        table(columns, found, out)
