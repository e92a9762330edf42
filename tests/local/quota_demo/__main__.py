"""`make demo-quota`: a quota that holds, and what happens when nobody can say how much is left.

Two customers are driven to their quotas, top up and are served again; Redis dies and comes back
empty. Exit status 1 when an overshoot is beyond its bound, when a refusal or a service is not what
the plan says, or when a served call is not billed.
"""

import sys
import time
from collections import Counter
from pathlib import Path

from redis import Redis

from functions.reconciliation import grant
from tests.local import cloud
from tests.local.customers import Plan
from tests.local.demo import accounting
from tests.local.demo.depth import unwritten, waiting
from tests.local.demo.stage import DemoError, Progress, Stage
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL, DemoCustomer, Endpoints
from tests.local.ministack import MinistackError
from tests.local.quota_demo import plans, redis_gone
from tests.local.quota_demo.answers import SERVED, ask
from tests.local.quota_demo.drive import Drive, drive, used_by
from tests.local.quota_demo.plans import LARGE, SMALL
from tests.local.quota_demo.table import quota_table
from tests.local.server_process import ServerError
from tests.local.valkey import ValkeyError

DIRECTORY = LOCAL / "quota-demo"
HOLD_SECONDS = 60
TOP_UP = 5  # times the quota
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
        MinistackError,
        ServerError,
        TimeoutError,
        ValkeyError,
    ) as error:
        stage.console.print("\n[bold red]The demo stood still:[/bold red]")
        stage.console.print(str(error) or "a customer was not stopped in time", markup=False)
        return 1


def _play(stage: Stage, endpoints: Endpoints, directory: Path) -> int:
    stage.act("1. Two customers, and this month's earlier calls of the large one")
    customers = plans.provision(endpoints)
    _count_earlier_calls(stage, endpoints)

    stage.act("2. Several clients drive both to their quotas")
    drives = _drive(stage, endpoints, customers)

    stage.act("3. They top up")
    for plan in plans.PLANS:
        _top_up(stage, endpoints, plan, customers[plan.customer_id])

    stage.act("4. Redis dies: last known states serve for 30 s at most, then each plan's policy")
    redis_gone.kill(stage, endpoints, directory, customers)

    stage.act("5. Redis comes back empty: that is not a quota with nothing used, it is UNKNOWN")
    redis_gone.come_back_empty(stage, endpoints, directory, customers)

    stage.act("6. Was all of it billed?")
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
            f"{plan.rate_per_second:.0f}/s * {one.lag_seconds:.1f} s of lag - margin {one.margin}"
        )
    return drives


def _top_up(stage: Stage, endpoints: Endpoints, plan: Plan, customer: DemoCustomer) -> None:
    words = ["grant", "--stack", endpoints.stack_name, "--customer", plan.customer_id]
    words += ["--limit", str(plan.quota * TOP_UP), "--period", "month"]
    words += ["--rate", f"{plan.rate_per_second:.0f}", "--burst", str(plan.burst)]
    words += ["--when-unknown", plan.when_unknown or "deny"]
    stage.say(f"$ python -m functions.reconciliation.grant {' '.join(words)}")
    began = time.monotonic()
    if grant.main(words):
        message = f"the grant of {plan.customer_id} was refused"
        raise DemoError(message)

    def look() -> tuple[bool, str]:
        answer = ask(endpoints, customer)
        return answer == SERVED, f"{answer} after {time.monotonic() - began:.1f} s"

    stage.wait(f"{plan.customer_id} is served again", look, ARRIVAL_SECONDS)


def _close(stage: Stage, endpoints: Endpoints, drives: list[Drive]) -> int:
    served = Counter(
        one["customer_id"]
        for one in accounting.served_requests(endpoints)
        if one["status"] not in accounting.NOT_BILLABLE
    )
    served[LARGE.customer_id] += plans.BEFORE
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
