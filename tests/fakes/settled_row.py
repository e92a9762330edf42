"""Rows of the ledger, as the forwarder writes them."""

from typing import Any

from functions.usage.ledger_row import LedgerRow


def settled_row(key: str, occurred_at: str, **fields: Any) -> LedgerRow:
    """One call of `cus_a`, confirmed as soon as it occurred, unless `fields` say otherwise."""
    row: LedgerRow = {
        "key": key,
        "customerId": "cus_a",
        "meter": "api_calls",
        "quantity": 1,
        "occurredAt": occurred_at,
        "outcome": "confirmed",
        "verified": True,
        "meteredAt": occurred_at,
        "queuedAt": occurred_at,
        "settledAt": occurred_at,
    }
    return row | fields  # type: ignore[return-value]  # a test may write what is not allowed
