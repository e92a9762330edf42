"""Metering's own figures, to the last line.

ministack hands over what a function's process logs late only with that process's next invocation.
So the processes are asked once more, with the control message that CloudWatch Logs sends to see
whether a destination is there: metering excludes it, and it is no request.
"""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import boto3
from botocore.config import Config

from tests.local.demo.log_witness import logged_requests, metering_counts
from tests.local.demo.stage import DemoError, Stage
from tests.local.endpoints import Endpoints

# At the same time, so that every process gets one: a demo starts 20 to 30 of metering's. The
# emulator asks the first that is free, so each must be busy for a while.
PROCESSES = 32
PADDING_CHARS = 4_000_000  # 30 ms of inflating and reading, and they share the cores
# After that the table is shown as it is.
REPORT_SECONDS = 30.0


def wait_until_reported(stage: Stage, endpoints: Endpoints) -> None:
    """Until metering has reported on every request in the logs."""

    def look() -> tuple[bool, str]:
        counts, logged = metering_counts(endpoints), logged_requests(endpoints)
        reported = counts.total() - counts["events"]
        if reported < logged:
            _ask_every_process(endpoints.functions["metering"])
        return reported >= logged, f"{reported} of {logged} requests in the logs"

    with suppress(DemoError):
        stage.wait("metering has reported on", look, REPORT_SECONDS)


def _ask_every_process(function: str) -> None:
    client = boto3.client("lambda", config=Config(max_pool_connections=PROCESSES))
    message = {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [],
        "padding": "-" * PADDING_CHARS,
    }
    data = base64.b64encode(gzip.compress(json.dumps(message).encode(), 1)).decode()
    payload = json.dumps({"awslogs": {"data": data}}).encode()
    with ThreadPoolExecutor(PROCESSES) as pool:
        asked = [
            pool.submit(client.invoke, FunctionName=function, Payload=payload)
            for _ in range(PROCESSES)
        ]
    for one in asked:
        one.result()
