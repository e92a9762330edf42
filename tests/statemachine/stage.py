"""A stage for the replay state machine: a real one on ministack, and three Lambda functions that
answer from a script and write down what they were asked.
"""

import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from tests.statemachine.definition import broken_at, filled_in

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

TRUST = {"Version": "2012-10-17", "Statement": []}  # the emulator asks only that it exists
FINISHED_SECONDS = 60
# `raise` in an answer raises; the last answer of a step is given for ever.
ACTOR = """
import json, pathlib
def handler(event, context):
    step = event.get("step", "probe")
    book = pathlib.Path(BOOK) / (step + ".jsonl")
    played = len(book.read_text().splitlines()) if book.exists() else 0
    with book.open("a") as page:
        page.write(json.dumps({**event, "function": context.function_name}) + chr(10))
    print("played", step, played)  # a silent handler costs 50 ms in the emulator
    answers = SCRIPT[step]
    answer = answers[min(played, len(answers) - 1)]
    if "raise" in answer:
        raise RuntimeError(answer["raise"])
    return answer
"""

type Script = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass
class Execution:
    """One that has ended."""

    status: str
    path: list[str]
    output: dict[str, Any]
    error: str
    cause: str


@dataclass
class Stage:
    """A state machine of its own, its queue, its topic with a queue behind it, and its actors."""

    folder: Path
    script: Script
    limits: Mapping[str, str] = field(default_factory=dict)
    broken: str = ""  # a task whose call cannot succeed

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        self._sqs = boto3.client("sqs")
        self.name = f"stage-{uuid4().hex[:12]}"
        self.queue_url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        self.notices_url = self._sqs.create_queue(QueueName=f"{self.name}-notices")["QueueUrl"]
        self._role = boto3.client("iam").create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        definition = broken_at(self.broken, filled_in(self._substitutions(), self.limits))
        self.arn = self.sfn.create_state_machine(
            name=self.name, definition=definition, roleArn=self._role
        )["stateMachineArn"]

    def put_messages(self, number: int) -> None:
        for _ in range(number):
            self._sqs.send_message(QueueUrl=self.queue_url, MessageBody="{}")

    def start(self, order: object, name: str | None = None) -> str:
        started = self.sfn.start_execution(
            stateMachineArn=self.arn, input=json.dumps(order), name=name or f"run-{uuid4().hex}"
        )
        return started["executionArn"]

    def wait_until(self, execution_arn: str, state: str) -> None:
        """Until the execution has entered a state."""
        deadline = time.monotonic() + FINISHED_SECONDS
        while state not in self.path(execution_arn):
            assert time.monotonic() < deadline, (
                f"{state} is not reached: {self.path(execution_arn)}"
            )
            time.sleep(0.02)

    def finished(self, execution_arn: str) -> Execution:
        """The execution, once it has ended."""
        deadline = time.monotonic() + FINISHED_SECONDS
        while (found := self.sfn.describe_execution(executionArn=execution_arn))[
            "status"
        ] == "RUNNING":
            assert time.monotonic() < deadline, f"still at {self.path(execution_arn)[-1]}"
            time.sleep(0.02)
        return Execution(
            status=found["status"],
            path=self.path(execution_arn),
            output=json.loads(found.get("output") or "{}"),
            error=found.get("error") or "",
            cause=found.get("cause") or "",
        )

    def path(self, execution_arn: str) -> list[str]:
        """The states entered, in order."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def failures(self, execution_arn: str) -> int:
        """How often a task's call failed."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return sum(event["type"] == "TaskFailed" for page in pages for event in page["events"])

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What the actors were asked, in order."""
        book = self.folder / f"{step}.jsonl"
        return [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []

    def notices(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self.notices_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def drop_topic(self) -> None:
        boto3.client("sns").delete_topic(TopicArn=self.topic_arn)

    def _substitutions(self) -> dict[str, str]:
        self.topic_arn = boto3.client("sns").create_topic(Name=self.name)["TopicArn"]
        boto3.client("sns").subscribe(
            TopicArn=self.topic_arn, Protocol="sqs", Endpoint=self._open_notices()
        )
        return {
            **{
                f"Replay{part}FunctionArn": self._actor(part)
                for part in ("Probe", "Move", "MeterAgain", "Report")
            },
            "UnforwardedUsageQueueUrl": self.queue_url,
            "UnreconciledUsageQueueUrl": self.queue_url,
            "ReplayReportTopicArn": self.topic_arn,
        }

    def _open_notices(self) -> str:
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self.notices_url, AttributeNames=["QueueArn"]
        )
        arn = attributes["Attributes"]["QueueArn"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=self.notices_url, Attributes={"Policy": policy})
        return arn

    def _actor(self, part: str) -> str:
        code = f"BOOK = {str(self.folder)!r}\nSCRIPT = {dict(self.script)!r}\n{ACTOR}"
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("actor.py", code)
        created = boto3.client("lambda").create_function(
            FunctionName=f"{self.name}-{part}",
            Runtime="python3.13",
            Role=self._role,
            Handler="actor.handler",
            Code={"ZipFile": packed.getvalue()},
            Timeout=10,
        )
        return created["FunctionArn"]
