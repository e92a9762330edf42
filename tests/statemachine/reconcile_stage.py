"""A stage for the reconcile state machine: a real one on ministack, log groups of its own, and two
Lambda functions that answer from a script and write down what they were asked.
"""

import io
import json
import re
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import yaml

from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.statemachine.stage import TRUST, Execution, Script

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_stepfunctions.client import SFNClient

FILE = Path(__file__).parents[2] / "statemachine" / "reconcile.asl.yaml"
FINISHED_SECONDS = 60
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
METER = "api_calls"
# `raise` in an answer raises; the last answer of a step is given for ever.
ACTOR = """
import json, pathlib
def handler(event, context):
    step = next((name for name in ("due", "apply") if name in event), "ask")
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
    metered: Sequence[str] = ()  # of the machine; those that exist, and others
    substitutions: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._sfn: SFNClient = boto3.client("stepfunctions")
        self._logs: CloudWatchLogsClient = boto3.client("logs")
        self.name = f"reconcile-{uuid4().hex[:12]}"
        for group in self.groups:
            self._logs.create_log_group(logGroupName=group)
        self._role = boto3.client("iam").create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        self.substitutions = {
            "MeteredLogGroups": ",".join(self.metered),
            "QuotaMeter": METER,
            "CustomersPerReconcile": "50",
            "ReconciliationFunctionArn": self._actor("inside"),
            "ReconciliationEnquiryFunctionArn": self._actor("outside"),
        }
        text = SUBSTITUTION.sub(
            lambda found: self.substitutions[found[1]], FILE.read_text(encoding="utf-8")
        )
        # STANDARD here for the path in its history: EXPRESS on AWS keeps none, and runs the same.
        self.arn = self._sfn.create_state_machine(
            name=self.name, definition=json.dumps(yaml.safe_load(text)), roleArn=self._role
        )["stateMachineArn"]

    def run(self) -> Execution:
        """One execution, to its end."""
        arn = self._sfn.start_execution(stateMachineArn=self.arn, input="{}")["executionArn"]
        deadline = time.monotonic() + FINISHED_SECONDS
        while (found := self._sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"still at {self._path(arn)[-1]}"
            time.sleep(0.02)
        return Execution(
            status=found["status"],
            path=self._path(arn),
            output=json.loads(found.get("output") or "{}"),
            error=found.get("error") or "",
            cause=found.get("cause") or "",
        )

    def asked(self, step: str) -> list[dict[str, Any]]:
        """What the functions were asked, in order."""
        book = self.folder / f"{step}.jsonl"
        return [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []

    def heartbeat_lines(self, group: str) -> list[str]:
        """The lines of a group's heartbeat stream."""
        found = self._logs.get_log_events(
            logGroupName=group, logStreamName=HEARTBEAT_STREAM, startFromHead=True
        )
        return [event["message"] for event in found["events"]]

    def _path(self, execution_arn: str) -> list[str]:
        pages = self._sfn.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

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
