"""Replay and audit at work: their functions, and the state machines that call them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.function import Function
from tests.simulation.engine.process import Died, Raised
from tests.simulation.machines.step_functions import Done, StepFunctions
from tests.statemachine.definition import AUDIT as AUDIT_FILE
from tests.statemachine.definition import filled_in
from tests.statemachine.walk import StateFailed

PREFIX = "arn:aws:states:eu-west-1:123456789012:stateMachine:"
REPLAY, AUDIT = f"{PREFIX}aforo-replay", f"{PREFIX}aforo-audit"
_CALLED = {
    "ReplayStartFunctionArn": "replay start",
    "ReplayQueueRoundFunctionArn": "replay queue round",
    "ReplayQuarantineRoundFunctionArn": "replay quarantine round",
    "ReplayReportFunctionArn": "replay report",
    "AuditStepFunctionArn": "audit step",
}


@dataclass
class Calls:
    """What the tasks of the machines call. `functions` are by ARN."""

    functions: Mapping[str, Function]
    notices: list[str] = field(default_factory=list)

    def invoke(self, arguments: Mapping[str, Any], done: Done) -> None:
        """As `lambda:invoke`: what the function raises is the state's error."""
        payload = json.loads(json.dumps(arguments["Payload"]))
        self.functions[arguments["FunctionName"]].call(payload, lambda told: done(_answer(told)))

    def publish(self, arguments: Mapping[str, Any], done: Done) -> None:
        self.notices.append(f"{arguments['Subject']}\n{arguments['Message']}")
        done({"MessageId": str(len(self.notices))})


def _answer(told: object) -> object:
    if isinstance(told, Died):
        return StateFailed(f"Sandbox.{told.why}", "the process died")
    if isinstance(told, Raised):
        return StateFailed(type(told.error).__name__, str(told.error))
    return {"Payload": json.loads(json.dumps(told))}


def furnish(step_functions: StepFunctions, functions: Mapping[str, Function]) -> None:
    """Puts the two machines in. `functions` are by stop."""
    arns = {name: functions[stop].arn for name, stop in _CALLED.items()}
    values = {**arns, "ReplayReportTopicArn": "arn:aws:sns:::reports", "Partition": "aws"}
    step_functions.machines[REPLAY] = filled_in(values)
    step_functions.machines[AUDIT] = filled_in(values, AUDIT_FILE)
