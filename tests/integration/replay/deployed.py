"""The state machine with its real functions on ministack, and a forwarder that is played.

What the forwarder does is put into the ledger, as it would; its book counts each key once, as Aforo
does. Any of the functions can be told to die, by kill -9, after one of its calls to AWS.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import message, record
from tests.fakes.settled_row import settled_row
from tests.integration.replay.conftest import Surroundings, make_surroundings
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.ministack import Ministack
from tests.local.waiting import until
from tests.statemachine.definition import filled_in
from tests.statemachine.execution import path_of
from tests.template.stack import functions, template, variables

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

PACKAGE = Path(__file__).parents[3] / "functions"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FINISHED_SECONDS = 200  # a forwarder that met an outage waits for up to a minute at a time
CLAIM_SECONDS = 2  # 240 on AWS: here what a killed round had claimed is waited for
FAILING_CUSTOMER = "cus_gone"
PARTS = ("start", "queue_round", "quarantine_round", "report")
# As in the template: a forwarder begins no post that could not end within its own.
TIMEOUTS = {"forwarder": 120, "start": 300, "queue_round": 120, "quarantine_round": 300}
# `DOOM` is a folder; a file there, named for a part, holds after which call to AWS it dies: the
# operation, and the how manieth of an invocation; or `begin`. One line for each life, in order.
# Beside it stands what was called.
DOOMED = """
import collections, importlib, os, pathlib, signal, threading
import botocore.client
PART = os.environ["PART"]
DOOM = pathlib.Path(os.environ["DOOM"]) / PART
REAL = botocore.client.BaseClient._make_api_call
calls = collections.Counter()
# The ledger is read by ten threads: each call has its own number, whoever else is counting.
counting = threading.Lock()

def doomed(self, operation, parameters):
    answer = REAL(self, operation, parameters)
    with counting:
        calls[operation] += 1
        with DOOM.with_suffix(".made").open("a") as book:
            book.write(operation + chr(10))
        die(f"{operation} {calls[operation]}")
    return answer

def die(moment):
    lives = DOOM.read_text().splitlines() if DOOM.exists() else []
    if lives[:1] == [moment]:
        DOOM.write_text(chr(10).join(lives[1:])) if lives[1:] else DOOM.unlink()
        os.kill(os.getpid(), signal.SIGKILL)

botocore.client.BaseClient._make_api_call = doomed

def handler(event, context):
    calls.clear()
    die("begin")
    return importlib.import_module("functions.replay." + PART).handler(event, context)
"""


def artifact() -> bytes:
    """Our packages; what they import is the emulator's own interpreter's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("doomed.py", DOOMED)
        # Without it a package of that name that is installed would be imported instead.
        archive.write(PACKAGE / "__init__.py", "functions/__init__.py")
        for part in ("usage", "adapters", "replay", "metering", "forwarder"):
            for file in (PACKAGE / part).rglob("*.py"):
                archive.write(file, file.relative_to(PACKAGE.parent))
    return packed.getvalue()


