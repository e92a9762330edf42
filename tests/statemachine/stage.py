"""A stage for the state machines of replay and audit: a real one on ministack, and Lambda functions
that answer from a script and write down what they were asked.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import boto3

from tests.fakes.topic_queue import make_topic
from tests.local.waiting import until
from tests.statemachine.actors import Actors, Script
from tests.statemachine.definition import AUDIT, FILE, broken_at, filled_in
from tests.statemachine.execution import FINISHED_SECONDS, Execution, finished, path_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class Play(NamedTuple):
    """A definition; what it calls its functions, with their parts' names; and how a function knows
    which step it is.
    """

    file: Path
    functions: Mapping[str, str]
    step: str


REPLAY_PLAY = Play(
    FILE,
    {
        f"Replay{part}FunctionArn": part
        for part in ("Start", "QueueRound", "QuarantineRound", "Report")
    },
    # Only the start is given the input, and only the report the trouble.
    '"start" if "input" in event else "report" if "trouble" in event else "round"',
)
AUDIT_PLAY = Play(AUDIT, {"AuditStepFunctionArn": "step"}, 'event["step"]')


@dataclass
class Stage:
    """A state machine of its own, its topic with a queue behind it, and its actors."""

    folder: Path
    script: Script
    broken: str = ""  # a task whose call cannot succeed
    play: Play = REPLAY_PLAY

    def __post_init__(self) -> None:
        self.sfn: SFNClient = boto3.client("stepfunctions")
        self._sqs = boto3.client("sqs")
        self.name = f"stage-{uuid4().hex[:12]}"
        self.notices_url = self._sqs.create_queue(QueueName=f"{self.name}-notices")["QueueUrl"]
        self._actors = Actors(self.name, self.folder, self.script, self.play.step)
        self._role = self._actors.role()
        definition = filled_in(self._substitutions(), self.play.file)
        if self.broken:
            definition = broken_at(self.broken, definition)
        self.arn = self.sfn.create_state_machine(
            name=self.name, definition=json.dumps(definition), roleArn=self._role
        )["stateMachineArn"]

    def start(self, order: object, name: str | None = None) -> str:
        started = self.sfn.start_execution(
            stateMachineArn=self.arn, input=json.dumps(order), name=name or f"run-{uuid4().hex}"
        )
        return started["executionArn"]

    def wait_until(self, execution_arn: str, state: str) -> None:
        """Until the execution has entered a state."""

        def is_there() -> bool:
            return state in self.path(execution_arn)

        until(is_there, FINISHED_SECONDS, what=lambda: self.path(execution_arn))

    def finished(self, execution_arn: str) -> Execution:
        """The execution, once it has ended."""
        return finished(self.sfn, execution_arn)

    def path(self, execution_arn: str) -> list[str]:
        """The states entered, in order."""
        return path_of(self.sfn, execution_arn)

    def failures(self, execution_arn: str) -> int:
        """How often a task's call failed."""
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        return sum(event["type"] == "TaskFailed" for page in pages for event in page["events"])

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What the actors were asked, in order."""
        return self._actors.asked(step)

    def notices(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self.notices_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    def drop_topic(self) -> None:
        boto3.client("sns").delete_topic(TopicArn=self.topic_arn)

    def _substitutions(self) -> dict[str, str]:
        self.topic_arn = make_topic(self.name, self.notices_url)
        return {
            **{
                name: self._actors.hire(part, self._role)
                for name, part in self.play.functions.items()
            },
            "ReplayReportTopicArn": self.topic_arn,
            "Partition": "aws",
        }
