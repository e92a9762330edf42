"""`customers plan | apply | export | import` against real services and real counters."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.operator.command_line import main
from functions.operator.counter_commands.register import Register
from functions.operator.counter_commands.stack import Stack
from functions.operator.customers.gateway_keys import sha256_of
from functions.reconciliation.in_force import InForceQuestion, StatedInForce
from functions.usage.quota import Status, identity_key, state_key
from tests.integration.reconciliation.tenant import TENANT, Tenant, event
from tests.local.ministack import Ministack

VALUE = "the-value-of-a-key-of-api-gateway"
FILE = """plans:
  silver:
    grants: [{limit: 100, period: month, ratePerSecond: 10, burst: 20}]
customers:
- {customerId: cus_a, plan: silver, apiKeys: [{keyId: k1, sha256: %s}]}
- {customerId: cus_b, plan: silver, standing: suspended, whenUnknown: allow}
""" % ("ab" * 32)


class Deployed(Stack):
    """A stack whose queue is carried out by reconciliation in this process, when it is asked."""

    tenants: dict[str, Tenant] = {}  # noqa: RUF012 - by queue

    def in_force(self, question: Mapping[str, object]) -> str:
        tenant = self.tenants[self.queue_url]
        deliver(tenant, self.queue_url)
        asked = InForceQuestion.model_validate(json.loads(json.dumps(question)))
        return json.dumps(StatedInForce(tenant.client, TENANT, lambda: tenant.now_ms).find(asked))


def deliver(tenant: Tenant, queue_url: str) -> None:
    """What waits in the queue, as Lambda would; what is not done stays."""
    sqs = boto3.client("sqs")
    while found := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        failed = {int(at) for at in tenant.take_bodies([one["Body"] for one in found])}
        for at, one in enumerate(found):
            if at not in failed:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=one["ReceiptHandle"])


@pytest.fixture
def stack(on_ministack: Ministack, tenant: Tenant) -> Iterator[Deployed]:
    """One with nobody in it."""
    name = f"customers-{uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=name)
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    Deployed.tenants[queue] = tenant
    yield Deployed(queue, "function", name, "ledger")
    del Deployed.tenants[queue]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "customers.yaml"
    made.write_text(FILE)
    return made


def run(stack: Stack, *words: object) -> int:
    return main(["customers", *map(str, words), "--stack", "s"], find=lambda _: stack)


def registered(stack: Stack) -> list[str]:
    found = Register(boto3.client("s3"), stack.configuration_bucket).commands()
    return sorted(one.kind for one in found)


def test_applied_it_is_in_force_and_in_the_register(
    stack: Deployed, tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And applied again it says so, and sends nothing."""
    assert run(stack, "apply", file) == 0
    assert "all in force" in capsys.readouterr().out
    assert tenant.state("cus_a").current is not None
    assert tenant.state("cus_b").status is Status.SUSPENDED
    assert tenant.state("cus_b").allow_when_unknown is True
    assert tenant.client.exists(identity_key(TENANT, "ab" * 32))
    assert registered(stack) == ["credential", "grant", "grant", "status"]
    assert run(stack, "apply", file) == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_a_plan_changes_nothing(
    stack: Deployed, tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It tells what would change."""
    assert run(stack, "plan", file, "--format", "json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["change"] for row in rows] == ["add"] * 5
    assert (registered(stack), tenant.keys()) == ([], set())


def test_what_takes_calls_away_wants_a_yes(
    stack: Deployed, tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit below what is used, told with both figures; nothing else of the file is sent."""
    assert run(stack, "apply", file) == 0
    tenant.now_ms += 10**11
    tenant.settle(*(event(f"e{i}", tenant.now_ms, customer="cus_a") for i in range(7)))
    before = registered(stack)
    file.write_text(FILE.replace("limit: 100", "limit: 6"))
    assert run(stack, "apply", file) == 2
    told = capsys.readouterr()
    assert "limit 6 is below the 7 used" in told.out
    assert "nothing was sent" in told.err
    assert registered(stack) == before
    assert run(stack, "apply", file, "--yes") == 0
    assert tenant.state("cus_a").allowance_at(tenant.now_ms).limit == 6  # type: ignore[union-attr]


def test_an_export_changes_nothing(
    stack: Deployed, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does its CSV; an export of it is the same again."""
    assert run(stack, "apply", file) == 0
    for name in ("e.yaml", "e.csv"):
        assert run(stack, "export", "--to", tmp_path / name) == 0
        capsys.readouterr()
        assert run(stack, "apply", tmp_path / name, "--all") == 0
        assert capsys.readouterr().out == "nothing to change\n"


def test_who_is_not_in_the_file_is_closed_only_with_all(
    stack: Deployed, tenant: Tenant, file: Path
) -> None:
    """And only with a yes."""
    assert run(stack, "apply", file) == 0
    file.write_text("customers: []\n")
    assert run(stack, "apply", file) == 0
    assert run(stack, "apply", file, "--all") == 2
    assert tenant.state("cus_a").status is Status.ACTIVE
    assert run(stack, "apply", file, "--all", "--yes") == 0
    assert tenant.state("cus_a").status is Status.CLOSED


def test_half_a_file_does_not_close_the_other_half(
    stack: Deployed, tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not with the yes that stands in a pipeline; with their number it does."""
    rows = [f"c{n},100,month,5,10" for n in range(12)]
    whole, half = file.with_name("whole.csv"), file.with_name("half.csv")
    whole.write_text("\n".join(["customerId,limit,period,ratePerSecond,burst", *rows]))
    half.write_text("\n".join(["customerId,limit,period,ratePerSecond,burst", rows[0]]))
    assert run(stack, "apply", whole) == 0
    before = registered(stack)
    assert run(stack, "apply", half, "--all", "--yes") == 2
    assert "11 of 12 customers would be closed: is the file whole?" in capsys.readouterr().err
    assert registered(stack) == before
    assert run(stack, "apply", half, "--all", "--yes", "--close-at-most", 11) == 0
    assert tenant.state("c11").status is Status.CLOSED
    assert tenant.state("c0").status is Status.ACTIVE


def test_two_people_at_once(stack: Deployed, tenant: Tenant, file: Path, tmp_path: Path) -> None:
    """Of each thing one of the two statements stands, in the register and in the counters."""
    other = tmp_path / "other.yaml"
    other.write_text(FILE.replace("limit: 100", "limit: 200"))
    threads = [
        threading.Thread(target=run, args=(stack, "apply", one, "--wait-seconds", 0))
        for one in (file, other)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    deliver(tenant, stack.queue_url)
    stated = Register(boto3.client("s3"), stack.configuration_bucket).commands()
    limits = {one.customer_id: one.limit for one in stated if one.kind == "grant"}
    for who, limit in limits.items():
        assert tenant.client.hget(state_key(TENANT, who), "api_calls:limit") == str(limit)


def test_what_was_not_sent_is_sent_by_the_next(
    stack: Deployed, tenant: Tenant, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The queue was away after the recording: applied again, it says what it sends again."""
    away = replace(stack, queue_url=f"{stack.queue_url}-away")
    Deployed.tenants[away.queue_url] = tenant
    assert run(away, "apply", file) == 2
    assert len(registered(stack)) == 4
    capsys.readouterr()
    assert run(stack, "apply", file) == 0
    assert capsys.readouterr().out.count("recorded, and not in force") == 5
    assert tenant.state("cus_b").status is Status.SUSPENDED


def test_faults_are_told_and_nothing_is_sent(
    stack: Deployed, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them, a line each; also those that only API Gateway or the register knows."""
    file.write_text(FILE.replace("standing: suspended", "standing: no").replace("month", "year"))
    assert run(stack, "apply", file) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert told[-1] == "customers apply: nothing was sent"
    file.write_text("customers:\n- {customerId: c, usagePlanKeyId: nokey123}\n")
    assert run(stack, "apply", file) == 2
    assert "line 2: usagePlanKeyId: API Gateway has no key nokey123" in capsys.readouterr().err
    file.write_text("customers:\n- {customerId: c, usagePlanKeySha256: %s}\n" % ("ab" * 32))
    assert run(stack, "apply", file) == 2
    assert "line 2: usagePlanKeySha256: is not the key that it has" in capsys.readouterr().err


def test_a_command_of_a_newer_version_is_told(
    stack: Deployed, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line: who does not know all that is stated compares nothing with it."""
    key = f"register/status/{'ab' * 16}/{1:016}-{'ab' * 8}.json"
    s3 = boto3.client("s3")
    s3.put_object(Bucket=stack.configuration_bucket, Key=key, Body=b'{"kind":"tomorrow"}')
    try:
        assert run(stack, "plan", file) == 2
    finally:
        s3.delete_object(Bucket=stack.configuration_bucket, Key=key)
    (line,) = capsys.readouterr().err.splitlines()
    assert "a command of the register cannot be read" in line


def usage_plan(**fields: Any) -> str:
    """The id of a new one."""
    made = boto3.client("apigateway").create_usage_plan(name=f"plan-{uuid4().hex[:8]}", **fields)
    return made["id"]


def gateway_key(plan: str, name: str, value: str, **fields: Any) -> str:
    """The id of a new key in a plan."""
    gateway = boto3.client("apigateway")
    key = gateway.create_api_key(name=name, value=value, enabled=True, **fields)["id"]
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    return key


def test_keys_of_usage_plans_are_imported_and_applied(
    stack: Deployed,
    tenant: Tenant,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everybody's key is known by its SHA-256; no value stands in a file or on the screen."""
    throttle, quota = {"rateLimit": 5.0, "burstLimit": 7}, {"limit": 90, "period": "MONTH"}
    plan = usage_plan(throttle=throttle, quota=quota)
    values = [f"{VALUE}-{uuid4().hex}" for _ in range(12)]
    ids = [gateway_key(plan, f"client {i}", value) for i, value in enumerate(values)]
    monkeypatch.setattr(
        "functions.operator.customers.import_command.find_deployment", lambda _: _Region()
    )
    to, map_to = tmp_path / "i.yaml", tmp_path / "map.json"
    words = ["import", "--from-usage-plan", "--usage-plan", plan, "--to", to, "--map", map_to]
    assert main(["customers", *map(str, words)]) == 0
    assert json.loads(map_to.read_text())["customers"][ids[3]] == "client-3"
    assert run(stack, "apply", to) == 0
    for i, value in enumerate(values):
        identity = tenant.client.hgetall(identity_key(TENANT, sha256_of(value)))
        assert identity["customer_id"] == f"client-{i}"
        state = tenant.state(f"client-{i}")
        assert (state.rate_per_second, state.burst) == (5.0, 7)
    assert run(stack, "export") == 0
    told = capsys.readouterr()
    assert VALUE not in told.out + told.err + to.read_text() + map_to.read_text()
    assert run(stack, "apply", to) == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_what_an_import_asks_is_said_where_a_file_has_no_comments(
    on_ministack: Ministack,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a CSV file, on the screen."""
    plan = usage_plan()
    for _ in range(2):
        gateway_key(plan, "twice", f"{VALUE}-{uuid4().hex}")
    monkeypatch.setattr(
        "functions.operator.customers.import_command.find_deployment", lambda _: _Region()
    )
    words = ["import", "--from-usage-plan", "--usage-plan", plan, "--to", tmp_path / "c.csv"]
    assert main(["customers", *map(str, words)]) == 0
    told = capsys.readouterr().out
    assert told.count("several keys are called twice: one customer?") == 2
    assert "look for `#`" not in told


class _Region:
    region = "us-east-1"


def test_a_plan_that_is_not_there_is_named(
    on_ministack: Ministack,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With those that are."""
    known = usage_plan()
    monkeypatch.setattr(
        "functions.operator.customers.import_command.find_deployment", lambda _: _Region()
    )
    words = ["import", "--from-usage-plan", "--usage-plan", "nope", "--to", tmp_path / "c.yaml"]
    assert main(["customers", *map(str, words)]) == 2
    told = capsys.readouterr().err
    assert "--usage-plan nope" in told
    assert known in told
