"""Redis loses all that it holds: no customer's state is known, and callers are refused."""

from functions.adapters.ledger import settled_once
from tests.local.customers import METER, inspect
from tests.local.demo.accounting import ledger_rows
from tests.local.drill.drill_calls import call_each, callers
from tests.local.endpoints import Endpoints
from tests.local.redis_loss import empty_redis
from tests.local.waiting import until

# A known customer is served for 30 s more, and each process knows its own.
REFUSED_SECONDS = 90.0
REFUSED = "429"
ALL_OF_THEM = 100.0  # UnknownShare, in percent
COUNTED = frozenset({"confirmed", "set_aside"})


def cause(endpoints: Endpoints) -> None:
    empty_redis(endpoints)


def figure(endpoints: Endpoints) -> float:
    """The share of requests whose state is unknown, once each caller is refused for it."""

    def look() -> bool:
        return all(said.startswith(REFUSED) for said in call_each(endpoints))

    until(look, REFUSED_SECONDS, every=1.0)
    return ALL_OF_THEM


def left(endpoints: Endpoints) -> list[str]:
    """Customers whose counter does not have what the ledger has: opened, and not rebuilt."""
    rows = list(settled_once(ledger_rows(endpoints)).values())
    faults = []
    for one in callers(endpoints):
        used = inspect(endpoints.functions["reconciliation"], one.customer_id)["used"]
        settled = sum(
            row["customerId"] == one.customer_id
            and row["meter"] == METER
            and row["outcome"] in COUNTED
            for row in rows
        )
        if used != settled:
            faults.append(f"{one.customer_id}: {used} used by the counter, {settled} by the ledger")
    return faults
