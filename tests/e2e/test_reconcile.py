"""The reconcile machine on the deployed template: a top-up at Aforo, the heartbeat's walk."""

import time

import httpx
import pytest

from functions.operator.counter_commands.stack import find_stack
from tests.e2e.looking import answered, until
from tests.local.aforo.console import Console
from tests.local.customers import Plan, inspect, provision, put_limit
from tests.local.endpoints import DemoCustomer, Endpoints
from tests.local.reconcile import reconcile
from tests.local.watermark import watermark

pytestmark = pytest.mark.timeout(300)  # the first one starts the cloud
ARRIVAL_SECONDS = 90.0
SMALL = Plan("cus_topup", "api_key", quota=4, rate_per_second=1, burst=1)


def status_of_a_call(endpoints: Endpoints, customer: DemoCustomer) -> int:
    url = f"{endpoints.api_url}/pets"
    answer = answered(lambda: httpx.get(url, headers=customer.headers, timeout=40, trust_env=False))
    return answer.status_code


def test_a_customer_who_tops_up_is_served_again_within_one_reconcile(
    endpoints: Endpoints,
) -> None:
    """429 at its quota; more is bought at Aforo; one reconcile later it is 200."""
    (customer,) = provision(
        [SMALL],
        tenant=endpoints.tenant_id,
        aforo_url=endpoints.aforo_url,
        stack=find_stack(endpoints.stack_name),
    )
    assert status_of_a_call(endpoints, customer) == 200
    until(lambda: status_of_a_call(endpoints, customer) == 429, ARRIVAL_SECONDS)
    assert reconcile(endpoints)["outcome"] == "reconciled"
    assert status_of_a_call(endpoints, customer) == 429
    put_limit(endpoints.aforo_url, customer.customer_id, 1000)
    # Not how many limits it changed: the schedule's own may have come before it.
    assert reconcile(endpoints)["outcome"] == "reconciled"
    found = inspect(endpoints.functions["reconciliation"], customer.customer_id)
    assert (found["limit"], found["burst"]) == (1000, 1)
    # Where Redis is too slow for a call, it is decided by what was known before.
    until(lambda: status_of_a_call(endpoints, customer) == 200, ARRIVAL_SECONDS)


def test_a_heartbeat_walks_to_the_watermark(endpoints: Endpoints) -> None:
    """From the log group through metering and the forwarder to the counters."""
    began_ms = time.time_ns() // 1_000_000
    groups = (endpoints.access_log_group, endpoints.execution_log_group)
    assert reconcile(endpoints)["heartbeats"] == ["put" for _ in groups]

    def have_arrived() -> bool:
        reached = watermark(endpoints)
        return all(int(reached.get(group, 0)) >= began_ms for group in groups)

    until(have_arrived, ARRIVAL_SECONDS)


def test_an_aforo_that_is_away_fails_no_reconcile(endpoints: Endpoints) -> None:
    """What customers may do stays as it was."""
    with Console(endpoints.aforo_url) as console:
        console.order_faults({"kind": "status", "status": 503})
        try:
            assert reconcile(endpoints)["outcome"] in {"reconciled", "nothing_answered"}
        finally:
            console.clear_faults()
    customer = endpoints.customers[0]
    assert inspect(endpoints.functions["reconciliation"], customer.customer_id)["limit"] == (
        customer.quota
    )
