"""The operator's rebuild on real S3, SQS and Valkey; only the Lambda's invocation is left out."""

import time
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.operator.command_line import main
from functions.operator.counter_commands.stack import Stack
from functions.usage.moment import HOUR_MS
from functions.usage.quota import rebuild_key, tenant_key
from tests.fakes.queue_contents import take_all
from tests.integration.reconciliation.tenant import CUSTOMER, TENANT, Tenant
from tests.integration.reconciliation.test_repair import row
from tests.local.ministack import Ministack

GRANT = [
    "counters",
    "grant",
    "--stack",
    "s",
    "--customer",
    CUSTOMER,
    "--limit",
    "100",
    "--period",
    "month",
]


class Deployed(Stack):
    """A stack whose queue is emptied into a tenant's counters whenever somebody asks."""

    tenant: Tenant

    def deliver(self) -> None:
        assert self.tenant.take_bodies(take_all(boto3.client("sqs"), self.queue_url)) == []

    def parts_done(self, rebuild: int) -> int:
        self.deliver()
        return int(self.tenant.client.scard(rebuild_key(TENANT, rebuild)))


@pytest.fixture
def deployed(on_ministack: Ministack, tenant: Tenant) -> Deployed:
    s3, name = boto3.client("s3"), f"rebuild-{uuid4()}"
    url = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    for kind in ("configuration", "ledger"):
        s3.create_bucket(Bucket=f"{name}-{kind}")
    tenant.now_ms = time.time_ns() // 1_000_000
    found = Deployed(url, "nobody", f"{name}-configuration", f"{name}-ledger")
    found.tenant = tenant
    return found


def test_a_lost_customer_is_back_with_one_command(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grant by the operator's command, usage in the ledger, a FLUSHALL, a dry run, a rebuild."""
    tenant, now_ms = deployed.tenant, deployed.tenant.now_ms
    assert main([*GRANT, "--rate", "5", "--burst", "5"], find=lambda _: deployed) == 0
    ledger = Ledger(boto3.client("s3"), deployed.ledger_bucket)
    ledger.append([row(f"now-{i}", now_ms) for i in range(7)], "one")
    ledger.append([row(f"past-{i}", now_ms - 3 * HOUR_MS) for i in range(9)], "two")
    deployed.deliver()
    tenant.client.flushall()
    assert main(["rebuild", "--stack", "s"], find=lambda _: deployed) == 0
    assert "dry run" in capsys.readouterr().out
    deployed.deliver()
    assert not tenant.keys()

    assert main(["rebuild", "--stack", "s", "--yes"], find=lambda _: deployed) == 0

    assert "the counters are open" in capsys.readouterr().out
    deployed.deliver()
    assert tenant.client.get(tenant_key(TENANT, "generation"))
    counted = 16 if tenant.allowance().start_ms <= now_ms - 3 * HOUR_MS else 7
    assert tenant.used() == counted
    assert tenant.allowance().limit == 100
