"""The ledger on real S3: what is appended is read, by hour and by replay."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from functions.adapters.json_lines import READ_BYTES, put_lines, read_lines
from functions.adapters.ledger import Ledger, hour_prefix, replay_prefix
from functions.usage.ledger_row import LedgerRow
from tests.fakes.unforwarded import ledger_row
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TEN, ELEVEN = "2026-11-23T10:59:59.999Z", "2026-11-23T11:00:00.000Z"


@pytest.fixture
def s3(on_ministack: Ministack) -> "S3Client":
    return boto3.client("s3")


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    name = f"ledger-{uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def ledger(s3: "S3Client", bucket: str) -> Ledger:
    return Ledger(s3, bucket)


def keys(s3: "S3Client", bucket: str) -> Iterator[str]:
    for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        yield entry["Key"]


def by_key(rows: Iterator[LedgerRow]) -> list[LedgerRow]:
    return sorted(rows, key=lambda row: row["key"])


def test_rows_are_read_by_the_hour_of_their_request(
    ledger: Ledger, s3: "S3Client", bucket: str
) -> None:
    """One object per invocation and hour; a row is what it was, field by field."""
    early = [ledger_row(1, occurred_at=TEN), ledger_row(2, occurred_at=TEN, set_aside_class="late")]
    late = [ledger_row(3, occurred_at=ELEVEN)]
    ledger.append([*early, *late], "invocation-1")
    assert by_key(ledger.read(hour_prefix("2026-11-23T10"))) == by_key(iter(early))
    assert list(ledger.read(hour_prefix("2026-11-23T11"))) == late
    assert list(ledger.read(hour_prefix("2026-11-23T12"))) == []
    assert list(keys(s3, bucket)) == [
        "ledger/2026-11-23/10/invocation-1.json.gz",
        "ledger/2026-11-23/11/invocation-1.json.gz",
    ]


def test_rows_of_a_replay_stand_a_second_time_under_it(ledger: Ledger) -> None:
    """Only those, whatever else was settled in the invocation."""
    replayed = ledger_row(1, replay_id="replay-1", occurred_at=TEN)
    ledger.append([replayed, ledger_row(2), ledger_row(3, replay_id="replay-2")], "invocation-1")
    assert list(ledger.read(replay_prefix("replay-1"))) == [replayed]
    assert len(list(ledger.read("ledger/"))) == 3


def test_an_invocation_that_writes_again_writes_over_itself(ledger: Ledger) -> None:
    """Another one writes beside it: repeats are the reader's to count once."""
    for writer in ("invocation-1", "invocation-1", "invocation-2"):
        ledger.append([ledger_row(1)], writer)
    assert list(ledger.read("ledger/")) == [ledger_row(1)] * 2


def test_no_rows_are_no_object(ledger: Ledger, s3: "S3Client", bucket: str) -> None:
    """An invocation in which everything is held costs no put."""
    ledger.append([], "invocation-1")
    assert list(keys(s3, bucket)) == []


def test_only_what_was_written_since_is_read(ledger: Ledger) -> None:
    """By the object's time: S3 has whole seconds."""
    ledger.append([ledger_row(1)], "invocation-1")
    time.sleep(1.1)
    since = datetime.now(UTC).replace(microsecond=0)
    ledger.append([ledger_row(2)], "invocation-2")
    assert list(ledger.read("ledger/", since)) == [ledger_row(2)]
    assert list(ledger.read("ledger/", since + timedelta(minutes=5))) == []


def test_an_object_of_many_chunks_is_read_as_a_stream(s3: "S3Client", bucket: str) -> None:
    """No line is lost or torn where one chunk ends and the next begins; the first line comes
    before the last chunk was asked for.
    """
    noise = random.Random(7)
    rows = [noise.randbytes(100).hex() for _ in range(5_000)]
    put_lines(s3, bucket, "many.json.gz", rows)
    assert s3.head_object(Bucket=bucket, Key="many.json.gz")["ContentLength"] > 4 * READ_BYTES
    lines = read_lines(s3, bucket, "many")
    assert next(lines).decode() == f'"{rows[0]}"'
    assert [line.decode() for line in lines] == [f'"{row}"' for row in rows[1:]]
