"""Aforo's bad days, ordered at the stand-in: a storm of 429, an answer that is lost after the
commit, an event that is refused for good, an outage.
"""

from typing import Any

from tests.local.aforo.console import Console
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints

STORM = {"kind": "status", "status": 429, "count": 3, "retry_after": "1"}
LOST_ANSWER = {"kind": "reset_after_commit", "count": 1}
OUTAGE = {"kind": "status", "status": 503}
# In the mix only the other customer adds pets: one call of this one is the poison.
POISON_METHOD = "POST"
METRIC = "API Calls"
OVER_SECONDS = 60.0


def poison(customer_id: str) -> dict[str, Any]:
    """Every post that holds such an event is refused: what a bisection has to find."""
    match = {"customerId": customer_id, "httpMethod": POISON_METHOD, "metricName": METRIC}
    return {"kind": "poison", "match": match, "error": "this event is refused, by order"}


def order(endpoints: Endpoints, *faults: dict[str, Any]) -> None:
    """Add to what is in force; the first that fits a post is the one that it meets."""
    with Console(endpoints.aforo_url) as console:
        console.order_faults(*faults)


def wait_until_over(stage: Stage, endpoints: Endpoints) -> None:
    """Until every fault with a count met its posts."""
    with Console(endpoints.aforo_url) as console:

        def look() -> tuple[bool, str]:
            left = sum(fault["remaining"] or 0 for fault in console.faults())
            return left == 0, f"{left} posts still to meet them"

        stage.wait("the 429s and the lost answer", look, OVER_SECONDS)


def clear(endpoints: Endpoints) -> None:
    """All of them."""
    with Console(endpoints.aforo_url) as console:
        console.clear_faults()
