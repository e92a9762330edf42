"""The repair on real S3 and SQS: what the ledger has of an hour arrives in the counters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.forwarder.ledger_lookup import LedgerLookup
from functions.reconciliation import repair as entry
from functions.reconciliation.compacting import FEWEST_OBJECTS
from functions.reconciliation.due_hours import LATENESS_MS
from functions.reconciliation.repair import (
    COMPACTED_AFTER_MS,
    RESERVE_MS,
    handler,
    hours_asked,
)
from functions.usage.errors import Permanent
from functions.usage.ledger_row import LedgerRow
from functions.usage.metric import Metric
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.lambda_context import lambda_context
from tests.fakes.queue_contents import take_all
from tests.fakes.settled_row import settled_row
from tests.integration.reconciliation.tenant import CUSTOMER, METER, START_MS, Tenant, event

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

HOUR = START_MS // HOUR_MS


def row(key: str, at_ms: int, quantity: float = 1, outcome: str = "confirmed") -> LedgerRow:
    fields = {"customerId": CUSTOMER, "meter": METER, "quantity": quantity, "outcome": outcome}
    return settled_row(key, iso_from_epoch_ms(at_ms), **fields)


@dataclass
class Walk:
    """A ledger, a queue, and the function between them."""

    ledger: Ledger
    s3: "S3Client"
    sqs: "SQSClient"
    queue_url: str
    bucket: str

    def bodies(self) -> list[str]:
        """What was sent since the last look."""
        return take_all(self.sqs, self.queue_url)

    def run(self, *hours: str, remaining_ms: int = 900_000) -> dict[str, object]:
        asked: entry.Asked = {"hours": list(hours)} if hours else {}
        return dict(handler(asked, lambda_context("repair", remaining_ms=remaining_ms)))


@pytest.fixture
def walk(s3: "S3Client", bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    monkeypatch.setenv("LEDGER_BUCKET", bucket)
    monkeypatch.setenv("SETTLED_USAGE_QUEUE_URL", url)
    entry._wired.cache_clear()
    yield Walk(Ledger(s3, bucket), s3, sqs, url, bucket)
    entry._wired.cache_clear()


def text(hour: int) -> str:
    return iso_from_epoch_ms(hour * HOUR_MS)[:13]


def test_an_hour_of_the_ledger_becomes_its_counter(walk: Walk, tenant: Tenant) -> None:
    """Every key once, set-aside usage too, in whole units; duplicates and other hours not."""
    tenant.grant(100)
    at_ms = (HOUR - 2) * HOUR_MS
    tenant.settle(event("a", at_ms))
    walk.ledger.append([row("a", at_ms), row("b", at_ms + 1, 2.5)], "one")
    walk.ledger.append([row("a", at_ms), row("c", at_ms + 2, outcome="set_aside")], "two")
    walk.ledger.append([row("d", at_ms - 1)], "three")
    done = walk.run(text(HOUR - 2))
    assert done == {"hours": 1, "commands": 1, "units": 5, "left": []}
    assert tenant.take_bodies(walk.bodies()) == []
    assert tenant.used() == 5


def test_an_hour_that_did_not_change_is_closed_without_reading_its_rows(
    walk: Walk, tenant: Tenant
) -> None:
    """What a counter lost comes back at the next closing, by the sums that were kept."""
    tenant.grant(100)
    at_ms = (HOUR - 2) * HOUR_MS
    walk.ledger.append([row("a", at_ms), row("b", at_ms + 1, 2.5)], "one")
    first = walk.run(text(HOUR - 2))
    (name,) = walk.ledger.names("ledger/")
    walk.s3.put_object(Bucket=walk.bucket, Key=name, Body=b"nobody reads this")
    walk.bodies()
    assert walk.run(text(HOUR - 2)) == first
    assert tenant.take_bodies(walk.bodies()) == []
    assert tenant.used() == 4


def test_without_hours_it_takes_those_that_are_due(walk: Walk) -> None:
    """By its own clock: an hour that ended half an hour ago and one that is not over yet."""
    wired = entry._wired().repair
    now_ms = wired.clock()
    past = now_ms - LATENESS_MS - HOUR_MS - now_ms % HOUR_MS
    walk.ledger.append([row("a", past), row("b", now_ms)], "one")
    done = walk.run()
    assert done["units"] == 1
    assert int(str(done["hours"])) >= 7
    (body,) = walk.bodies()
    assert f'"sums":[[{past // HOUR_MS},1]]' in body


def test_an_unreadable_object_holds_up_its_own_hour_only(walk: Walk) -> None:
    """An hour read in part is never closed; the next one is, and a metric says so."""
    walk.ledger.append([row("a", (HOUR - 3) * HOUR_MS), row("b", (HOUR - 2) * HOUR_MS)], "one")
    day, hour = text(HOUR - 3).split("T")
    walk.s3.put_object(Bucket=walk.bucket, Key=f"ledger/{day}/{hour}/zz.json.gz", Body=b"no gzip")
    repair = entry._wired().repair
    found = repair.run([HOUR - 3, HOUR - 2], lambda: 900_000)
    assert found.left == [text(HOUR - 3)]
    assert repair.telemetry._counts[Metric.HOURS_NOT_REPAIRED, ""] == 1
    assert len(walk.bodies()) == 1


def test_it_stops_in_time_and_says_what_is_left(walk: Walk) -> None:
    """What one run has no time for has its turn again."""
    done = walk.run(text(HOUR - 3), text(HOUR - 2), remaining_ms=RESERVE_MS - 1)
    assert done["left"] == [text(HOUR - 3), text(HOUR - 2)]
    assert walk.bodies() == []


@pytest.mark.parametrize(
    ("hour", "named"), [("yesterday", "is no hour"), (text(HOUR), "not over for 15 minutes")]
)
def test_an_hour_that_cannot_be_closed_is_named(hour: str, named: str) -> None:
    """Nothing is closed while its usage is still expected, not even when asked for."""
    with pytest.raises(Permanent, match=named):
        hours_asked([hour], START_MS)


def test_an_hour_past_the_dedup_window_is_compacted(walk: Walk) -> None:
    """Its keys are then found in a few blocks; it is closed by the same sums as before."""
    now_ms = entry._wired().repair.clock()
    old = (now_ms - COMPACTED_AFTER_MS) // HOUR_MS - 1
    for number in range(FEWEST_OBJECTS):
        written = iso_from_epoch_ms(old * HOUR_MS + number).translate(str.maketrans("", "", "-:."))
        walk.ledger.append([row(f"key-{number}", old * HOUR_MS)], written)
    first = walk.run(text(old), text(old + 2))
    assert walk.ledger.compacted.head(text(old + 2)) is None
    head = walk.ledger.compacted.head(text(old))
    assert head
    ((_, rows),) = walk.ledger.compacted.rows_of(head, {"key-7", "key-none"})
    assert [found["key"] for found in rows] == ["key-7"]
    lookup = LedgerLookup(walk.ledger).look_up(text(old), {"key-49", "key-none"}, lambda: True)
    assert ([found["key"] for found in lookup.rows], lookup.is_whole) == (["key-49"], True)
    assert walk.run(text(old), text(old + 2)) == first


def test_an_hour_that_cannot_be_compacted_is_closed_all_the_same(
    walk: Walk, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full costs the next lookup time, and nothing else."""

    def full(_: int) -> bool:
        raise OSError("No space left on device")

    walk.ledger.append([row("a", (HOUR - 100) * HOUR_MS)], "one")
    repair = entry._wired().repair._replace(compact=full)
    assert repair.run([HOUR - 100], lambda: 900_000).units == 1
    assert len(walk.bodies()) == 1
    assert any(vars(record)["msg"] == "hour.not_compacted" for record in caplog.records)
