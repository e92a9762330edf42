"""Explained requests come in; a table for a person leaves, a page at a time.

Widths are those of the terminal and of no request, so that a log of any size can be shown. What
does not fit is cut; what is not printable is not sent to a terminal.
"""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from functions.operator.explain.explained_line import detail_of, outcome_of
from functions.operator.explain.explanation import Explained
from functions.operator.explain.terminal_text import printable
from functions.usage.moment import iso_from_epoch_ms

# Shown as soon as so many are there.
_PAGE = 100
_TIME = len("2026-10-02T08:15:30Z")
_OUTCOME = len("quarantined")
_STATUS = len("status")
_BETWEEN = 2  # blanks
_NARROWEST = 8
_COLUMNS = 6
_COLOURS = {"event": "green", "quarantined": "red", "incomplete": "yellow"}


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program: the command knows what to do."""
        raise BrokenPipeError


def table_of(requests: Iterable[Explained], out: TextIO) -> Iterator[Explained]:
    """The same requests, each when its page was written."""
    console = _Terminal(file=out, highlight=False)
    is_first = True
    for page in batched(requests, _PAGE, strict=False):
        table = _table(console.width, is_first=is_first)
        for one in page:
            table.add_row(*_cells(one))
        console.print(table)
        is_first = False
        yield from page


def _table(width: int, *, is_first: bool) -> Table:
    """What is left of the terminal is shared by the columns whose texts have no length: half of it
    says why.
    """
    left = width - _TIME - _OUTCOME - _STATUS - (_COLUMNS - 1) * _BETWEEN
    fifth = left // 5
    table = Table(box=None, pad_edge=False, padding=(0, _BETWEEN, 0, 0), show_header=is_first)
    widths = {
        "time": _TIME,
        "route": max(left // 2 - fifth, _NARROWEST),
        "status": _STATUS,
        "customer": max(fifth, _NARROWEST),
        "outcome": _OUTCOME,
        "reason": max(left // 2, _NARROWEST),
    }
    for name, wide in widths.items():
        table.add_column(name, width=wide, no_wrap=True, overflow="ellipsis")
    return table


def _cells(one: Explained) -> Iterator[Text]:
    request = one.request
    outcome, reason = outcome_of(one)
    detail = detail_of(one)
    time_ms = request.time_ms if request and not one.lacks_time else None
    asked = (request.method, request.route or request.path) if request else ()
    yield _text("" if time_ms is None else f"{iso_from_epoch_ms(time_ms)[:-5]}Z")
    yield _text(" ".join(part for part in asked if part))
    yield _text("" if request is None or request.status is None else str(request.status))
    yield _text((request and request.customer_id) or _billed_to(one))
    yield _text(outcome, _COLOURS.get(outcome, ""))
    yield _text(f"{reason}: {detail}" if detail else reason or "")


def _billed_to(one: Explained) -> str:
    """Whom the customer map names, where the log names nobody."""
    events = one.billing if isinstance(one.billing, tuple) else ()
    return events[0]["customerId"] if events else ""


def _text(value: str, style: str = "") -> Text:
    return Text(printable(value), style)
