"""An audit's report comes in, as its state machine writes it; text with tables, JSON or CSV leave.

CSV has the bill: a row for each customer, meter and day, and what is done about it.
"""

import json
from collections.abc import Iterator
from typing import TextIO

from functions.audit.equation import Equation
from functions.operator.audits.audit_result import AuditResultFound, Report
from functions.operator.audits.equation_cells import TERM_COLUMNS, equation_cells, reason_rows
from functions.operator.audits.table_sections import write_section
from functions.operator.rows import Row, RowFormat, comma_separated

BILL_COLUMNS = ("fate", "customerId", "meter", "day", "events", "quantity")

_MOMENTS = ("before", "after")


def write_report(found: AuditResultFound, out: TextIO, form: RowFormat) -> None:
    """Without a report there is nothing to write."""
    if form == "json":
        out.write(f"{json.dumps(found.report, indent=2)}\n")
    elif form == "csv":
        comma_separated(BILL_COLUMNS, _bill(found.report), out)
    else:
        _text(found, out)


def _text(found: AuditResultFound, out: TextIO) -> None:
    report = found.report
    out.writelines(f"{line}\n" for line in _head(report))
    columns = ("source", "when", *TERM_COLUMNS)
    write_section(out, "equation, in requests", columns, _equations(report))
    reasons = reason_rows(Equation.model_validate(report["after"]["all"]))
    write_section(out, "by reason", ("term", "reason", "requests"), reasons)
    missing = [
        {"fate": name, "requests": times} for name, times in report["requests"].items() if times
    ]
    write_section(out, "missing requests", ("fate", "requests"), missing)
    write_section(out, "bill", BILL_COLUMNS, _bill(report))
    if found.place:
        out.write(f"\nreport: {found.place}\n")


def _head(report: Report) -> Iterator[str]:
    kind = "dry run of an audit" if report["dryRun"] else "audit"
    trouble = report["trouble"]
    yield f"{kind} {report['auditId']}: {f'stopped early: {trouble}' if trouble else 'done'}"
    windows = report["windows"]
    left = f", {windows['left']:,} left" if windows["left"] else ""
    yield (
        f"{report['from']} to {report['to']}: {windows['lookedAt']:,} windows looked at{left}; "
        f"{report['lines']:,} lines; {report['startedAt']} to {report['finishedAt']}"
    )
    yield from report["notes"]


def _equations(report: Report) -> Iterator[Row]:
    """Of each source, and of all where there are several."""
    names = sorted({*report["before"]["bySource"], *report["after"]["bySource"]})
    for name in names:
        yield from _two_rows(report, name)
    if len(names) != 1:
        yield from _two_rows(report, None)


def _two_rows(report: Report, source: str | None) -> Iterator[Row]:
    for moment in _MOMENTS:
        told = report[moment]
        said = told["all"] if source is None else told["bySource"].get(source, {})
        cells = equation_cells(Equation.model_validate(said))
        yield {"source": source or "total", "when": moment, **cells}


def _bill(report: Report) -> Iterator[Row]:
    for fate, lines in report.get("bill", {}).items():
        for line in lines:
            yield {"fate": fate, **line, "quantity": _plain(line["quantity"])}


def _plain(quantity: float) -> float:
    """A whole number as one, however it was summed."""
    return int(quantity) if quantity == int(quantity) else quantity
