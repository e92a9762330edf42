"""One customer and one month come in; the statement of it leaves.

Nothing is written. Guaranteed: `fields` has no number but integers, and depends on nothing but the
ledger, the audit's records, the statements that were closed, and the moment `now_ms`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from functions.audit.equation import Equation
from functions.operator.statement.after_closing import (
    StatedObjects,
    listed,
    settled_later,
)
from functions.operator.statement.audited_month import AuditedMonth, KeptAudits
from functions.operator.statement.calendar_month import CalendarMonth
from functions.operator.statement.closed_chain import ClosedChain
from functions.operator.statement.customer_objects import CustomerObjects
from functions.operator.statement.month_usage import MonthUsage, month_usage
from functions.operator.statement.object_lists import DayLists, ListedDay
from functions.operator.statement.statement_document import Fields
from functions.usage.moment import iso_from_epoch_ms


class DrawnStatement(NamedTuple):
    """Not closed yet. `audited` says what stands against closing it."""

    fields: Fields
    audited: AuditedMonth
    lists: Mapping[ListedDay, bytes]
    is_known: bool  # somewhere in the month, or in a statement, is this customer


def draw_statement(
    ledger: CustomerObjects, month: CalendarMonth, closed: ClosedChain, now_ms: int
) -> DrawnStatement:
    """UnreadableObject names an object that is not what it should be."""
    ledger.progress.announce(sum(1 for _ in ledger.names(month.ledger_prefix)))
    lists = DayLists()
    usage = month_usage(ledger, ledger.names(month.ledger_prefix), now_ms, lists)
    stated = StatedObjects(ledger, closed.statements)
    later = [settled_later(ledger, one, stated, now_ms) for one in closed.statements]
    later = [one for one in later if one.objects]
    listed(later, lists)
    audited = KeptAudits(ledger.client, ledger.bucket, ledger.progress).of(
        month, ledger.customer, now_ms
    )
    packed = lists.packed()
    fields = {
        **_head(ledger.customer, month, closed, now_ms),
        **_requests(audited),
        "usage": usage.sums.as_json(),
        "settledAfterClosing": [one.as_json() for one in later],
        "ledger": _ledger_part(usage, list(packed)),
    }
    is_known = bool(usage.objects or audited.requests.served or closed.statements)
    return DrawnStatement(fields, audited, packed, is_known)


def _head(
    customer: str, month: CalendarMonth, closed: ClosedChain, now_ms: int
) -> dict[str, object]:
    last = closed.last
    previous = last and {
        "month": last.closed.month,
        "sha256": last.sha256,
        "madeAt": last.closed.made_at,
    }
    return {
        "version": 1,
        "customerId": customer,
        "month": str(month),
        "from": iso_from_epoch_ms(month.start_ms),
        "to": iso_from_epoch_ms(month.end_ms),
        "madeAt": iso_from_epoch_ms(now_ms),
        "number": last.closed.number + 1 if last else 1,
        "previous": previous,
    }


def _requests(audited: AuditedMonth) -> dict[str, object]:
    return {
        "requests": _terms(audited.requests),
        "requestsOfNobody": _terms(audited.unnamed),
        "audit": [one.as_json() for one in audited.sources],
    }


def _terms(equation: Equation) -> dict[str, object]:
    return {"served": equation.served, **equation.model_dump(mode="json", by_alias=True)}


def _ledger_part(usage: MonthUsage, lists: list[ListedDay]) -> dict[str, object]:
    return {
        "objects": usage.objects,
        "hours": usage.hours,
        "lists": [one.as_json() for one in lists],
    }
