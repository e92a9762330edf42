"""A stage for the audit state machine: a real one on ministack, and a Lambda function that answers
from a script and writes down what it was asked.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3

from tests.fakes.topic_queue import make_topic
from tests.local.waiting import until
from tests.statemachine.actors import Actors, Script
from tests.statemachine.definition import AUDIT, broken_at, filled_in
from tests.statemachine.execution import FINISHED_SECONDS, Execution, finished, path_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


@dataclass
class AuditStage:
    """A state machine of its own, and its topic with a queue behind it."""

    folder: Path
    script: Script
    broken: str = ""  # a task whose call cannot succeed

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        self._sqs = boto3.client("sqs")
        self.name = f"audit-{uuid4().hex[:12]}"
        self.notices_url = self._sqs.create_queue(QueueName=f"{self.name}-notices")["QueueUrl"]
        self.topic_arn = make_topic(self.name, self.notices_url)
        self._actors = Actors(self.name, self.folder, self.script, 'event["step"]')
        role = self._actors.role()
        definition = filled_in(
            {
                "AuditStepFunctionArn": self._actors.hire("step", role),
                "ReplayReportTopicArn": self.topic_arn,
                "Partition": "aws",
            },
            AUDIT,
        )
        if self.broken:
            definition = broken_at(self.broken, definition)
        self.arn = self.sfn.create_state_machine(
            name=self.name, definition=json.dumps(definition), roleArn=role
        )["stateMachineArn"]

    def start(self, order: object, name: str | None = None) -> str:
        started = self.sfn.start_execution(
            stateMachineArn=self.arn, input=json.dumps(order), name=name or f"run-{uuid4().hex}"
        )
        return started["executionArn"]

    def wait_until(self, execution_arn: str, state: str) -> None:
        """Until the execution has entered a state."""

        def is_there() -> bool:
            return state in path_of(self.sfn, execution_arn)

        until(is_there, FINISHED_SECONDS, what=lambda: path_of(self.sfn, execution_arn))

    def finished(self, execution_arn: str) -> Execution:
        """The execution, once it has ended."""
        return finished(self.sfn, execution_arn)

    def failures(self, execution_arn: str) -> int:
        """How often a task's call failed."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return sum(event["type"] == "TaskFailed" for page in pages for event in page["events"])

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What the function was asked, in order."""
        return self._actors.asked(step)

    def notices(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self.notices_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def drop_topic(self) -> None:
        boto3.client("sns").delete_topic(TopicArn=self.topic_arn)
