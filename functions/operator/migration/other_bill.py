"""What was billed elsewhere comes in, as a file that somebody exported; its charges leave.

CSV with a line of names, JSON lines, or one JSON document with a list of objects: Aforo's own
events and the rows of `aforo-metering ledger` are such objects. Names count without case, dots,
dashes and underscores. CSV and JSON lines are read as they come; a document is held.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import NamedTuple

from functions.metering.field_names import common_name, leaves
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.log_text import text_lines
from functions.operator.explain.stamp import epoch_ms

# The first that a row has counts.
CUSTOMER = ("customerid", "customer")
METRIC = ("metricname", "metric", "meter", "metricid")
QUANTITY = ("quantity", "units", "value")
TIME = ("occurredat", "eventtimestamp", "timestamp", "time", "day", "date")
# API Gateway's own id first. Aforo's Lambda plugin takes requestId as the event's key.
REQUEST = (
    "extendedrequestid",
    "metadataextendedrequestid",
    "requestid",
    "metadatarequestid",
    "idempotencykey",
    "key",
    "eventid",
)
_SPELT = {CUSTOMER: "customerId", QUANTITY: "quantity", TIME: "occurredAt"}
_MOST_DIGITS = 30
_KNOWN = frozenset({*CUSTOMER, *METRIC, *QUANTITY, *TIME, *REQUEST})

type _Row = Mapping[str, object]
type _Placed = tuple[str, _Row]


class OtherCharge(NamedTuple):
    """One row. `metric` and `request_id` are empty where it does not say them."""

    customer: str
    metric: str
    time_ms: int
    quantity: Decimal
    request_id: str


def read_other_bill(pieces: Iterable[bytes]) -> Iterator[OtherCharge]:
    """BadInputError names the line, the field and the fix."""
    lines = text_lines(pieces)
    skipped, first = next(((at, one) for at, one in enumerate(lines, 1) if one.strip()), (0, ""))
    if not first:
        raise BadInputError("it is empty")
    read = _json_rows if first.lstrip().startswith(("{", "[")) else _csv_rows
    for place, row in read(first, lines, skipped):
        yield _charge(place, row)


def _charge(place: str, row: _Row) -> OtherCharge:
    said = _needed(place, row, TIME)
    time_ms = epoch_ms(said.strip() if isinstance(said, str) else said)
    if time_ms is None:
        raise BadInputError(
            f"{place}: {_SPELT[TIME]}: {said!a} is no time: write "
            "2026-10-02T08:15:30Z, 2026-10-02 or epoch milliseconds"
        )
    return OtherCharge(
        customer=str(_needed(place, row, CUSTOMER)).strip(),
        metric=str(_first(row, METRIC) or "").strip(),
        time_ms=time_ms,
        quantity=_quantity(place, row),
        request_id=str(_first(row, REQUEST) or "").strip(),
    )


def _quantity(place: str, row: _Row) -> Decimal:
    text = str(_needed(place, row, QUANTITY)).strip()
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    # Also 1e999999: nobody could write it out.
    is_number = found.is_finite() and abs(found.adjusted()) < _MOST_DIGITS
    if not is_number or len(text) > _MOST_DIGITS:
        raise BadInputError(f"{place}: quantity: {text[:_MOST_DIGITS]!a} is no number: write 1.5")
    return found


def _needed(place: str, row: _Row, names: tuple[str, ...]) -> object:
    found = _first(row, names)
    if found is None:
        spelt = _SPELT[names]
        has = ", ".join(sorted(row)[:12]) or "nothing"
        raise BadInputError(f"{place}: {spelt}: missing: name a field {spelt}; it has {has}")
    return found


def _first(row: _Row, names: tuple[str, ...]) -> object:
    """Empty is missing; so is a list, a true or a false, which is no id and no number."""
    for name in names:
        found = row.get(name)
        is_value = isinstance(found, str | int | Decimal) and not isinstance(found, bool)
        if is_value and found not in {"", "-"}:
            return found
    return None


def _csv_rows(first: str, lines: Iterator[str], skipped: int) -> Iterator[_Placed]:
    rows = csv.reader((f"{line}\n" for line in chain([first], lines)), strict=True)
    try:
        names = [common_name(name) for name in next(rows)]
        _refuse_twice(f"line {skipped}", names)
        has_rows = False
        for cells in filter(any, rows):
            place = f"line {rows.line_num + skipped - 1}"
            if len(cells) != len(names):
                raise BadInputError(
                    f"{place}: {len(cells)} fields, the first line names {len(names)}"
                )
            has_rows = True
            yield place, dict(zip(names, cells, strict=True))
        if not has_rows:  # nothing was billed, or it is no such file
            for needed in _SPELT:
                _needed(f"line {skipped}", dict.fromkeys(names, "a name"), needed)
    except csv.Error as error:
        place = f"line {rows.line_num + skipped - 1}"
        raise BadInputError(f"{place}: the CSV is broken: {error}") from None


def _refuse_twice(place: str, names: list[str]) -> None:
    twice = next((name for name in names if name in _KNOWN and names.count(name) > 1), None)
    if twice is not None:
        raise BadInputError(f"{place}: two columns are called {twice}: take one away")


def _json_rows(first: str, lines: Iterator[str], skipped: int) -> Iterator[_Placed]:
    begun = _parsed(first)
    if not isinstance(begun, dict) or (_lists_in(begun) and not _is_charge(begun)):
        yield from _of_document("\n".join(chain([first], lines)))
        return
    yield f"line {skipped}", _named(begun)
    for number, line in enumerate(lines, skipped + 1):
        if not line.strip():
            continue
        found = _parsed(line)
        if not isinstance(found, dict):
            raise BadInputError(f"line {number}: no JSON object: write one on each line")
        yield f"line {number}", _named(found)


def _is_charge(found: Mapping[str, object]) -> bool:
    row = _named(found)
    return _first(row, CUSTOMER) is not None and _first(row, QUANTITY) is not None


def _of_document(text: str) -> Iterator[_Placed]:
    found = _parsed(text)
    lists = [found] if isinstance(found, list) else _lists_in(found)
    if len(lists) != 1:
        raise BadInputError("it is neither JSON lines nor a JSON document with one list of objects")
    for number, one in enumerate(lists[0], 1):
        if not isinstance(one, dict):
            raise BadInputError(f"object {number} of the list: no JSON object")
        yield f"object {number} of the list", _named(one)


def _parsed(text: str) -> object:
    """None for what is no JSON."""
    try:
        # A quantity stays what was written: 0.1 is no double.
        found: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found


def _lists_in(found: object) -> list[list[object]]:
    """The lists of objects that a document holds beside its figures; an event holds none. Where
    all are empty, nothing was billed.
    """
    members = found.values() if isinstance(found, dict) else ()
    lists = [one for one in members if isinstance(one, list)]
    of_objects = [one for one in lists if one and isinstance(one[0], dict)]
    return of_objects or [one for one in lists[:1] if not one]


def _named(found: Mapping[str, object]) -> _Row:
    """The outer value counts where two names are one."""
    row: dict[str, object] = {}
    for path, value in leaves(found):
        row.setdefault(common_name(path), value)
    return row
