"""A comparison comes in; a table for a person, JSON lines or CSV leave."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import TextIO

from functions.operator.explain.terminal_text import printable
from functions.operator.migration.bill_comparison import BillComparison
from functions.operator.migration.daily_sums import DayLine
from functions.operator.migration.likely_reason import MEANINGS, STRANGERS
from functions.operator.migration.request_pairs import UnlikeRequest
from functions.operator.rows import Row, RowFormat, aligned, write_rows
from functions.usage.moment import iso_from_epoch_ms

COLUMNS = (
    "row",
    "side",
    "customer",
    "meter",
    "day",
    "time",
    "theirs",
    "ours",
    "difference",
    "requestId",
    "extendedRequestId",
    "reason",
    "detail",
)
_HEAD = ("customer", "meter", "day", "theirs", "ours", "difference")
_NUMBERS = (3, 4, 5)  # set to the right
_REFUSALS_SHOWN = 10
_REQUEST_HEAD = ("reason", "customer", "meter", "time", "request", "detail")


def write_comparison(
    found: BillComparison,
    unlike: Iterable[UnlikeRequest],
    out: TextIO,
    form: RowFormat,
    at_most: int,
) -> None:
    """A table names the first requests only; the other forms name each, then the days."""
    if form == "table":
        out.writelines(_table(found, unlike, at_most))
        return
    days = (_day_row(line) for line in found.sums.lines())  # summed when all are read
    write_rows(COLUMNS, chain(map(_request_row, unlike), days), out, form)


def summary(found: BillComparison) -> Iterator[str]:
    """What is to be said of requests, reason by reason."""
    if not found.has_ids:
        yield "the other side names no requests: only sums are compared"
        return
    yield f"{found.both} requests are billed alike by both, {found.unlike.total()} are not"
    for reason, count in found.unlike.most_common():
        yield f"  {count} {reason}: {MEANINGS[reason]}"
    for words, count in found.refusals.most_common(_REFUSALS_SHOWN):
        yield f"  {count} of ours {printable(words)}"
    if found.unlike and not found.both and STRANGERS.issuperset(found.unlike):
        yield "no id of one side is known to the other: are they ids of these requests?"


def _table(found: BillComparison, unlike: Iterable[UnlikeRequest], at_most: int) -> Iterator[str]:
    requests = iter(unlike)
    shown = list(islice(requests, at_most))
    left = sum(1 for _ in requests)
    lines = list(found.sums.lines())
    rows = [_cells(line) for line in lines]
    sides = [(line.theirs, line.ours, line.difference) for line in lines]
    total = [_plain(sum(column, Decimal(0))) for column in zip(*sides, strict=True)]
    rows.append(("total", "", "", *(total or ["0"] * len(_NUMBERS))))
    yield from aligned([_HEAD, *rows], numbers=_NUMBERS)
    yield "\n"
    yield from (f"{line}\n" for line in summary(found))
    if shown:
        yield "\n"
        yield from aligned([_REQUEST_HEAD, *map(_request_cells, shown)], numbers=())
    if left:
        yield f"and {left} more: --show, or --format json names each\n"


def _cells(line: DayLine) -> tuple[str, ...]:
    names = printable(line.customer), printable(line.meter), line.day
    return (*names, _plain(line.theirs), _plain(line.ours), _plain(line.difference))


def _request_cells(one: UnlikeRequest) -> tuple[str, ...]:
    time = "" if one.time_ms is None else iso_from_epoch_ms(one.time_ms)
    request = one.extended_request_id or one.request_id
    # Why ours does not bill it stands above, with what to do.
    cells = one.reason, one.customer, one.meter, time, request, one.detail.partition(": ")[0]
    return tuple(map(printable, cells))


def _day_row(line: DayLine) -> Row:
    return {
        "row": "day",
        "customer": line.customer,
        "meter": line.meter,
        "day": line.day,
        "theirs": _number(line.theirs),
        "ours": _number(line.ours),
        "difference": _number(line.difference),
    }


def _request_row(one: UnlikeRequest) -> Row:
    said = {
        "row": "request",
        "side": one.side,
        "customer": one.customer,
        "meter": one.meter,
        "time": None if one.time_ms is None else iso_from_epoch_ms(one.time_ms),
        "theirs": None if one.theirs is None else _number(one.theirs),
        "ours": None if one.ours is None else _number(one.ours),
        "requestId": one.request_id or None,
        "extendedRequestId": one.extended_request_id or None,
        "reason": one.reason,
        "detail": one.detail or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _number(quantity: Decimal) -> int | float:
    whole = int(quantity)
    return whole if whole == quantity else float(quantity)


def _plain(quantity: Decimal) -> str:
    return f"{quantity:f}"
