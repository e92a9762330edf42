"""Executions of one state machine: started, watched to their end, stopped, listed.

The machine does the work; whoever watches may leave at any time, and nothing changes.
"""

import json
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment
from functions.usage.errors import Permanent
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

POLL_SECONDS = 0.5
# A round leaves about ten entries, and as many when its calls had to be tried again.
_LATEST_ENTRIES = 100


class RunKind(NamedTuple):
    """What messages call a run: `command` is its group of subcommands, `one` has its article;
    `output` of a deployment names the state machine.
    """

    command: str
    one: str
    output: str

    @property
    def id_column(self) -> str:
        return f"{self.command}Id"

    def name_now(self) -> str:
        """For a run that nobody has given a name."""
        return f"{self.command}-{time.time_ns() // 1_000_000}"


class RunEnd(NamedTuple):
    """How an execution ended: its output, or the error of a failed one."""

    status: str
    output: dict[str, object]
    error: str
    cause: str

    @property
    def is_success(self) -> bool:
        return self.status == "SUCCEEDED"

    def failure(self) -> dict[str, object]:
        """What is known of one that did not come to its end."""
        said = {"status": self.status, "error": self.error, "cause": self.cause}
        return {name: text for name, text in said.items() if text}


class MachineRuns:
    """The executions of one state machine of one deployment."""

    def __init__(self, deployment: Deployment, kind: RunKind) -> None:
        self.kind = kind
        self.machine = deployment.output(kind.output)
        self._client = aws_session(deployment.region).client("stepfunctions")

    def start(self, name: str, text: str) -> str:
        """The execution's ARN."""
        try:
            return self._client.start_execution(
                stateMachineArn=self.machine, name=name, input=text
            )["executionArn"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ExecutionAlreadyExists":
                ran = f"{self.kind.one} of this name ran"
                raise Permanent(f"--name {name}: {ran}: give another") from None
            if code == "InvalidName":
                fix = "give letters, digits, - and _, at most 80"
                raise Permanent(f"--name {name}: {fix}") from None
            raise

    def arn_of(self, run: str | None) -> str:
        """An id is an execution's name; an ARN is taken as it is. None: the newest."""
        if run is None:
            return self._newest()
        if run.startswith("arn:"):
            return run
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{run}"

    def entered_states(self, arn: str) -> Iterator[str]:
        """The states of an execution, as they are entered, until it ends."""
        seen = 0
        while True:
            is_running = self.is_running(arn)
            pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
            events = [event for page in pages for event in page["events"]]
            for event in events[seen:]:
                if details := event.get("stateEnteredEventDetails"):
                    yield details["name"]
            seen = len(events)
            if not is_running:
                return
            time.sleep(POLL_SECONDS)

    def left_state(self, arn: str, state: str, *, is_first: bool = False) -> Mapping[str, Any]:
        """What a task answered when its state was left last, as far as the latest entries say; or
        first, as the earliest ones say. Empty where it was not left.
        """
        found = self._client.get_execution_history(
            executionArn=arn, reverseOrder=not is_first, maxResults=_LATEST_ENTRIES
        )
        for event in found["events"]:
            left = event.get("stateExitedEventDetails")
            if left and left["name"] == state:
                answer: Mapping[str, Any] = json.loads(left.get("output", "{}")).get("Payload", {})
                return answer
        return {}

    def is_running(self, arn: str) -> bool:
        """Permanent where there is none."""
        return self._described(arn)["status"] == "RUNNING"

    def end_of(self, arn: str) -> RunEnd:
        """Of an execution that does not run any more. Permanent where its input was refused."""
        found = self._described(arn)
        output = json.loads(found["output"]) if "output" in found else {}
        end = RunEnd(found["status"], output, found.get("error", ""), found.get("cause", ""))
        if end.error == "InputRefused":
            raise Permanent(f"the input was refused: {end.cause}")
        return end

    def next_of(self, arn: str) -> str:
        """The execution to which this one handed on what remains; empty: it handed on nothing."""
        output = json.loads(self._described(arn).get("output", "{}"))
        is_handed_on = isinstance(output, dict) and output.get("outcome") == "handed_on"
        return self.arn_of(output["next"]) if is_handed_on else ""

    def stop(self, arn: str, why: str) -> tuple[str, str]:
        """The status that it had before, and the one that it has."""
        before = self._described(arn)["status"]
        if before != "RUNNING":
            return before, before
        try:
            self._client.stop_execution(executionArn=arn, error="Stopped", cause=why)
        except ClientError:
            # It came to its end in between: that is no fault. Whatever else was refused is told.
            after = self._described(arn)["status"]
            if after == "RUNNING":
                raise
            return after, after
        return before, self._described(arn)["status"]

    def rows(self, most: int) -> Iterator[dict[str, object]]:
        """The last ones, newest first."""
        if most < 1:
            raise Permanent("--last: give 1 or more")
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self.machine, PaginationConfig={"PageSize": min(most, 1000)}
        )
        for one in islice((one for page in pages for one in page["executions"]), most):
            yield {
                self.kind.id_column: one["name"],
                "status": one["status"],
                "startedAt": _iso(one["startDate"]),
                "endedAt": _iso(one["stopDate"]) if "stopDate" in one else None,
            }

    def _newest(self) -> str:
        for row in self.rows(1):
            return self.arn_of(str(row[self.kind.id_column]))
        command = self.kind.command
        message = f"{command.upper()}: none was started yet: `aforo-metering {command} start` does"
        raise Permanent(message)

    def _described(self, arn: str) -> "DescribeExecutionOutputTypeDef":
        try:
            return self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ExecutionDoesNotExist", "InvalidArn"}:
                raise
            command, name = self.kind.command, name_of(arn)
            no_such = f"no {command} has this id: `aforo-metering {command} list` has them"
            raise Permanent(f"{command.upper()} {name}: {no_such}") from None


def name_of(arn: str) -> str:
    """The execution's name: what people call it."""
    return arn.rpartition(":")[2]


def _iso(moment: "datetime") -> str:
    return iso_from_epoch_ms(int(moment.timestamp() * 1000))
