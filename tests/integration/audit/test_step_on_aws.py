"""What the audit's step asks of AWS beside log and ledger: how long logs are kept, what waits on
UsageQueue, and the files of an export.
"""

import gzip
from uuid import uuid4

import boto3
import pytest

from functions.audit.log.log_retention import kept_days
from functions.audit.repair.audit_input import ExportedTo
from functions.audit.repair.exported_parts import ExportChanged, ExportedPart, part_names
from functions.audit.repair.usage_backlog import UsageBacklog
from functions.audit.window import AuditWindow
from tests.local.ministack import Ministack


def test_how_long_a_group_is_kept(on_ministack: Ministack) -> None:
    """By its own name, not by one that begins so; for ever is no number, nor is a group that is
    not there.
    """
    logs, name = boto3.client("logs"), f"/audit/{uuid4().hex}"
    for group in (name, f"{name}-more", f"{name}-ever"):
        logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    logs.put_retention_policy(logGroupName=f"{name}-more", retentionInDays=7)
    asked = [name, f"{name}-ever", f"{name}-gone"]
    assert kept_days(logs, asked) == {name: 30}


def test_only_what_a_forwarder_could_take_now_counts_as_waiting(on_ministack: Ministack) -> None:
    """What is held is hidden."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"usage-{uuid4().hex}")["QueueUrl"]
    for delay in (0, 0, 900):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    assert UsageBacklog(sqs, url).waiting() == 2


def test_an_export_is_read_a_file_at_a_time_and_must_stay_as_it_was(
    on_ministack: Ministack,
) -> None:
    """A file more would move the places of all others."""
    s3, bucket = boto3.client("s3"), f"exports-{uuid4()}"
    s3.create_bucket(Bucket=bucket)
    for number in range(2):
        s3.put_object(
            Bucket=bucket,
            Key=f"orders/task/stream-{number}/000000.gz",
            Body=gzip.compress(f"2026-11-29T10:00:0{number}.000Z line {number}\n".encode()),
        )
    export = ExportedTo(bucket=bucket, prefix="orders")
    assert len(part_names(s3, export)) == 2
    window = AuditWindow("orders", 0, 2_000_000_000_000)
    (chunk,) = ExportedPart(s3, export, 1, 2).chunks("/aws/orders", window, "access")
    assert [line["message"] for line in chunk.lines] == ["line 1"]
    with pytest.raises(ExportChanged, match="it had 3 files, and has 2"):
        ExportedPart(s3, export, 1, 3)
