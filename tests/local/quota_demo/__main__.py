"""`make demo-quota`: a quota that holds, and what happens when nobody can say how much is left.

Two customers are driven to their quotas, top up and are served again; Redis dies, comes back empty
and is rebuilt from the ledger. Exit status 1 when an overshoot is beyond its bound, when a refusal
or a service is not what the plan says, when a counter is not what the ledger has, or when a served
call is not billed.
"""

import sys
import time
from collections import Counter
from pathlib import Path

from redis import Redis

from tests.local import cloud
from tests.local.demo import accounting
from tests.local.demo.depth import unwritten, waiting
from tests.local.demo.stage import DemoError, Progress, Stage
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL, DemoCustomer, Endpoints
from tests.local.quota_demo import plans, rebuilt, redis_gone
from tests.local.quota_demo.drive import Drive, drive, heartbeats, used_by
from tests.local.quota_demo.plans import LARGE, SMALL
from tests.local.quota_demo.served import served_by_customer
from tests.local.quota_demo.table import quota_table
from tests.local.quota_demo.top_up import top_up
from tests.local.reconcile import ReconcileError, reconcile
from tests.local.server_start import ServerError

DIRECTORY = LOCAL / "quota-demo"
HOLD_SECONDS = 60
ARRIVAL_SECONDS = 90.0

type Customers = dict[str, DemoCustomer]


def main() -> int:
    stage = Stage()
    stage.act("Starting the local cloud, building and deploying template.yaml")
    try:
        with cloud.running(
            DIRECTORY, hold_seconds=HOLD_SECONDS, say=stage.console.print
        ) as endpoints:
            return _play(stage, endpoints, DIRECTORY)
    except (
        DemoError,
        DeployError,
        ReconcileError,
        ServerError,
        TimeoutError,
    ) as error:
        stage.console.print("\n[bold red]The demo stood still:[/bold red]")
        stage.console.print(str(error) or "a customer was not stopped in time", markup=False)
        return 1


def _play(stage: Stage, endpoints: Endpoints, directory: Path) -> int:
    stage.act("1. Two customers, and this month's earlier calls of the large one")
    customers = plans.provision(endpoints)
    _count_earlier_calls(stage, endpoints)
    _wait_for_heartbeats(stage, endpoints)

    stage.act("2. Several clients drive both to their quotas")
    drives = _drive(stage, endpoints, customers)

    stage.act("3. They top up")
    bought = top_up(stage, endpoints, drives, customers)

    stage.act("4. Redis dies: last known states serve for 30 s at most, then each plan's policy")
    redis_gone.kill(stage, endpoints, directory, customers)

    stage.act("5. Redis comes back empty: that is not a quota with nothing used, it is UNKNOWN")
    redis_gone.come_back_empty(stage, endpoints, directory, customers)

    stage.act("6. The operator rebuilds the counters, from the register and the ledger")
    rebuilt.rebuild(stage, endpoints, customers)
    rebuilt.ask_aforo_for_limits(stage, endpoints, bought)
    rebuilt.compare(stage, endpoints, customers, bought)

    stage.act("7. Was all of it billed?")
    return _close(stage, endpoints, drives)


def _count_earlier_calls(stage: Stage, endpoints: Endpoints) -> None:
    plans.put_earlier_calls(endpoints)
    stage.say(
        f"{LARGE.customer_id}: {plans.BEFORE:,} lines of a gateway put into the access log group"
    )
    redis = Redis.from_url(endpoints.redis_url, decode_responses=True)

    def look() -> tuple[bool, str]:
        used = used_by(redis, endpoints.tenant_id, LARGE.customer_id)
        return used == plans.BEFORE, f"{used:,} of {plans.BEFORE:,} counted"

    stage.wait("metered, billed", look, ARRIVAL_SECONDS)


def _wait_for_heartbeats(stage: Stage, endpoints: Endpoints) -> None:
    """Until a heartbeat of each metered log group has arrived: from then on the lag is measured."""
    began_ms = time.time_ns() // 1_000_000
    reconcile(endpoints)
    redis = Redis.from_url(endpoints.redis_url, decode_responses=True)

    def look() -> tuple[bool, str]:
        oldest = min(map(int, heartbeats(redis, endpoints.tenant_id)), default=0)
        age = time.time() - oldest / 1000
        return oldest >= began_ms, f"the oldest is {age:.1f} s old, and so is the lag"

    stage.wait("a heartbeat from each log group is counted", look, ARRIVAL_SECONDS)


def _drive(stage: Stage, endpoints: Endpoints, customers: Customers) -> list[Drive]:
    drives = [Drive(SMALL, before=0), Drive(LARGE, before=plans.BEFORE)]
    driven = [(one, customers[one.plan.customer_id]) for one in drives]
    with Progress(stage, "calling the API") as progress:
        drive(endpoints, driven, progress.show)
    for one in drives:
        plan = one.plan
        stage.say(
            f"{plan.customer_id}: quota {plan.quota:,}, stopped after {one.served:,}: overshoot "
            f"{one.overshoot}, at most {one.bound} = burst {plan.burst} + "
            f"{plan.rate_per_second:.0f}/s * {one.lag_seconds:.1f} s of lag "
            f"- headroom {one.headroom}"
        )
    slowest = max(one.counted_after for one in drives)
    stage.say(
        f"every call was counted within {slowest:.1f} s; the lag is what the authorizer goes by, "
        "the age of the watermark"
    )
    return drives


def _close(stage: Stage, endpoints: Endpoints, drives: list[Drive]) -> int:
    served = served_by_customer(endpoints)
    billed: Counter[str] = Counter()

    def look() -> tuple[bool, str]:
        billed.clear()
        billed.update(event["customerId"] for event in accounting.billed_events(endpoints))
        under_way = unwritten(endpoints) + waiting(endpoints, "usage")
        seen = f"{served.total():,} calls served, {billed.total():,} billed at Aforo"
        return under_way == 0 and billed.total() >= served.total(), seen

    stage.wait("Redis or not", look, ARRIVAL_SECONDS)
    stage.console.print()
    stage.console.print(quota_table(drives))
    faults = [
        f"{one.plan.customer_id}: overshoot {one.overshoot} is at most {one.bound}"
        for one in drives
        if not one.holds
    ]
    if billed != served:
        faults.append("every served call is billed once, to its customer")
    for fault in faults:
        stage.console.print(f"  [bold red]not true:[/bold red] {fault}")
    if not faults:
        stage.console.print(f"\n[bold green]The quotas held.[/bold green] {stage.seconds():.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
