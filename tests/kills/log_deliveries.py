"""What CloudWatch Logs and Lambda do between a log line and metering, done by this test, since
ministack does not: deliveries come in; each is in the log, and metering took it, or its OnFailure
destination has it.

On AWS a subscription invokes metering asynchronously. Lambda tries twice more, after 1 and 2
minutes, and then puts a record into the bucket of the function's OnFailure destination. ministack
invokes once, on a thread of its own, and knows no such destination. So the subscription's pattern
is narrowed to heartbeats (PutSubscriptionFilter), and here stand PutLogEvents, Invoke and PutObject
instead, with waits of 1 and 2 seconds. All through public APIs; Invoke waits for the answer, since
nobody else could say that a worker was killed.
"""

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.fakes.access_log_lines import packed_payload
from tests.kills.made_requests import MadeDelivery
from tests.local.endpoints import Endpoints

# On AWS 60 and 120 (template.yaml, MeteringFunction's EventInvokeConfig).
WAITS_SECONDS = (1.0, 2.0)
HEARTBEATS_ALONE = "aforoHeartbeatMs"
# A metering may take its 60 s, and the cores are shared.
_PATIENT = Config(read_timeout=180, retries={"max_attempts": 0}, max_pool_connections=20)
# What ministack says of an invocation whose worker was killed: at work, or while it started.
KILLED_AT_WORK = "Worker process died"
KILLED_AT_START = "Worker process exited immediately"


class LogDeliveries:
    """One access log. Counters are of tries, not of deliveries."""

    def __init__(self, endpoints: Endpoints, account_id: str) -> None:
        self._logs, self._s3 = boto3.client("logs"), boto3.client("s3")
        self._lambda = boto3.client("lambda", config=_PATIENT)
        self._group, self._account_id = endpoints.access_log_group, account_id
        self._metering = endpoints.functions["metering"]
        self._bucket = endpoints.quarantine_bucket
        self._lock = threading.Lock()
        self.killed_at_work = 0
        self.killed_at_start = 0
        self.failed_tries = 0
        self.kept: list[str] = []  # objects that OnFailure has made

    def take_over(self) -> None:
        """From ministack, which delivers heartbeats from now on and nothing else."""
        found = self._logs.describe_subscription_filters(logGroupName=self._group)
        (one,) = found["subscriptionFilters"]
        self._logs.put_subscription_filter(
            logGroupName=self._group,
            filterName=one["filterName"],
            filterPattern=HEARTBEATS_ALONE,
            destinationArn=one["destinationArn"],
        )

    def make_stream(self, stream: str) -> None:
        self._logs.create_log_stream(logGroupName=self._group, logStreamName=stream)

    def write(self, delivery: MadeDelivery, stream: str) -> dict[str, Any]:
        """Put into the log; the payload of its delivery."""
        now_ms = time.time_ns() // 1_000_000
        events = [{"timestamp": now_ms, "message": one.line} for one in delivery.requests]
        self._logs.put_log_events(
            logGroupName=self._group,
            logStreamName=stream,
            logEvents=events,  # type: ignore[arg-type]
        )
        envelope = {
            "messageType": "DATA_MESSAGE",
            "owner": self._account_id,
            "logGroup": self._group,
            "logStream": stream,
            "subscriptionFilters": ["usage"],
            "logEvents": [{**one, "id": f"{uuid4().int:056}"[:56]} for one in events],
        }
        return packed_payload(json.dumps(envelope).encode())

    def deliver(self, payload: dict[str, Any]) -> None:
        """Until metering has taken it, or the third try has failed and it is kept."""
        for wait in (*WAITS_SECONDS, None):
            error = self._invoke(payload)
            if error is None:
                return
            self._note(error)
            if wait is not None:
                time.sleep(wait)  # as Lambda does: a time, not a condition
        self._keep(payload)

    def _invoke(self, payload: dict[str, Any]) -> str | None:
        """None: metering took it."""
        try:
            answer = self._lambda.invoke(
                FunctionName=self._metering, Payload=json.dumps(payload).encode()
            )
        except (BotoCoreError, ClientError) as error:
            return str(error)
        said = answer["Payload"].read().decode(errors="replace")
        return said if answer.get("FunctionError") else None

    def _note(self, error: str) -> None:
        with self._lock:
            self.failed_tries += 1
            self.killed_at_work += KILLED_AT_WORK in error
            self.killed_at_start += KILLED_AT_START in error

    def _keep(self, payload: dict[str, Any]) -> None:
        """The record that Lambda writes, where Lambda writes it."""
        function = self._metering.rpartition(":")[2]
        now = datetime.now(UTC)
        name = f"aws/lambda/async/{function}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid4()}"
        record = {
            "version": "1.0",
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.000Z",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": payload,
        }
        self._s3.put_object(Bucket=self._bucket, Key=name, Body=json.dumps(record).encode())
        with self._lock:
            self.kept.append(name)
