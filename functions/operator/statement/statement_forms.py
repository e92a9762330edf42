"""A statement comes in; a page for a person, one JSON document, or CSV leave."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, TextIO

from functions.operator.explain.terminal_text import printable
from functions.operator.rows import RowFormat, aligned, comma_separated
from functions.operator.statement.audited_month import AuditedSource, Gap
from functions.operator.statement.closing_reasons import audited_share
from functions.operator.statement.statement_document import Fields
from functions.operator.statement.statement_rows import (
    AFTER_CLOSING,
    COLUMNS,
    Json,
    statement_rows,
    usage_rows,
)
from functions.usage.moment import epoch_ms_from_iso

AFORO = (
    "Aforo's own figure: `--ask-aforo` while the month runs; later export its bill, and"
    " `aforo-metering compare bill.csv --from {start} --to {end}` compares."
)
_WORDS = {
    "billed": "billed",
    "late": "  of it settled 24 h later",
    "unverified": "  of it unverified",
    "replayed": "  of it by a replay",
    "setAside": "set aside",
    "needsDecision": "  of it needs a decision",
}
_NUMBERS = (3, 4)
_GAPS_ON_A_PAGE = 5


def write_statement(fields: Fields, sha256: str, out: TextIO, form: RowFormat) -> None:
    """`sha256` is that of a closed one, else empty."""
    if form == "json":
        document = {"sha256": sha256 or None, "statement": fields}
        json.dump(document, out, indent=2, sort_keys=True, ensure_ascii=False)
        out.write("\n")
    elif form == "csv":
        comma_separated(COLUMNS, statement_rows(fields, sha256), out)
    else:
        out.writelines(_page(fields, sha256))


def _page(fields: Json, sha256: str) -> Iterator[str]:
    closed = f"closed {fields['madeAt']}" if sha256 else "not closed"
    yield f"{printable(fields['customerId'])}, {fields['month']} (UTC): {closed}\n\n"
    yield from _requests(fields)
    yield "\n"
    yield from _usage(fields)
    yield "\n"
    yield f"The ledger's objects: {fields['ledger']['objects']:,}\n"
    if sha256:
        yield from _chain(fields, sha256)
    yield AFORO.format(start=fields["from"][:10], end=fields["to"][:10]) + "\n"


def _requests(fields: Json) -> Iterator[str]:
    requests = fields["requests"]
    yield f"Requests: {requests['served']:,} served\n"
    terms = {
        "confirmed": requests["confirmed"],
        "set aside": requests["setAside"],
        "needs a decision": requests["needsDecision"],
        **{f"not billable: {name}": n for name, n in sorted(requests["excluded"].items())},
        **{f"quarantined: {name}": n for name, n in sorted(requests["quarantined"].items())},
        "held": requests["held"],
        "unaccounted": requests["unaccounted"],
    }
    yield from _indented(aligned([(name, f"{times:,}") for name, times in terms.items()], (1,)))
    if nobody := fields["requestsOfNobody"]["served"]:
        yield f"  {nobody:,} more requests name no customer\n"
    if not fields["audit"]:
        yield "  nothing of the month was audited\n"
    yield from chain.from_iterable(_audit(source) for source in fields["audit"])


def _audit(said: Json) -> Iterator[str]:
    gaps = [Gap(*map(epoch_ms_from_iso, gap)) for gap in said["gaps"]]
    source = AuditedSource(
        printable(said["source"]),
        said["windowSeconds"],
        said["windows"],
        said["notAudited"],
        said["open"],
        gaps,
    )
    yield f"  {audited_share(source)}\n"
    for start, end in said["gaps"][:_GAPS_ON_A_PAGE]:
        yield f"    {start} to {end}\n"
    if len(gaps) > _GAPS_ON_A_PAGE:
        yield "    and more: --format json has them\n"
    if source.still_open:
        yield f"    {source.still_open:,} windows are open\n"


def _usage(fields: Json) -> Iterator[str]:
    lines: list[Sequence[str]] = [("", "day or class", "meter", "events", "quantity")]
    lines += [_line("", *one) for one in _totals(fields["usage"])]
    lines += [_cells("", row) for row in usage_rows("", fields["month"], fields["usage"])]
    for later in fields[AFTER_CLOSING]:
        head = f"{later['month']}, after closing: "
        lines += [_cells(head, row) for row in usage_rows("", later["month"], later["usage"])]
    yield from aligned(lines, _NUMBERS)


def _totals(usage: Json) -> Iterator[tuple[str, str, str, str, str]]:
    for one in usage["billed"]:
        yield "billed", "all days", one["meter"], f"{one['events']}", one["quantity"]


def _cells(head: str, row: Any) -> Sequence[str]:  # noqa: ANN401 - a row has text and numbers
    texts = (str(row[name]) for name in COLUMNS[2:])
    return _line(head, row["row"], *texts)


def _line(head: str, kind: str, *texts: str) -> Sequence[str]:
    return (head + (_WORDS[kind].strip() if head else _WORDS[kind]), *map(printable, texts))


def _chain(fields: Json, sha256: str) -> Iterator[str]:
    previous = fields["previous"]
    before = (
        f"after {previous['month']} ({previous['sha256'][:12]}...)" if previous else "the first"
    )
    yield f"Closed statement {fields['number']}, {before}: SHA-256 {sha256}\n"
    for reason in fields.get("evenSo", ()):
        yield f"  closed even so: {printable(reason)}\n"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
