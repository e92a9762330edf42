"""CSV that Logs Insights or the console's search exports comes in; log records leave."""

import csv
from collections.abc import Iterable, Iterator

from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.insights_row import MESSAGE, record_of_row
from functions.operator.explain.log_record import LogRecord

# Twice what CloudWatch Logs takes as one event.
_CELL_CHARS = 2 * 1024 * 1024
# What a query of Logs Insights shows beside a message, or instead of it.
_INSIGHTS = frozenset({"@timestamp", "@ingestionTime", "@log", "@logStream", "@ptr"})
# The console's search names them without the sign.
_SEARCH = {"timestamp": "@timestamp", "message": MESSAGE}


def is_csv(line: str) -> bool:
    """Whether a first line names the columns of such an export. BadInputError where it does, and
    shows no log events.
    """
    names = _names(line)
    if MESSAGE not in names and not _INSIGHTS.isdisjoint(names):
        raise BadInputError(f"the CSV has no {MESSAGE}: add it to the query's fields")
    return _columns(line) is not None


def csv_records(lines: Iterable[str]) -> Iterator[LogRecord]:
    """The first line names the columns. BadInputError where a row is broken."""
    every = iter(lines)
    first = next(every)
    columns, named = _columns(first) or [], _names(first)
    csv.field_size_limit(_CELL_CHARS)
    rows = csv.reader((f"{line}\n" for line in every), strict=True)
    try:
        for row in rows:
            if not any(row) or row == named:  # exports that were put one behind the other
                continue
            if len(row) != len(columns):
                raise BadInputError(f"the CSV is broken at line {rows.line_num + 1}: is it cut?")
            cells = dict(zip(columns, row, strict=True))
            yield record_of_row(cells | {MESSAGE: cells[MESSAGE].rstrip("\n")})
    except csv.Error as error:
        raise BadInputError(f"the CSV is broken at line {rows.line_num + 1}: {error}") from None


def _columns(line: str) -> list[str] | None:
    names = _names(line)
    if set(names) == _SEARCH.keys():
        names = [_SEARCH[name] for name in names]
    return names if MESSAGE in names and len(set(names)) == len(names) else None


def _names(line: str) -> list[str]:
    try:
        (names,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        return []
    return names
