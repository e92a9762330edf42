"""How an end-to-end test puts lines into a log group, and looks for what became of them."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import boto3
import httpx

from tests.local import waiting
from tests.local.demo.accounting import billed_events
from tests.local.demo.outage import wait_for_replay
from tests.local.demo.stage import Stage
from tests.local.endpoints import Endpoints

ARRIVAL_SECONDS = 60.0
# What the authorizer says when Redis was too slow for it, once: ask again (quota.md).
NOT_NOW = frozenset({"IDENTITY_UNKNOWN", "QUOTA_STATE_UNKNOWN"})


def until[Found](look: Callable[[], Found | None], seconds: float = ARRIVAL_SECONDS) -> Found:
    """What is found in the cloud, once something is: a look is a call of it, or several."""
    return waiting.until(look, seconds, every=0.3)


def answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer of a call that is made again while the authorizer cannot tell, as clients do."""

    def look() -> httpx.Response | None:
        answer = ask()
        is_refused = answer.status_code == 429 and answer.json()["error"]["code"] in NOT_NOW
        return None if is_refused else answer

    return until(look)


def billed(endpoints: Endpoints, *extended_ids: str) -> list[dict[str, Any]]:
    """What Aforo accepted for these requests."""
    return [
        event
        for event in billed_events(endpoints)
        if event["metadata"]["extendedRequestId"] in extended_ids
    ]


def put_lines(log_group: str, stream: str, lines: Sequence[str]) -> None:
    """One delivery. The stream is made where it is not there yet."""
    logs = boto3.client("logs")
    found = logs.describe_log_streams(logGroupName=log_group, logStreamNamePrefix=stream)
    if not found["logStreams"]:
        logs.create_log_stream(logGroupName=log_group, logStreamName=stream)
    now_ms = time.time_ns() // 1_000_000
    logs.put_log_events(
        logGroupName=log_group,
        logStreamName=stream,
        logEvents=[{"timestamp": now_ms, "message": line} for line in lines],
    )


def start_anew(function_arn: str) -> None:
    """The next invocation starts a process: the configuration has been set, to what it was."""
    client = boto3.client("lambda")
    timeout = client.get_function_configuration(FunctionName=function_arn)["Timeout"]
    client.update_function_configuration(FunctionName=function_arn, Timeout=timeout)
    client.get_waiter("function_updated_v2").wait(FunctionName=function_arn)


def replay_of(stage: Stage, endpoints: Endpoints, source: str) -> dict[str, Any]:
    """The report of a replay, started again where a schedule's own is running."""

    def look() -> dict[str, Any] | None:
        execution = boto3.client("stepfunctions").start_execution(
            stateMachineArn=endpoints.state_machines["replay"],
            input=json.dumps({"source": source}),
        )
        output = wait_for_replay(stage, endpoints, execution["executionArn"])
        report: dict[str, Any] | None = output.get("report")
        return report

    return until(look)
