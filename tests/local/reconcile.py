"""One reconcile now, instead of at the next minute: an execution started as the schedule does."""

import json
import time
from typing import Any

import boto3

from tests.local.endpoints import Endpoints

LIMIT_SECONDS = 90.0
POLL_SECONDS = 0.1


class ReconcileError(RuntimeError):
    """It did not succeed, or did not end."""


def reconcile(endpoints: Endpoints) -> dict[str, Any]:
    """The execution's output."""
    client = boto3.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=endpoints.state_machines["reconcile"])
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        ended = client.describe_execution(executionArn=execution["executionArn"])
        if ended["status"] != "RUNNING":
            break
        if time.monotonic() > deadline:
            message = f"the reconcile did not end within {LIMIT_SECONDS:.0f} s"
            raise ReconcileError(message)
        time.sleep(POLL_SECONDS)
    if ended["status"] != "SUCCEEDED":
        message = f"the reconcile ended {ended['status']}: {ended.get('cause', ended.get('error'))}"
        raise ReconcileError(message)
    output: dict[str, Any] = json.loads(ended["output"])
    return output
