"""Counters that were lost are rebuilt by the operator's command, and compared with the ledger."""

import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial

from functions.adapters.ledger import settled_once
from functions.authorizer.decision import DenyCode
from tests.local.customers import METER, inspect
from tests.local.demo.accounting import ledger_rows
from tests.local.demo.stage import DemoError, Stage
from tests.local.endpoints import DemoCustomer, Endpoints
from tests.local.quota_demo.answers import SERVED, ask
from tests.local.quota_demo.plans import LARGE, SMALL
from tests.local.quota_demo.served import served_by_customer
from tests.local.reconcile import reconcile

OPEN_SECONDS = 60.0
ARRIVAL_SECONDS = 90.0


def rebuild(stage: Stage, endpoints: Endpoints, customers: Mapping[str, DemoCustomer]) -> None:
    """Run the command, and wait until customers are answered by numbers again."""
    began = time.monotonic()
    _run(stage, endpoints.stack_name)

    def look() -> tuple[bool, str]:
        answer = ask(endpoints, customers[SMALL.customer_id])
        seen = f"{SMALL.customer_id} {answer}, {time.monotonic() - began:.0f} s after it began"
        return answer != DenyCode.QUOTA_STATE_UNKNOWN, seen

    stage.wait("answered by numbers again", look, OPEN_SECONDS)


def _run(stage: Stage, stack: str) -> None:
    words = ["rebuild", "--stack", stack, "--yes"]
    stage.say(f"$ .venv/bin/aforo-metering {' '.join(words)}")
    with subprocess.Popen(
        [sys.executable, "-m", "functions.operator", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as command:
        for line in command.stdout or ():
            stage.console.print(f"    {line.rstrip()}", markup=False)
    if command.returncode:
        message = f"the rebuild ended with exit status {command.returncode}"
        raise DemoError(message)


def ask_aforo_for_limits(stage: Stage, endpoints: Endpoints, bought: Mapping[str, int]) -> None:
    """The register has the grants; what was bought since is Aforo's to say, at each reconcile."""
    began = time.monotonic()
    reconcile(endpoints)

    def look() -> tuple[bool, str]:
        limits = {name: inspect(_reconciliation(endpoints), name)["limit"] for name in bought}
        seen = ", ".join(f"{name} {limit:,}" for name, limit in limits.items())
        return limits == bought, f"{seen}, after {time.monotonic() - began:.1f} s"

    stage.wait("a reconcile brings the limits that were bought", look, OPEN_SECONDS)


def compare(
    stage: Stage,
    endpoints: Endpoints,
    customers: Mapping[str, DemoCustomer],
    bought: Mapping[str, int],
) -> None:
    """Each is answered by what it used, and used = in the ledger = served. DemoError when not."""
    expected = {SMALL.customer_id: DenyCode.QUOTA_EXCEEDED, LARGE.customer_id: SERVED}
    for name, customer in customers.items():
        # The small one may be a few calls from its quota: then these are they.
        look = partial(_is_answered, endpoints, customer, expected[name])
        stage.wait(f"{name}, {bought[name]:,} a month", look, OPEN_SECONDS)
    for name in customers:
        stage.wait(name, partial(_is_whole, endpoints, name), ARRIVAL_SECONDS)


def _is_answered(endpoints: Endpoints, customer: DemoCustomer, expected: str) -> tuple[bool, str]:
    answer = ask(endpoints, customer)
    return answer == expected, answer


def _is_whole(endpoints: Endpoints, customer_id: str) -> tuple[bool, str]:
    counted = inspect(_reconciliation(endpoints), customer_id)
    in_ledger = sum(
        row["quantity"]
        for row in settled_once(ledger_rows(endpoints)).values()
        if (row["customerId"], row["meter"]) == (customer_id, METER)
    )
    served = served_by_customer(endpoints)[customer_id]
    seen = f"used {counted['used']:,} = in the ledger {in_ledger:,} = served {served:,}"
    return counted["used"] == in_ledger == served, seen


def _reconciliation(endpoints: Endpoints) -> str:
    return endpoints.functions["reconciliation"]
