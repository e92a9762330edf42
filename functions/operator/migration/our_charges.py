"""What ours bills, or would: an explained log or the ledger comes in; its charges leave, each event
key once, and what becomes of the requests that it does not bill.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from functions.adapters.key_filter import fingerprint
from functions.metering.request import Request
from functions.operator.explain.explained_line import detail_of, outcome_of
from functions.operator.explain.explanation import Explained
from functions.operator.ledger.fingerprint_set import FingerprintSet
from functions.usage.event import UsageEvent, meter_of
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso


class OurCharge(NamedTuple):
    """One event. `request` is None where the ledger says it; `time_ms` where nothing does."""

    customer: str
    meter: str
    time_ms: int | None
    quantity: Decimal
    key: str
    request: Request | None


class OurRefusal(NamedTuple):
    """A request that ours does not bill, or not yet."""

    request: Request
    words: str  # outcome and reason


type OurSide = OurCharge | OurRefusal


def of_log(found: Iterable[Explained]) -> Iterator[OurSide]:
    """In the order of the log. A line that stands twice is one request."""
    seen = FingerprintSet()
    for one in found:
        if isinstance(one.billing, tuple):
            for event in one.billing:
                if seen.add(fingerprint(event["idempotencyKey"])):
                    yield _charge(event, one)
        elif one.request is not None:
            yield OurRefusal(one.request, _words(one))


def of_ledger(rows: Iterable[LedgerRow], set_aside: Counter[str]) -> Iterator[OurSide]:
    """What Aforo confirmed; `set_aside` counts by class what it has not taken yet."""
    for row in rows:
        if row["outcome"] == "set_aside":
            set_aside[row.get("setAsideClass", "")] += 1
            continue
        yield OurCharge(
            row["customerId"],
            row["meter"],
            epoch_ms_from_iso(row["occurredAt"]),
            Decimal(str(row["quantity"])),
            row["key"],
            None,
        )


def _charge(event: UsageEvent, one: Explained) -> OurCharge:
    time_ms = None if one.lacks_time else epoch_ms_from_iso(event["occurredAt"])
    return OurCharge(
        event["customerId"],
        meter_of(event),
        time_ms,
        Decimal(str(event["quantity"])),
        event["idempotencyKey"],
        one.request,
    )


def _words(one: Explained) -> str:
    outcome, reason = outcome_of(one)
    detail = detail_of(one)
    return f"{outcome} ({reason})" + (f": {detail}" if detail else "")