@dataclass
class Deployed:
    """The machine, and a forwarder that confirms what reaches UsageQueue."""

    aws: Surroundings
    aforo_url: str
    quarantine: str
    doom: Path
    book: Counter[str] = field(default_factory=Counter)
    rounds: int = 250  # of an execution, before it hands on what remains
    events_of_a_part: int = 500_000
    has_forwarder: bool = False  # a real one, behind UsageQueue; Aforo's stand-in has the book

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        self._role = _role(self.aws.bucket[:40])
        self.values = self._substitutions()
        self.definition: dict[str, Any] = filled_in(self.values)
        self.machine_arn = self.machine(self.definition)

    def machine(self, definition: Mapping[str, Any]) -> str:
        """A state machine with these functions and queues."""
        return self.sfn.create_state_machine(
            name=f"replay-{uuid4().hex}", definition=json.dumps(definition), roleArn=self._role
        )["stateMachineArn"]

    def run(self, name: str, order: object, *, machine: str = "") -> dict[str, Any]:
        """The output of an execution that has succeeded."""
        found = self.ended(self.start(name, order, machine=machine))
        assert found["status"] == "SUCCEEDED", (found.get("error"), found.get("cause"))
        output: dict[str, Any] = json.loads(found["output"])
        return output

    def start(self, name: str, order: object, *, machine: str = "") -> str:
        return self.sfn.start_execution(
            stateMachineArn=machine or self.machine_arn, name=name, input=json.dumps(order)
        )["executionArn"]

    def ended(self, arn: str) -> Any:
        """The description of an execution when it has ended; the forwarder works meanwhile."""

        def look() -> Any:
            self.forward()
            found = self.sfn.describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        return until(look, FINISHED_SECONDS)

    def path(self, arn: str) -> list[str]:
        return path_of(self.sfn, arn)

    def forward(self) -> None:
        """What the forwarder does: book, ledger, what fails set aside again."""
        if self.has_forwarder:
            return
        for one in self.aws.sent():
            replay_id = one.get("replayId", "")
            failing = [e for e in one["events"] if e["customerId"] == FAILING_CUSTOMER]
            if failing:
                self.aws.set_aside(message(failing, record("config", replay_id)))
            taken = [event for event in one["events"] if event not in failing]
            self.book.update(
                {e["idempotencyKey"] for e in taken if e["idempotencyKey"] not in self.book}
            )
            self.aws.write_ledger(
                _row(event, replay_id, is_failing=event in failing) for event in one["events"]
            )

    def _substitutions(self) -> dict[str, str]:
        code = artifact()
        environment = self._environment()
        metering = self._function(
            "metering", "functions.metering.handler.handler", code, environment
        )
        environment["METERING_FUNCTION_ARN"] = metering
        if self.has_forwarder:
            self._start_forwarder(code, environment)
        arns = {
            part: self._function(part, "doomed.handler", code, {**environment, "PART": part})
            for part in PARTS
        }
        topic = boto3.client("sns").create_topic(Name=self.aws.bucket)
        return {
            **{
                f"Replay{part.title().replace('_', '')}FunctionArn": arn
                for part, arn in arns.items()
            },
            "ReplayReportTopicArn": topic["TopicArn"],
            "Partition": "aws",
        }

    def _start_forwarder(self, code: bytes, environment: dict[str, str]) -> None:
        given = variables(functions()["ForwarderFunction"])
        # What is no queue, bucket or address of ours is as the template has it.
        ours = {name: _value(found) for name, found in given.items()} | environment
        arn = self._function("forwarder", "functions.forwarder.handler.handler", code, ours)
        names = {"AttributeNames": ["QueueArn"]}
        found = self.aws.sqs.get_queue_attributes(QueueUrl=self.aws.usage_url, **names)  # type: ignore[arg-type]
        boto3.client("lambda").create_event_source_mapping(
            FunctionName=arn,
            EventSourceArn=found["Attributes"]["QueueArn"],
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

    def _environment(self) -> dict[str, str]:
        secret = boto3.client("secretsmanager").create_secret(
            Name=self.aws.bucket, SecretString=json.dumps({"apiKey": DEFAULT_API_KEY})
        )
        return {
            "USAGE_QUEUE_URL": self.aws.usage_url,
            "USAGE_DEAD_LETTER_QUEUE_URL": self.aws.usage_dead_letter_url,
            "SETTLED_USAGE_QUEUE_URL": self.aws.settled_url,
            "COUNTER_DEAD_LETTER_QUEUE_URL": self.aws.counter_dead_letter_url,
            "LEDGER_BUCKET": self.aws.bucket,
            "QUARANTINE_BUCKET": self.quarantine,
            "CONFIGURATION_BUCKET": self.quarantine,
            # Nobody kills rounds beside a real forwarder; a claim may take more than 2 s here.
            "CLAIM_SECONDS": "240" if self.has_forwarder else str(CLAIM_SECONDS),
            "ROUNDS_OF_AN_EXECUTION": str(self.rounds),
            "EVENTS_OF_A_PART": str(self.events_of_a_part),
            "DEDUP_WINDOW_SECONDS": "86400",
            "AFORO_BASE_URL": self.aforo_url,
            "AFORO_ALLOWED_HOSTS": "ingest.aforo.ai",
            "AFORO_TENANT_ID": DEFAULT_TENANT,
            "AFORO_SECRET_ARN": secret["ARN"],
            # All of what Aforo takes for each process: 100,000 events are to take minutes.
            "FORWARDER_CONCURRENCY": "1",
            "AFORO_EVENTS_PER_MINUTE": "1000000",
            "DOOM": str(self.doom),
        }

    def _function(
        self, part: str, handler: str, code: bytes, environment: Mapping[str, str]
    ) -> str:
        return boto3.client("lambda").create_function(
            FunctionName=f"{self.aws.bucket[:40]}-{part}",
            Runtime="python3.13",
            Role=self._role,
            Handler=handler,
            Code={"ZipFile": code},
            Timeout=TIMEOUTS.get(part, 60),
            Environment={"Variables": dict(environment)},
        )["FunctionArn"]


@contextmanager
def deployed_replay(
    emulator: Ministack,
    aforo_url: str,
    folder: Path,
    *,
    has_forwarder: bool = False,
    rounds: int = 250,
    events_of_a_part: int = 500_000,
) -> Iterator[Deployed]:
    """The machine on an emulator, with queues, buckets and functions of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.env.items():
            patch.setenv(name, value)
        quarantine = f"quarantine-{uuid4()}"
        boto3.client("s3").create_bucket(Bucket=quarantine)
        yield Deployed(
            make_surroundings(),
            aforo_url,
            quarantine,
            folder,
            rounds=rounds,
            events_of_a_part=events_of_a_part,
            has_forwarder=has_forwarder,
        )


def _row(one: Mapping[str, Any], replay_id: str, *, is_failing: bool) -> LedgerRow:
    failing = {"outcome": "set_aside", "setAsideClass": "config"} if is_failing else {}
    return settled_row(
        one["idempotencyKey"],
        one["occurredAt"],
        customerId=one["customerId"],
        quantity=one["quantity"],
        replayId=replay_id,
        **failing,
    )


def _value(found: object) -> str:
    """A literal of the template, or the default of the parameter that it refers to."""
    name = found.get("Ref") if isinstance(found, dict) else None
    parameter = template()["Parameters"].get(name, {})
    return found if isinstance(found, str) else str(parameter.get("Default", "-"))


def _role(name: str) -> str:
    iam = boto3.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]})
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    arn: str = role["Role"]["Arn"]
    return arn
