"""A deployment in which a request is disputed: real log groups, queues and buckets, metering's own
handler, and a pen in the forwarder's place. The reconciliation function is a small HTTP server.
"""

import gzip
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.adapters.quarantined_object import subscription_payload
from functions.audit.equation import WindowRecord
from functions.audit.window import AuditWindow
from functions.metering import handler as metering
from functions.operator.command_line import main
from functions.usage.event import meter_of
from functions.usage.message import UsageMessage
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import access_line
from tests.fakes.http_answers import Answer, HttpAnswers, answering
from tests.fakes.lambda_context import lambda_context
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.queue_contents import take_all
from tests.fakes.settled_row import settled_row
from tests.local.ministack import REGION, Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

ACCOUNT = "123456789012"
STREAM = "stream"
COUNTER: dict[str, object] = {
    "used": 7,
    "limit": 100,
    "remaining": 93,
    "newestClosedHour": None,
    "marked": {},
}
KEY = "configuration/metering.json"


def configuration(**changes: object) -> dict[str, Any]:
    """Of one meter, since ever."""
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters, **changes}
    return {"versions": [version]}


@dataclass
class Disputed:
    """`now_ms` is when the requests were made; `said` is what reconciliation was asked."""

    s3: "S3Client"
    sqs: "SQSClient"
    name: str
    urls: dict[str, str]
    endpoints: Path
    reconciliation: HttpAnswers
    capsys: pytest.CaptureFixture[str]
    now_ms: int

    @property
    def access_group(self) -> str:
        return f"{self.name}-access"

    @property
    def execution_group(self) -> str:
        return f"API-Gateway-Execution-Logs_{self.name}/prod"

    @property
    def ledger_bucket(self) -> str:
        return f"{self.name}-ledger"

    def line(self, extended_id: str = "AyD6_FHMvHcECIA=", **changes: object) -> str:
        fields = {"requestTimeEpoch": str(self.now_ms), **changes}
        return access_line(extendedRequestId=extended_id, **fields)

    def configure(self, document: Mapping[str, object]) -> str:
        """Put as metering's next process reads it; the version's id."""
        body = json.dumps(document).encode()
        put = self.s3.put_object(Bucket=f"{self.name}-configuration", Key=KEY, Body=body)
        metering._wired.cache_clear()
        return put["VersionId"]

    def log(self, *lines: str, group: str = "", stream: str = STREAM, ms: int = 40) -> None:
        """Some milliseconds after the requests were made."""
        logs = boto3.client("logs")
        found = {"logGroupName": group or self.access_group, "logStreamName": stream}
        known = logs.describe_log_streams(logGroupName=found["logGroupName"])["logStreams"]
        if stream not in {one["logStreamName"] for one in known}:
            logs.create_log_stream(**found)
        events = [{"timestamp": self.now_ms + ms, "message": line} for line in lines]
        logs.put_log_events(**found, logEvents=events)  # type: ignore[arg-type]

    def meter(self, *lines: str, group: str = "", ms: int = 40) -> list[UsageMessage]:
        """Delivered to metering's own handler: what it sends."""
        payload = self.delivery(*lines, group=group, ms=ms)
        metering.handler(payload, lambda_context("metering"))
        return [json.loads(body) for body in take_all(self.sqs, self.urls["usage"])]

    def delivery(self, *lines: str, group: str = "", ms: int = 40) -> dict[str, object]:
        """Under other ids than the log's, as the emulator does it."""
        place = {
            "owner": ACCOUNT,
            "logGroup": group or self.access_group,
            "logStream": STREAM,
        }
        events = [
            {"id": f"{number:056}", "timestamp": self.now_ms + ms, "message": line}
            for number, line in enumerate(lines)
        ]
        return subscription_payload(place, events)

    def settle(self, messages: Sequence[UsageMessage], **changes: Any) -> list[str]:
        """As the forwarder writes them, three seconds after the requests; their keys."""
        metered_at = iso_from_epoch_ms(time.time_ns() // 1_000_000)
        rows = [
            settled_row(
                event["idempotencyKey"],
                event["occurredAt"],
                **{
                    "customerId": event["customerId"],
                    "meter": meter_of(event),
                    "quantity": event["quantity"],
                    "meteredAt": metered_at,
                    "queuedAt": metered_at,
                    "settledAt": iso_from_epoch_ms(self.now_ms + 3_100),
                    **changes,
                },
            )
            for message in messages
            for event in message["events"]
        ]
        Ledger(self.s3, self.ledger_bucket).append(rows, f"20261129T140000000Z-{uuid4().hex}")
        return [row["key"] for row in rows]

    def audit(self, source: str, *, closed: bool, confirmed: int) -> AuditWindow:
        """The record of the five minutes in which the requests were logged."""
        start = self.now_ms - self.now_ms % 300_000
        window = AuditWindow(source, start, start + 300_000)
        record = WindowRecord.model_validate(
            {
                "source": source,
                "logGroup": self.access_group,
                "start": iso_from_epoch_ms(window.from_ms),
                "end": iso_from_epoch_ms(window.to_ms),
                "auditedAt": iso_from_epoch_ms(window.to_ms),
                "lines": confirmed,
                "equation": {"confirmed": confirmed},
            }
        )
        body = gzip.compress(json.dumps(record.as_json()).encode())
        name = window.object_name(closed=closed)
        self.s3.put_object(Bucket=self.ledger_bucket, Key=name, Body=body)
        return window

    def run(self, *words: str) -> tuple[int, str, str]:
        """Status, stdout and stderr."""
        self.capsys.readouterr()
        status = main(["trace", *words, "--endpoints", str(self.endpoints)])
        return (status, *self.capsys.readouterr())

    def trace(self, *words: str, status: int = 0) -> list[dict[str, Any]]:
        """What it says as JSON."""
        ended, out, err = self.run(*words, "--format", "json")
        assert ended == status, out + err
        return [json.loads(line) for line in out.splitlines()]


@contextmanager
def disputed(
    ministack: Ministack,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Disputed]:
    """Everything is the test's own."""
    name = f"d{uuid4().hex[:10]}"
    s3, sqs, logs = boto3.client("s3"), boto3.client("sqs"), boto3.client("logs")
    for part in ("ledger", "quarantine", "configuration"):
        s3.create_bucket(Bucket=f"{name}-{part}")
    s3.put_bucket_versioning(
        Bucket=f"{name}-configuration", VersioningConfiguration={"Status": "Enabled"}
    )
    queues = ("usage", "usage_dead_letter", "settled", "counter_dead_letter")
    urls = {one: sqs.create_queue(QueueName=f"{name}-{one}")["QueueUrl"] for one in queues}
    execution = f"API-Gateway-Execution-Logs_{name}/prod"
    for group in (f"{name}-access", execution):
        logs.create_log_group(logGroupName=group)
    sources = f"orders=access:{name}-access,zero=execution:{execution}"
    settings = {
        "USAGE_QUEUE_URL": urls["usage"],
        "QUARANTINE_BUCKET": f"{name}-quarantine",
        "CONFIGURATION_BUCKET": f"{name}-configuration",
        "DEPLOYED_SOURCES": sources,
        "AWS_REGION": REGION,
    }
    with answering(Answer(body=COUNTER)) as reconciliation:
        environment = {**ministack.env, "AWS_ENDPOINT_URL_LAMBDA": reconciliation.url}
        for variable, value in {**settings, **environment}.items():
            monkeypatch.setenv(variable, value)
        endpoints = write_endpoints(
            folder,
            environment,
            deployed_sources=sources,
            queues=urls,
            ledger_bucket=f"{name}-ledger",
            quarantine_bucket=f"{name}-quarantine",
            configuration_bucket=f"{name}-configuration",
            functions={"reconciliation": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:any"},
        )
        metering._wired.cache_clear()
        now_ms = time.time_ns() // 1_000_000 - 600_000
        yield Disputed(s3, sqs, name, urls, endpoints, reconciliation, capsys, now_ms)
        metering._wired.cache_clear()
