"""Rows come in; a table, JSON lines or CSV leave: the forms that every command prints rows in."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TextIO

from pydantic_core import to_json

from functions.operator.explain.terminal_text import printable

type RowFormat = Literal["table", "json", "csv"]
type Row = Mapping[str, object]


def write_rows(columns: Sequence[str], rows: Iterable[Row], out: TextIO, form: RowFormat) -> None:
    """JSON lines and CSV are written as rows come; a table when all are there."""
    _WRITERS[form](columns, rows, out)


def json_lines(_columns: Sequence[str], rows: Iterable[Row], out: TextIO) -> None:
    """One object a line, with every field that a row has."""
    out.writelines(to_json(row).decode() + "\n" for row in rows)


def comma_separated(columns: Sequence[str], rows: Iterable[Row], out: TextIO) -> None:
    """A column for each field; empty where a row has none."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row.get(name)) for name in columns] for row in rows)


def table(columns: Sequence[str], rows: Iterable[Row], out: TextIO) -> None:
    """Columns side by side, numbers to the right; no row is cut."""
    # One row is one line, whatever somebody wrote into a reason or asked for as a path.
    lines = [[printable(_text(row.get(name))) for name in columns] for row in rows]
    out.writelines(aligned([list(columns), *lines], numbers=_numeric(lines, len(columns))))


def aligned(lines: Sequence[Sequence[str]], numbers: Iterable[int]) -> Iterator[str]:
    """`numbers` are the columns that are set to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to_the_right = set(numbers)
    for line in lines:
        words = [
            word.rjust(width) if at in to_the_right else word.ljust(width)
            for at, (word, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(words).rstrip() + "\n"


def _numeric(lines: Sequence[Sequence[str]], columns: int) -> Iterator[int]:
    for at in range(columns):
        cells = [line[at] for line in lines if line[at]]
        if cells and all(cell.replace(".", "", 1).lstrip("-").isdigit() for cell in cells):
            yield at


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)


_WRITERS: dict[str, Callable[[Sequence[str], Iterable[Row], TextIO], None]] = {
    "table": table,
    "json": json_lines,
    "csv": comma_separated,
}
