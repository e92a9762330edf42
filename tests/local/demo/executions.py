"""Executions of a state machine, started as the console's button does, and waited for."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3

from tests.local.demo.stage import DemoError, Stage


def start_execution(state_machine_arn: str, asked: Mapping[str, object]) -> str:
    """The execution's ARN."""
    execution = boto3.client("stepfunctions").start_execution(
        stateMachineArn=state_machine_arn,
        name=f"demo-{time.time_ns() // 1_000_000}",
        input=json.dumps(asked),
    )
    return execution["executionArn"]


def wait_for_execution(
    stage: Stage, what: str, execution: str, seconds: float, beside: Callable[[], str] = str
) -> dict[str, Any]:
    """Its output. DemoError when it does not succeed. `beside` is shown beside its status."""
    client = boto3.client("stepfunctions")

    def look() -> tuple[bool, str]:
        status = client.describe_execution(executionArn=execution)["status"]
        return status != "RUNNING", ", ".join(filter(None, [status, beside()]))

    stage.wait(f"{what} {name_of(execution)}", look, seconds)
    ended = client.describe_execution(executionArn=execution)
    if ended["status"] != "SUCCEEDED":
        why = ended.get("cause", ended.get("error"))
        raise DemoError(f"the {what} ended {ended['status']}: {why}")
    output: dict[str, Any] = json.loads(ended["output"])
    return output


def name_of(execution: str) -> str:
    return execution.rpartition(":")[2]
