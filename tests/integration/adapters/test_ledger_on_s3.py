"""The ledger on real S3: what is appended is read, by hour and by replay."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING

import pytest

from functions.adapters.json_lines import READ_BYTES, UnreadableObject, put_lines, read_lines
from functions.adapters.ledger import Ledger, hour_prefix, replay_prefix
from functions.forwarder.ledger_lookup import LedgerLookup
from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import ledger_row

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TEN, ELEVEN = "2026-11-23T10:59:59.999Z", "2026-11-23T11:00:00.000Z"


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
    assert [name.split(".")[0] for name in keys(s3, bucket)] == [
        "ledger/2026-11-23/10/invocation-1",
        "ledger/2026-11-23/11/invocation-1",
    ]
    assert all(name.endswith(".json.gz") for name in keys(s3, bucket))


def test_rows_of_a_replay_stand_a_second_time_under_it(
    ledger: Ledger, s3: "S3Client", bucket: str
) -> None:
    """Only those, whatever else was settled in the invocation."""
    replayed = ledger_row(1, replay_id="replay-1", occurred_at=TEN)
    ledger.append([replayed, ledger_row(2), ledger_row(3, replay_id="replay-2")], "invocation-1")
    assert list(ledger.read(replay_prefix("replay-1"))) == [replayed]
    assert "replays/replay-1/settled/invocation-1.json.gz" in keys(s3, bucket)
    assert len(list(ledger.read("ledger/"))) == 3


def test_an_invocation_that_writes_again_changes_nothing(ledger: Ledger) -> None:
    """Another one writes beside it: repeats are the reader's to count once."""
    for writer in ("invocation-1", "invocation-1", "invocation-2"):
        ledger.append([ledger_row(1)], writer)
    assert list(ledger.read("ledger/")) == [ledger_row(1)] * 2


def test_no_object_is_ever_written_over(ledger: Ledger, s3: "S3Client", bucket: str) -> None:
    """Other rows under the same name are refused: the forwarder's messages then come back."""
    ledger.append([ledger_row(1)], "invocation-1")
    with pytest.raises(UnreadableObject, match="invocation-1"):
        ledger.append([ledger_row(1, set_aside_class="poison")], "invocation-1")
    assert list(ledger.read("ledger/")) == [ledger_row(1)]


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


def test_a_busy_hour_is_looked_up_by_its_names(ledger: Ledger, s3: "S3Client", bucket: str) -> None:
    """2,000 objects, two pages: what reading them all would say, at the cost of a few reads, with
    time for all of it or for one object at a time.
    """
    rows = [ledger_row(number, occurred_at=TEN) for number in range(4_000)]
    with ThreadPoolExecutor(8) as writers:
        times = (f"20261123T10{n // 60 % 60:02}{n % 60:02}000Z-{n}" for n in range(2_000))
        list(writers.map(ledger.append, batched(rows, 2, strict=True), times))
    hour, wanted = "2026-11-23T10", {rows[n]["key"] for n in (0, 1_234, 2_345, 3_999)}
    absent = {ledger_row(number)["key"] for number in range(10_000, 10_006)}
    assert {row["key"] for row in ledger.rows_of(hour, wanted | absent)} == wanted
    days_later = datetime(2026, 11, 25, tzinfo=UTC)
    whole = LedgerLookup(ledger).look_up(hour, wanted | absent, lambda: True)
    assert whole.is_whole
    assert {row["key"] for row in whole.rows} == wanted
    in_parts, parts = LedgerLookup(ledger, lambda: days_later), 1
    while not (said := in_parts.look_up(hour, wanted | absent, lambda: False)).is_whole:
        parts += 1
    assert by_key(iter(said.rows)) == by_key(iter(whole.rows))
    # The four, those let through by chance (10 keys in 2,000 names: 5 expected), two pages.
    assert parts < 40
