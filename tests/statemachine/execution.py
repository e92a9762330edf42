"""Executions of a state machine: the states that one has entered, and one that has ended."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.local.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

FINISHED_SECONDS = 60


@dataclass
class Execution:
    """One that has ended."""

    arn: str
    status: str
    path: list[str]
    output: dict[str, Any]
    error: str
    cause: str


def path_of(client: "SFNClient", execution_arn: str) -> list[str]:
    """The states entered, in order."""
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    return [
        event["stateEnteredEventDetails"]["name"]
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def finished(client: "SFNClient", execution_arn: str) -> Execution:
    """The execution, once it has ended."""

    def look() -> "DescribeExecutionOutputTypeDef | None":
        found = client.describe_execution(executionArn=execution_arn)
        return None if found["status"] == "RUNNING" else found

    found = until(look, FINISHED_SECONDS, what=lambda: path_of(client, execution_arn))
    return Execution(
        arn=execution_arn,
        status=found["status"],
        path=path_of(client, execution_arn),
        output=json.loads(found.get("output") or "{}"),
        error=found.get("error") or "",
        cause=found.get("cause") or "",
    )
