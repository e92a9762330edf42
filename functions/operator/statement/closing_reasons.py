"""Why a month should not be closed yet: all reasons at once, each with what to do."""

from collections.abc import Iterator

from functions.adapters.ledger import LEDGER_PREFIX
from functions.audit.equation import Equation
from functions.operator.statement.audited_month import AuditedMonth, AuditedSource
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.closed_chain import ClosedChain
from functions.operator.statement.customer_objects import CustomerObjects
from functions.usage.moment import iso_from_epoch_ms


def closing_reasons(
    ledger: CustomerObjects,
    month: CalendarMonth,
    audited: AuditedMonth,
    closed: ClosedChain,
    now_ms: int,
) -> Iterator[str]:
    """None: it may be closed."""
    if now_ms < month.end_ms:
        yield f"the month ends at {iso_from_epoch_ms(month.end_ms)}"
    for earlier in _months_before(ledger, month):
        if closed.of(str(earlier)) is None and _has_usage(ledger, earlier):
            yield f"{earlier} has usage of this customer and is not closed: close it first"
    if not audited.sources:
        yield "nothing of the month was audited: `aforo-metering audit` does"
    for source in audited.sources:
        yield from _source_reasons(source)
    yield from _request_reasons(audited.requests)


def audited_share(source: AuditedSource) -> str:
    """As a person reads it."""
    minutes, seconds = divmod(source.window_seconds, 60)
    length = f"{seconds} s" if seconds else f"{minutes} min"
    if not source.not_audited:
        return f"{source.source}: all {source.windows:,} windows of {length} were audited"
    return (
        f"{source.source}: {source.not_audited:,} of {source.windows:,} windows of {length}"
        " were not audited"
    )


def _source_reasons(source: AuditedSource) -> Iterator[str]:
    if source.not_audited:
        gap = source.gaps[0].as_json()
        yield f"{audited_share(source)}, the first from {gap[0]} to {gap[1]}"
    if source.still_open:
        yield f"{source.source}: {source.still_open:,} windows are open: the audit looks again"


def _request_reasons(requests: Equation) -> Iterator[str]:
    if requests.unaccounted:
        yield f"{requests.unaccounted:,} requests are unaccounted for: the audit meters them again"
    if requests.held:
        yield f"{requests.held:,} requests are held: wait until they are settled"


def _months_before(ledger: CustomerObjects, month: CalendarMonth) -> Iterator[CalendarMonth]:
    """From the first one that the ledger has."""
    names = ledger.names(LEDGER_PREFIX)
    first = next(names, None)
    at = month if first is None else CalendarMonth.read(first.split("/", 2)[1][:7])
    while at < month:
        yield at
        at = at.following()


def _has_usage(ledger: CustomerObjects, month: CalendarMonth) -> bool:
    """Ends at the first row; of a month without one all objects are read."""
    objects = ledger.read(ledger.names(month.ledger_prefix))
    return any(one.rows for one in objects)
