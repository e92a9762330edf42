"""A statement's fields come in; its figures leave as rows, the same for CSV and for a table.

`row` says what is counted, `month` whose usage it is, `part` the day, class, reason or source.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.operator.rows import Row
from functions.operator.statement.usage_sums import SumKind

COLUMNS = ("row", "month", "part", "meter", "events", "quantity")
AFTER_CLOSING = "settledAfterClosing"
_TERMS = ("served", "confirmed", "setAside", "needsDecision", "held", "unaccounted")
_OF_BILLED = (SumKind.LATE, SumKind.UNVERIFIED, SumKind.REPLAYED)

type Json = Mapping[str, Any]


def statement_rows(fields: Json, sha256: str) -> Iterator[Row]:
    """`sha256` is that of a closed statement, else empty."""
    month = fields["month"]
    yield from _request_rows(month, "requests", fields["requests"])
    yield from _request_rows(month, "requestsOfNobody", fields["requestsOfNobody"])
    for source in fields["audit"]:
        for name in ("windows", "notAudited", "open"):
            yield _row(f"audit.{name}", month, source["source"], "", source[name])
    yield from usage_rows("", month, fields["usage"])
    for later in fields[AFTER_CLOSING]:
        yield from usage_rows(f"{AFTER_CLOSING}.", later["month"], later["usage"])
    yield _row("ledger.objects", month, "", "", fields["ledger"]["objects"])
    if sha256:
        yield _row("statement.number", month, sha256, "", fields["number"])


def usage_rows(head: str, month: str, usage: Json) -> Iterator[Row]:
    """What is billed by day, what is not by class; and what is special about some."""
    yield from _amounts(f"{head}{SumKind.BILLED}", month, "day", usage.get("billedByDay", ()))
    for kind in _OF_BILLED:
        yield from _amounts(f"{head}{kind}", month, "", usage.get(kind, ()))
    yield from _amounts(f"{head}{SumKind.SET_ASIDE}", month, "class", usage.get("setAside", ()))
    needs = usage.get("needsDecision", ())
    yield from _amounts(f"{head}{SumKind.NEEDS_DECISION}", month, "", needs)


def _amounts(row: str, month: str, part: str, amounts: Sequence[Json]) -> Iterator[Row]:
    for one in amounts:
        found = _row(row, month, one.get(part, ""), one["meter"], one["events"])
        yield {**found, "quantity": one["quantity"]}


def _request_rows(month: str, row: str, terms: Json) -> Iterator[Row]:
    for term in _TERMS:
        yield _row(f"{row}.{term}", month, "", "", terms[term])
    for term in ("excluded", "quarantined"):
        for reason, times in sorted(terms[term].items()):
            yield _row(f"{row}.{term}", month, reason, "", times)


def _row(row: str, month: str, part: str, meter: str, events: int) -> Row:
    return {"row": row, "month": month, "part": part, "meter": meter, "events": events}
