"""The ledger's row: one settled event. The ledger is a set by key: written twice is written once,
and a confirmed row outweighs a set-aside row of the same key.
"""

from typing import Literal, NotRequired, ReadOnly, TypedDict

from functions.usage.message import SettledUsage
from functions.usage.shape import shape_of


class LedgerRow(TypedDict):
    """One settled event (ledger.md, Columns). Times are ISO 8601 UTC."""

    key: ReadOnly[str]
    customerId: ReadOnly[str]
    meter: ReadOnly[str]
    quantity: ReadOnly[int | float]
    occurredAt: ReadOnly[str]
    outcome: ReadOnly[Literal["confirmed", "set_aside"]]
    verified: ReadOnly[bool]  # False: Aforo answered 2xx twice without saying what it took
    setAsideClass: NotRequired[ReadOnly[str]]
    reason: NotRequired[ReadOnly[str]]
    maybeBilledSince: NotRequired[ReadOnly[str]]  # set aside, and since then Aforo may have it
    replayId: NotRequired[ReadOnly[str]]
    meteredAt: ReadOnly[str]
    queuedAt: ReadOnly[str]
    settledAt: ReadOnly[str]


LEDGER_ROW = shape_of(LedgerRow)


def settled_usage(row: LedgerRow) -> SettledUsage:
    """What the quota counts of a row, whatever became of it."""
    return {
        "key": row["key"],
        "customerId": row["customerId"],
        "meter": row["meter"],
        "quantity": row["quantity"],
        "occurredAt": row["occurredAt"],
    }
