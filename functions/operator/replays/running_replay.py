"""Executions of the replay state machine: started, watched to their end, stopped, listed.

The machine does the replay; whoever watches may leave at any time, and nothing changes.
"""

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment
from functions.replay.decision_name import decision_key
from functions.usage.errors import Permanent
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

POLL_SECONDS = 0.5


class ReplayEnd(NamedTuple):
    """How an execution ended: its output, or the error of a failed one."""

    status: str
    output: dict[str, object]
    error: str
    cause: str


class Replays:
    """The replays of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._machine = deployment.output("ReplayStateMachineArn")
        session = aws_session(deployment.region)
        self._client = session.client("stepfunctions")
        self._s3 = session.client("s3")
        self._deployment = deployment

    def decide(self, name: str, text: str) -> None:
        """Put the decision to send what is ambiguous, of the replay of that name and input."""
        self._s3.put_object(
            Bucket=self._deployment.output("LedgerBucketName"),
            Key=decision_key(name),
            Body=text.encode(),
            ContentType="application/json",
        )

    def start(self, name: str, text: str) -> str:
        """The execution's ARN."""
        try:
            return self._client.start_execution(
                stateMachineArn=self._machine, name=name, input=text
            )["executionArn"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ExecutionAlreadyExists":
                raise Permanent(f"--name {name}: a replay of this name ran: give another") from None
            if code == "InvalidName":
                fix = "give letters, digits, - and _, at most 80"
                raise Permanent(f"--name {name}: {fix}") from None
            raise

    def arn_of(self, replay: str) -> str:
        """A replay's id is its execution's name; an ARN is taken as it is."""
        if replay.startswith("arn:"):
            return replay
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{replay}"

    def newest(self) -> str:
        """The ARN of the one that was started last."""
        for row in self.rows(1):
            return self.arn_of(str(row["replayId"]))
        raise Permanent("REPLAY: none was started yet: `aforo-metering replay start` does")

    def entered_states(self, arn: str) -> Iterator[str]:
        """The states of an execution, as they are entered, until it ends."""
        seen = 0
        while True:
            is_running = self._described(arn)["status"] == "RUNNING"
            pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
            events = [event for page in pages for event in page["events"]]
            for event in events[seen:]:
                if details := event.get("stateEnteredEventDetails"):
                    yield details["name"]
            seen = len(events)
            if not is_running:
                return
            time.sleep(POLL_SECONDS)

    def end_of(self, arn: str) -> ReplayEnd:
        """Of an execution that does not run any more."""
        found = self._described(arn)
        output = json.loads(found["output"]) if "output" in found else {}
        return ReplayEnd(found["status"], output, found.get("error", ""), found.get("cause", ""))

    def stop(self, arn: str, why: str) -> str:
        """The status that it had before."""
        status = self._described(arn)["status"]
        if status == "RUNNING":
            self._client.stop_execution(executionArn=arn, error="Stopped", cause=why)
        return status

    def rows(self, most: int) -> Iterator[dict[str, object]]:
        """The last ones, newest first."""
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._machine, PaginationConfig={"PageSize": min(most, 1000)}
        )
        for one in islice((one for page in pages for one in page["executions"]), most):
            yield {
                "replayId": one["name"],
                "status": one["status"],
                "startedAt": _iso(one["startDate"]),
                "endedAt": _iso(one["stopDate"]) if "stopDate" in one else None,
            }

    def _described(self, arn: str) -> "DescribeExecutionOutputTypeDef":
        try:
            return self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ExecutionDoesNotExist", "InvalidArn"}:
                raise
            name = arn.rpartition(":")[2]
            message = f"REPLAY {name}: no replay has this id: `aforo-metering replay list` has them"
            raise Permanent(message) from None


def _iso(moment: "datetime") -> str:
    return iso_from_epoch_ms(int(moment.timestamp() * 1000))
