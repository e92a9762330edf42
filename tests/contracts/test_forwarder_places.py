"""What the forwarder relies on of its queue and its ledger: the fakes of its tests, and SQS and S3,
are held to the same.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger, hour_prefix
from functions.adapters.message_queue import BYTES_PER_CALL
from functions.adapters.telemetry import Telemetry
from functions.forwarder.putting_back import Later, PuttingBack, Visibility
from functions.forwarder.returning import Hider, PutterBack
from functions.forwarder.settle import RowKeeper
from functions.usage.ledger_row import LedgerRow
from tests.fakes.model_queue import ModelQueue
from tests.fakes.set_aside_messages import ledger_row
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settling import FakeLedger, FakePlaces

PATIENCE_SECONDS = 30

type Receive = Callable[[], list[dict[str, Any]]]


@dataclass
class Queue:
    """UsageQueue, from both of its sides; `receive` gives records as Lambda does."""

    putter: PutterBack
    hider: Hider
    receive: Receive


def _fake() -> Queue:
    clock = SettableClock(0)
    model = ModelQueue(clock)

    def receive() -> list[dict[str, Any]]:
        clock.advance(1)
        return model.receive()

    return Queue(model, model, receive)


def _real() -> Queue:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"contract-{uuid4()}")["QueueUrl"]
    telemetry = Telemetry("forwarder")

    def receive() -> list[dict[str, Any]]:
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], WaitTimeSeconds=1
        )
        return [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
            }
            for one in found.get("Messages", [])
        ]

    return Queue(PuttingBack(sqs, url, telemetry), Visibility(sqs, url, telemetry), receive)


@pytest.fixture(params=["fake", "real"])
def queue(request: pytest.FixtureRequest) -> Queue:
    if request.param == "fake":
        return _fake()
    request.getfixturevalue("on_ministack")
    return _real()


def received(queue: Queue, wanted: int) -> list[dict[str, Any]]:
    """That many records, or as many as come while patience lasts."""
    found: list[dict[str, Any]] = []
    until = time.monotonic() + PATIENCE_SECONDS
    while len(found) < wanted and time.monotonic() < until:
        found += queue.receive()
    return found


def test_what_is_put_back_is_a_new_message_of_its_own(queue: Queue) -> None:
    """Its first receive is its first: the count is what says that a try is not recorded."""
    bodies = {f"old-{n}": Later(f'{{"n":{n}}}', 0) for n in range(12)}
    assert queue.putter.put_back(bodies) == set(bodies)
    found = received(queue, 12)
    assert Counter(one["body"] for one in found) == Counter(later.body for later in bodies.values())
    assert {one["attributes"]["ApproximateReceiveCount"] for one in found} == {"1"}
    assert not {one["messageId"] for one in found} & bodies.keys()


def test_a_delayed_message_is_not_received_before_its_time(queue: Queue) -> None:
    """15 minutes, SQS's most; its neighbour comes at once."""
    assert queue.putter.put_back({"a": Later("late", 900), "b": Later("now", 0)}) == {"a", "b"}
    assert [one["body"] for one in received(queue, 1)] == ["now"]
    assert queue.receive() == []


def test_a_body_that_no_call_takes_stays_where_it_was(queue: Queue) -> None:
    """It is not named, so its message is hidden instead; its neighbours are put back."""
    bodies = {"a": Later("x" * (BYTES_PER_CALL + 1), 0), "b": Later("small", 0)}
    assert queue.putter.put_back(bodies) == {"b"}
    assert [one["body"] for one in received(queue, 1)] == ["small"]


def test_nothing_to_put_back_is_nothing(queue: Queue) -> None:
    """SQS refuses an empty batch."""
    assert queue.putter.put_back({}) == set()
    assert queue.hider.hide({}) == set()
    assert queue.receive() == []


def test_a_hidden_message_comes_back_with_one_receive_more(queue: Queue) -> None:
    """That is the doubt; and it keeps the time at which it was sent."""
    queue.putter.put_back({"a": Later("body", 0)})
    (first,) = received(queue, 1)
    assert queue.receive() == []
    assert queue.hider.hide({first["receiptHandle"]: 0}) == set()
    (second,) = received(queue, 1)
    assert second["messageId"] == first["messageId"]
    assert second["attributes"]["ApproximateReceiveCount"] == "2"
    assert second["attributes"]["SentTimestamp"] == first["attributes"]["SentTimestamp"]


@dataclass
class Rows:
    """The ledger, from both of its sides."""

    keeper: RowKeeper
    read_hour: Callable[[str], Sequence[LedgerRow]]


@pytest.fixture(params=["fake", "real"])
def rows(request: pytest.FixtureRequest) -> Rows:
    if request.param == "fake":
        fake = FakeLedger(FakePlaces())
        return Rows(fake, lambda hour: list(fake.read_hour(hour)))
    request.getfixturevalue("on_ministack")
    s3, bucket = boto3.client("s3"), f"ledger-{uuid4()}"
    s3.create_bucket(Bucket=bucket)
    real = Ledger(s3, bucket)
    return Rows(real, lambda hour: list(real.read(hour_prefix(hour))))


def test_the_ledger_gives_back_the_rows_of_an_hour(rows: Rows) -> None:
    """All of its fields, the doubt included; nothing of another hour, and nothing for no rows."""
    doubtful = {
        **ledger_row(1, set_aside_class="exhausted"),
        "maybeBilledSince": "2026-11-23T09:00Z",
    }
    other_hour = ledger_row(2, occurred_at="2026-11-23T11:00:00.000Z")
    rows.keeper.append([ledger_row(0), doubtful, other_hour], "first")  # type: ignore[list-item]
    rows.keeper.append([ledger_row(3)], "second")
    rows.keeper.append([], "third")
    found = sorted(rows.read_hour("2026-11-23T10"), key=lambda row: row["key"])
    expected = [ledger_row(0), doubtful, ledger_row(3)]
    assert found == sorted(expected, key=lambda row: str(row["key"]))
    assert rows.read_hour("2026-11-23T12") == []
