"""An export of a log group in a real bucket."""

import gzip
from random import Random
from typing import TYPE_CHECKING

import pytest

from functions.adapters.json_lines import UnreadableObject
from functions.audit.log.exported_log import ExportedLog
from functions.audit.log.log_chunk import CHUNK_LINES
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BASE = 1_796_000_000_000
NAME = "exports/6f7a-task/0123abcd/000000.gz"


def test_an_export_is_read_object_by_object(s3: "S3Client", bucket: str) -> None:
    """As CreateExportTask leaves it: objects of several kilobytes in no order of time, and one
    that only tried whether it may be written.
    """
    lines = [(BASE + number, f'{{"requestId": "{number}"}}') for number in range(CHUNK_LINES + 9)]
    Random(0).shuffle(lines)
    text = "".join(f"{iso_from_epoch_ms(at)} {message}\n" for at, message in lines)
    s3.put_object(Bucket=bucket, Key=NAME, Body=gzip.compress(text.encode()))
    s3.put_object(Bucket=bucket, Key="exports/aws-logs-write-test", Body=b"Permission Check")
    log = ExportedLog(s3, bucket, "exports")
    assert list(log.parts()) == [NAME]
    chunks = list(log.chunks(NAME, BASE, BASE + CHUNK_LINES + 8))
    assert [len(chunk.lines) for chunk in chunks] == [CHUNK_LINES, 8]
    found = [(one["timestamp"], one["message"]) for chunk in chunks for one in chunk.lines]
    assert found == [line for line in lines if line[0] < BASE + CHUNK_LINES + 8]


def test_an_object_that_is_cut_short_is_named(s3: "S3Client", bucket: str) -> None:
    """An export that is still being written, or was stopped."""
    body = gzip.compress(f"{iso_from_epoch_ms(BASE)} line\n".encode())
    s3.put_object(Bucket=bucket, Key=NAME, Body=body[:-5])
    with pytest.raises(UnreadableObject, match=NAME):
        list(ExportedLog(s3, bucket, "exports").chunks(NAME, 0, 10**15))
