"""Lines of a log are found in what the metering function itself kept on S3."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.audit.comparison.kept_lines import KeptLines
from functions.metering import handler as metering
from functions.replay.quarantine_listing import Quarantine
from functions.usage.moment import HOUR_MS
from tests.fakes.access_log_lines import REGION, distinct_line, subscription_payload
from tests.fakes.lambda_context import lambda_context

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

GROUP, STREAM = "/shop", "stream"
TERMS = {"effectiveFrom": "2020-01-01T00:00:00Z", "meters": [{"id": "a", "metricName": "A"}]}


@pytest.fixture
def quarantine(s3: "S3Client", bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The bucket of a metering function that reads access logs; its configuration is there, too."""
    document = json.dumps({"versions": [TERMS]}).encode()
    s3.put_object(Bucket=bucket, Key="configuration/metering.json", Body=document)
    url = boto3.client("sqs").create_queue(QueueName=f"usage-{uuid4()}")["QueueUrl"]
    for name, value in {
        "AWS_REGION": REGION,
        "USAGE_QUEUE_URL": url,
        "QUARANTINE_BUCKET": bucket,
        "CONFIGURATION_BUCKET": bucket,
    }.items():
        monkeypatch.setenv(name, value)
    metering._wired.cache_clear()
    yield bucket
    metering._wired.cache_clear()


def log_line(message: str, at_ms: int, number: int = 0) -> dict[str, Any]:
    return {"id": f"{number:056}", "timestamp": at_ms, "message": message}


def payload(*lines: dict[str, Any], group: str = GROUP) -> dict[str, Any]:
    return subscription_payload([], logGroup=group, logStream=STREAM, logEvents=list(lines))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("age_ms", [0, 30 * 24 * HOUR_MS], ids=["now", "a month ago"])
def test_what_metering_quarantined_is_kept_and_what_it_billed_is_not(
    s3: "S3Client", quarantine: str, age_ms: int
) -> None:
    """With its reason, redacted or not, under whatever id the log has it."""
    at = now_ms() - age_ms
    billed = log_line(distinct_line(1, requestTimeEpoch=at), at, 1)
    nobody = log_line(distinct_line(2, customerId="-", requestTimeEpoch=at), at, 2)
    secret = log_line("Authorization: Bearer abc", at, 3)
    elsewhere = log_line("no access log", at, 4)
    metering.handler(payload(billed, nobody, secret), lambda_context("metering"))
    metering.handler(payload(elsewhere, group="/other"), lambda_context("metering"))
    kept = KeptLines(s3, quarantine).of(GROUP, at, at + 1)
    lines = (billed, nobody, secret, elsewhere)
    expected = [None, "no_customer", "invalid_json", None]
    assert [kept.reason_of(STREAM, one) for one in lines] == expected
    renamed = [{**one, "id": str(uuid4())} for one in lines]
    assert [kept.reason_of(STREAM, one) for one in renamed] == expected


def test_a_line_that_a_replay_put_aside_is_not_kept(s3: "S3Client", quarantine: str) -> None:
    """The next one of the same hour is."""
    at = now_ms()
    first, second = log_line("first", at, 1), log_line("second", at, 2)
    metering.handler(payload(first), lambda_context("metering"))
    found = KeptLines(s3, quarantine)
    assert found.of(GROUP, at, at + 1).has(STREAM, first)
    metering.handler(payload(second), lambda_context("metering"))
    there = Quarantine(s3, quarantine)
    entries = there.entries(["quarantine/"], datetime(2100, 1, 1, tzinfo=UTC))
    (name,) = [one.key for one in entries if b"first" in (there.read(one.key) or b"")]
    there.put_aside(name, "replay-1")
    kept = found.of(GROUP, at, at + 1)
    assert not kept.has(STREAM, first)
    assert kept.has(STREAM, second)


def test_the_lines_of_a_delivery_that_failed_are_kept(s3: "S3Client", quarantine: str) -> None:
    """As Lambda's OnFailure destination writes it; the emulator has none."""
    at = now_ms()
    record = {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload(log_line("Authorization: Bearer abc", at)),
    }
    s3.put_object(
        Bucket=quarantine,
        Key=f"aws/lambda/async/metering/2026/11/29/2026-11-29T12.00.00-{uuid4()}",
        Body=json.dumps(record).encode(),
    )
    kept = KeptLines(s3, quarantine).of(GROUP, at, at + 1)
    assert kept.reason_of(STREAM, log_line("Authorization: Bearer abc", at)) == "failed_delivery"


def test_a_delivery_that_metering_cannot_read_is_no_obstacle(
    s3: "S3Client", quarantine: str
) -> None:
    """Its lines are in the log; those beside it are found."""
    at = now_ms()
    unreadable = {"awslogs": {"data": "%%%"}}
    metering.handler(unreadable, lambda_context("metering"))
    metering.handler(payload(log_line("a", at)), lambda_context("metering"))
    kept = KeptLines(s3, quarantine).of(GROUP, at, at + 1)
    assert kept.has(STREAM, log_line("a", at))
