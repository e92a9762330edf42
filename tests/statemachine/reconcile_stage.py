"""A stage for the reconcile state machine: a real one on ministack, log groups of its own, and
three Lambda functions that answer from a script and write down what they were asked.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import yaml

from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.statemachine.actors import Actors, Script
from tests.statemachine.execution import Execution, finished

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_stepfunctions.client import SFNClient

FILE = Path(__file__).parents[2] / "statemachine" / "reconcile.asl.yaml"
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
METER = "api_calls"
# The reconcile machine names its steps; a fetch has no name.
STEP = 'next((name for name in ("listSources", "due", "apply") if name in event), "ask")'


def machine() -> dict[str, Any]:
    """The definition as parsed; substitutions stand as they are written."""
    parsed: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return parsed


@dataclass
class ReconcileStage:
    """One machine, started by hand. `groups` are log groups that exist."""

    folder: Path
    script: Script
    groups: Sequence[str] = ()
    substitutions: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._sfn: SFNClient = boto3.client("stepfunctions")
        self._logs: CloudWatchLogsClient = boto3.client("logs")
        self.name = f"reconcile-{uuid4().hex[:12]}"
        for group in self.groups:
            self._logs.create_log_group(logGroupName=group)
        self._actors = Actors(self.name, self.folder, self.script, STEP)
        role = self._actors.role()
        self.substitutions = {
            "Partition": "aws",
            "QuotaMeter": METER,
            "CustomersPerReconcile": "50",
            "MeteringFunctionArn": self._actors.hire("metering", role),
            "ReconciliationFunctionArn": self._actors.hire("inside", role),
            "ReconciliationFetchFunctionArn": self._actors.hire("outside", role),
        }
        text = SUBSTITUTION.sub(
            lambda found: self.substitutions[found[1]], FILE.read_text(encoding="utf-8")
        )
        # STANDARD here for the path in its history: EXPRESS on AWS keeps none, and runs the same.
        self.arn = self._sfn.create_state_machine(
            name=self.name, definition=json.dumps(yaml.safe_load(text)), roleArn=role
        )["stateMachineArn"]

    def run(self) -> Execution:
        """One execution, to its end."""
        arn = self._sfn.start_execution(stateMachineArn=self.arn, input="{}")["executionArn"]
        return finished(self._sfn, arn)

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What the functions were asked, in order."""
        return self._actors.asked(step)

    def heartbeat_lines(self, group: str) -> list[str]:
        """The lines of a group's heartbeat stream."""
        found = self._logs.get_log_events(
            logGroupName=group, logStreamName=HEARTBEAT_STREAM, startFromHead=True
        )
        return [event["message"] for event in found["events"]]
