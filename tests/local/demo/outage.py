"""Aforo goes down and comes back; what was set aside is replayed from Step Functions."""

import json
import time
from typing import Any

import boto3
import httpx

from tests.local.demo.stage import DemoError, Stage
from tests.local.endpoints import Endpoints

SET_ASIDE_SECONDS = 90.0
REPLAY_SECONDS = 120.0
DRAIN_SECONDS = 90.0


def take_aforo_down(endpoints: Endpoints) -> None:
    """Every call is answered 503 until `bring_aforo_back`."""
    fault = {"kind": "status", "status": 503}
    httpx.post(f"{endpoints.aforo_url}/_faults", json={"faults": [fault]}).raise_for_status()


def bring_aforo_back(endpoints: Endpoints) -> None:
    httpx.delete(f"{endpoints.aforo_url}/_faults").raise_for_status()


def wait_for_the_alarm(stage: Stage, endpoints: Endpoints) -> None:
    """Until everything that was held is set aside, and the alarm on the dead-letter queue fires."""
    alarm = endpoints.alarms["UnforwardedUsageAlarm"]

    def look() -> tuple[bool, str]:
        held, set_aside = waiting(endpoints, "usage"), waiting(endpoints, "unforwarded")
        state = alarm_state(alarm)
        seen = f"{held} messages held, {set_aside} set aside, UnforwardedUsageAlarm {state}"
        return held == 0 and set_aside > 0 and state == "ALARM", seen

    stage.wait("waiting past the hold", look, SET_ASIDE_SECONDS)


def start_replay(endpoints: Endpoints) -> str:
    """Start the replay state machine as the console's button does; the execution's ARN."""
    execution = boto3.client("stepfunctions").start_execution(
        stateMachineArn=endpoints.state_machines["replay"],
        name=f"demo-{time.time_ns() // 1_000_000}",
        input="{}",
    )
    return execution["executionArn"]


def wait_for_replay(stage: Stage, endpoints: Endpoints, execution: str) -> dict[str, Any]:
    """Wait for a replay's end; its output. DemoError when it does not succeed."""
    client = boto3.client("stepfunctions")

    def look() -> tuple[bool, str]:
        status = client.describe_execution(executionArn=execution)["status"]
        left = waiting(endpoints, "unforwarded")
        return status != "RUNNING", f"{status}, {left} messages left in UnforwardedUsageQueue"

    stage.wait(f"replay {execution.rpartition(':')[2]}", look, REPLAY_SECONDS)
    ended = client.describe_execution(executionArn=execution)
    if ended["status"] != "SUCCEEDED":
        message = f"the replay ended {ended['status']}: {ended.get('cause', ended.get('error'))}"
        raise DemoError(message)
    output: dict[str, Any] = json.loads(ended["output"])
    return output


def wait_until_settled(stage: Stage, endpoints: Endpoints) -> None:
    """Until every line is written and every queue is empty."""

    def look() -> tuple[bool, str]:
        witness = httpx.get(f"{endpoints.gateway_url}/_witness", timeout=10).json()
        unwritten = witness["logged"] - witness["flushed"]
        depths = {name: waiting(endpoints, name) for name in ("usage", "settled")}
        seen = f"{unwritten} log lines, {depths['usage']} usage and {depths['settled']} settled"
        return unwritten == 0 and not any(depths.values()), f"{seen} messages under way"

    stage.wait("everything on its way has arrived", look, DRAIN_SECONDS)


def waiting(endpoints: Endpoints, queue: str) -> int:
    """Messages in a queue, those being worked on or held included."""
    answer = boto3.client("sqs").get_queue_attributes(
        QueueUrl=endpoints.queues[queue],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(count) for count in answer["Attributes"].values())


def alarm_state(name: str) -> str:
    """OK, ALARM or INSUFFICIENT_DATA."""
    alarms = boto3.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return alarms[0]["StateValue"]
