"""The state machine with its real functions, on ministack, with Aforo away when it starts.

Only the forwarder is played: what it does is put into the ledger, as it would.
"""

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from functions.usage.ledger_row import LedgerRow
from tests.fakes.unforwarded import event, message, record
from tests.integration.replay.conftest import Surroundings
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.aforo.standin import AforoStandIn, running_standin
from tests.statemachine.definition import filled_in

PACKAGE = Path(__file__).parents[3] / "functions"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FINISHED_SECONDS = 60


def artifact() -> bytes:
    """Our packages; what they import is the emulator's own interpreter's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in ("usage", "adapters", "replay"):
            for file in (PACKAGE / part).rglob("*.py"):
                archive.write(file, file.relative_to(PACKAGE.parent))
    return packed.getvalue()


@dataclass
class Deployed:
    """The machine, and a forwarder that confirms what reaches UsageQueue."""

    aws: Surroundings
    machine_arn: str

    def run(self, name: str, order: object) -> dict[str, Any]:
        sfn = boto3.client("stepfunctions")
        arn = sfn.start_execution(
            stateMachineArn=self.machine_arn, name=name, input=json.dumps(order)
        )["executionArn"]
        deadline = time.monotonic() + FINISHED_SECONDS
        while (found := sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            self._forward(failing_customer="cus_gone")
            time.sleep(0.1)
        assert found["status"] == "SUCCEEDED", (found.get("error"), found.get("cause"))
        output: dict[str, Any] = json.loads(found["output"])
        return output

    def _forward(self, failing_customer: str) -> None:
        for one in self.aws.sent():
            failing = [e for e in one["events"] if e["customerId"] == failing_customer]
            if failing:
                self.aws.set_aside(message(failing, record("config", one.get("replayId", ""))))
            self.aws.write_ledger(
                _row(e, one.get("replayId", ""), e in failing) for e in one["events"]
            )


def _row(one: Mapping[str, Any], replay_id: str, is_failing: bool) -> LedgerRow:  # noqa: FBT001
    row: LedgerRow = {
        "key": one["idempotencyKey"],
        "customerId": one["customerId"],
        "meter": "api_calls",
        "quantity": one["quantity"],
        "occurredAt": one["occurredAt"],
        "outcome": "set_aside" if is_failing else "confirmed",
        "verified": True,
        "replayId": replay_id,
        "meteredAt": one["occurredAt"],
        "queuedAt": one["occurredAt"],
        "settledAt": one["occurredAt"],
    }
    return {**row, "setAsideClass": "config"} if is_failing else row


@pytest.fixture
def aforo() -> Iterator[AforoStandIn]:
    with running_standin() as standin:
        yield standin


@pytest.fixture
def deployed(aws: Surroundings, aforo: AforoStandIn) -> Deployed:
    role = boto3.client("iam").create_role(
        RoleName=aws.bucket[:40], AssumeRolePolicyDocument=json.dumps({"Statement": []})
    )["Role"]
    boto3.client("iam").put_role_policy(
        RoleName=role["RoleName"],
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]}),
    )
    secret = boto3.client("secretsmanager").create_secret(
        Name=aws.bucket, SecretString=json.dumps({"apiKey": DEFAULT_API_KEY})
    )
    environment = {
        "USAGE_QUEUE_URL": aws.usage_url,
        "UNFORWARDED_USAGE_QUEUE_URL": aws.unforwarded_url,
        "LEDGER_BUCKET": aws.bucket,
        "AFORO_BASE_URL": aforo.url,
        "AFORO_ALLOWED_HOSTS": "ingest.aforo.ai",
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": secret["ARN"],
    }
    code, names = artifact(), ("probe", "move", "report")
    arns = {
        name: boto3.client("lambda").create_function(
            FunctionName=f"{aws.bucket[:40]}-{name}",
            Runtime="python3.13",
            Role=role["Arn"],
            Handler=f"functions.replay.{name}.handler",
            Code={"ZipFile": code},
            Timeout=60,
            Environment={"Variables": environment},
        )["FunctionArn"]
        for name in names
    }
    topic = boto3.client("sns").create_topic(Name=aws.bucket)
    values = {
        **{f"Replay{name.title()}FunctionArn": arn for name, arn in arns.items()},
        "UnforwardedUsageQueueUrl": aws.unforwarded_url,
        "ReplayReportTopicArn": topic["TopicArn"],
    }
    machine = boto3.client("stepfunctions").create_state_machine(
        name=aws.bucket[:60], definition=filled_in(values, {}), roleArn=role["Arn"]
    )
    return Deployed(aws, machine["stateMachineArn"])


def test_a_replay_waits_for_aforo_moves_everything_once_and_reports(
    deployed: Deployed, aws: Surroundings, aforo: AforoStandIn
) -> None:
    """And the same again changes nothing: only what still fails is taken once more."""
    aws.set_aside(*(message([event(n), event(n + 100)], record()) for n in range(12)))
    aws.set_aside(message([event(200, customer="cus_gone")], record()))
    aws.set_aside(message([event(300)], record("poison")), message([event(400)]), "not a message")
    dry = deployed.run("dry", {"dryRun": True, "eventsPerSecond": 1000.5, "maxMessages": 100})
    assert dry["outcome"] == "dry_run_finished"
    assert dry["report"]["events"]["replayed"] == 26

    outage = {"kind": "status", "status": 503, "retry_after": "1"}
    httpx.post(f"{aforo.url}/_faults", json={"faults": [outage]}).raise_for_status()
    threading.Timer(2.5, lambda: httpx.delete(f"{aforo.url}/_faults")).start()
    first = deployed.run("first", {"Comment": "by hand", "maxMessages": 100})["report"]
    assert first["events"] == {
        "sent": 26,
        "replayed": 25,
        "alreadyConfirmed": 0,
        "stillFailing": 1,
        "parked": 0,
        "outstanding": 0,
    }
    assert first["messages"]["waitingAtStart"] == 16
    assert first["messages"]["moved"] == 14
    assert first["messages"]["waitingNow"] == 3

    second = deployed.run("second", {})["report"]
    assert (second["events"]["sent"], second["events"]["stillFailing"]) == (1, 1)
    assert second["events"]["replayed"] == 0
    assert second["messages"]["waitingNow"] == 3
