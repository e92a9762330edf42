"""The accounts of sources come in; a table, JSON lines or CSV leave, a row a source and a total."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from functions.audit.equation import Equation
from functions.operator.audits.equation_cells import TERM_COLUMNS, equation_cells, reason_rows
from functions.operator.audits.source_account import SourceAccount
from functions.operator.audits.table_sections import write_section
from functions.operator.rows import Row, RowFormat, comma_separated, json_lines, table

TOTAL = "total"
COLUMNS = ("source", *TERM_COLUMNS, "closed", "open", "missing", "lastAudit")
_REASONS = ("excludedByReason", "quarantinedByReason")
_WITNESS = ("witnessHours", "countedByGateway", "logged", "notLogged", "hoursNotCompared")


def write_accounts(accounts: Sequence[SourceAccount], out: TextIO, form: RowFormat) -> None:
    """`closed`, `open` and `missing` are windows; all else is requests."""
    if form == "json":
        json_lines((), _json_rows(accounts), out)
    elif form == "csv":
        comma_separated((*COLUMNS, *_REASONS, *_WITNESS), _flat_rows(accounts), out)
    else:
        _tables(accounts, out)


def total_of(accounts: Iterable[SourceAccount]) -> Equation:
    return Equation.sum_of(one.equation for one in accounts)


def _tables(accounts: Sequence[SourceAccount], out: TextIO) -> None:
    table(COLUMNS, _rows(accounts), out)
    reasons = (
        {"source": one.source, **row} for one in accounts for row in reason_rows(one.equation)
    )
    write_section(out, "by reason", ("source", "term", "reason", "requests"), reasons)
    open_columns = ("source", "from", "to", "held", "unaccounted", "repairs", "auditedAt")
    write_section(out, "open windows", open_columns, _each(accounts, "open_windows"))
    write_section(
        out, "not looked at", ("source", "from", "to", "windows"), _each(accounts, "unaudited")
    )
    seen = [one for one in accounts if one.witness.hours or one.witness.not_compared]
    rows = ({"source": one.source, **_witness_cells(one)} for one in seen)
    write_section(out, "second witness", ("source", *_WITNESS), rows)


def _each(accounts: Iterable[SourceAccount], name: str) -> Iterator[Row]:
    for one in accounts:
        for part in getattr(one, name):
            yield {"source": one.source, **part.as_json()}


def _rows(accounts: Sequence[SourceAccount]) -> Iterator[dict[str, object]]:
    for one in accounts:
        yield {
            "source": one.source,
            **equation_cells(one.equation),
            "closed": one.closed,
            "open": len(one.open_windows),
            "missing": one.missing,
            "lastAudit": one.last_audit,
        }
    yield {
        "source": TOTAL,
        **equation_cells(total_of(accounts)),
        "closed": sum(one.closed for one in accounts),
        "open": sum(len(one.open_windows) for one in accounts),
        "missing": sum(one.missing for one in accounts),
        "lastAudit": max((one.last_audit for one in accounts), default=""),
    }


def _flat_rows(accounts: Sequence[SourceAccount]) -> Iterator[Row]:
    # What several sources of one stage are compared with would be counted twice in a total.
    witnesses = [*map(_witness_cells, accounts), {}]
    equations = [*(one.equation for one in accounts), total_of(accounts)]
    for row, equation, witness in zip(_rows(accounts), equations, witnesses, strict=True):
        yield {
            **row,
            "excludedByReason": _spelled(equation.excluded.items()),
            "quarantinedByReason": _spelled(equation.quarantined.items()),
            **witness,
        }


def _witness_cells(one: SourceAccount) -> dict[str, object]:
    seen = one.witness
    return {
        "witnessHours": seen.hours,
        "countedByGateway": seen.counted,
        "logged": seen.logged,
        "notLogged": seen.not_logged,
        "hoursNotCompared": _spelled(seen.not_compared.items()),
    }


def _spelled(counted: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{reason}={times}" for reason, times in sorted(counted))


def _json_rows(accounts: Sequence[SourceAccount]) -> Iterator[Row]:
    """The last row has no source: it is the total."""
    for one in accounts:
        yield {
            "source": one.source,
            "served": one.equation.served,
            **one.equation.model_dump(by_alias=True),
            "windows": {
                "closed": one.closed,
                "open": [window.as_json() for window in one.open_windows],
                "missing": [gap.as_json() for gap in one.unaudited],
            },
            "lastAudit": one.last_audit or None,
            "witness": one.witness.as_json(),
        }
    total = total_of(accounts)
    yield {"served": total.served, **total.model_dump(by_alias=True)}
