"""`make replay`: start the replay state machine of the local cloud and follow it to its end.

What the "Start execution" button of the Step Functions console does; the input is the same JSON.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3

from tests.local.endpoints import NotRunningError, read_endpoints

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

POLL_SECONDS = 0.3


def main() -> int:
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("input", nargs="?", default="{}", help="the execution's input, JSON")
    options = parser.parse_args()
    try:
        json.loads(options.input)
        endpoints = read_endpoints()
    except (NotRunningError, ValueError) as error:
        print(f"replay: {error}", file=sys.stderr)
        return 2
    os.environ.update(endpoints.aws_environment)
    client = boto3.client("stepfunctions")
    execution = client.start_execution(
        stateMachineArn=endpoints.state_machines["replay"],
        name=f"replay-{time.time_ns() // 1_000_000}",
        input=options.input,
    )["executionArn"]
    print(f"started {execution}")
    for state in entered_states(client, execution):
        print(f"  {state}", flush=True)
    ended = client.describe_execution(executionArn=execution)
    print(ended["status"])
    print(json.dumps(_result(ended), indent=2))
    return 0 if ended["status"] == "SUCCEEDED" else 1


def entered_states(client: "SFNClient", execution: str) -> Iterator[str]:
    """The states of an execution, as they are entered, until it ends."""
    seen = 0
    while True:
        running = client.describe_execution(executionArn=execution)["status"] == "RUNNING"
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [event for page in pages for event in page["events"]]
        for event in events[seen:]:
            if details := event.get("stateEnteredEventDetails"):
                yield details["name"]
        seen = len(events)
        if not running:
            return
        time.sleep(POLL_SECONDS)


def _result(ended: Any) -> object:
    if ended["status"] == "SUCCEEDED":
        return json.loads(ended["output"])
    return {"error": ended.get("error"), "cause": ended.get("cause")}


if __name__ == "__main__":
    sys.exit(main())
