"""Customers buy more at Aforo; the next reconcile brings it into the counters."""

import time
from collections.abc import Mapping

from tests.local.customers import put_limit
from tests.local.demo.stage import Stage
from tests.local.endpoints import DemoCustomer, Endpoints
from tests.local.quota_demo.answers import SERVED, ask
from tests.local.quota_demo.drive import Drive
from tests.local.quota_demo.plans import LARGE, SMALL
from tests.local.reconcile import reconcile

# Beyond what was served already. The small one's lasts until Redis is dead, and not much longer.
MORE = {SMALL.customer_id: 50, LARGE.customer_id: 5_000}
SERVED_AGAIN_SECONDS = 30.0


def top_up(
    stage: Stage, endpoints: Endpoints, drives: list[Drive], customers: Mapping[str, DemoCustomer]
) -> dict[str, int]:
    """The new limits, once every customer is served again."""
    bought = {one.plan.customer_id: _rounded(one) for one in drives}
    for customer_id, limit in bought.items():
        put_limit(endpoints.aforo_url, customer_id, limit)
        stage.say(f"{customer_id} buys more at Aforo: {limit:,} a month")
    began = time.monotonic()
    outcome = reconcile(endpoints)["outcome"]
    stage.say(
        f"one execution of the reconcile state machine, as each minute: {outcome} "
        f"after {time.monotonic() - began:.1f} s"
    )
    for customer_id in bought:
        _wait_until_served(stage, endpoints, customers[customer_id], began)
    return bought


def _rounded(one: Drive) -> int:
    return (one.served + MORE[one.plan.customer_id]) // 10 * 10


def _wait_until_served(
    stage: Stage, endpoints: Endpoints, customer: DemoCustomer, began: float
) -> None:
    def look() -> tuple[bool, str]:
        answer = ask(endpoints, customer)
        return answer == SERVED, f"{answer} {time.monotonic() - began:.1f} s after it was bought"

    stage.wait(f"{customer.customer_id} is served again", look, SERVED_AGAIN_SECONDS)
