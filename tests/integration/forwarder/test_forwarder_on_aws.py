"""The forwarder's handler whole, on real queues, a real bucket, a real secret and a real Aforo."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger, hour_prefix, replay_prefix
from functions.adapters.ledger_beginning import LedgerBeginning
from functions.forwarder import handler as forwarder
from functions.usage.event import UsageEvent
from functions.usage.message import to_body
from functions.usage.moment import DAY_MS, hour_of
from tests.fakes.forwarding import key, now_ms, usage_event, usage_message
from tests.fakes.lambda_context import lambda_context
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.aforo.standin import AforoStandIn
from tests.local.ministack import Ministack
from tests.local.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

HOLD_SECONDS = 3
QUEUES = ("usage", "usage_dead_letter", "settled")
ATTRIBUTES = ("ApproximateReceiveCount", "SentTimestamp", "ApproximateFirstReceiveTimestamp")


class Seen(NamedTuple):
    """A receive of a message."""

    body: str
    receives: str
    delayed_ms: int  # from its sending to its first receive
    at: float


@dataclass
class Deployment:
    """The forwarder's surroundings, and the part of Lambda that stands between SQS and it."""

    sqs: "SQSClient"
    urls: dict[str, str]
    ledger: Ledger
    seen: list[Seen] = field(default_factory=list)

    def put(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.urls["usage"], MessageBody=body)

    def invoke(self) -> dict[str, list[dict[str, str]]]:
        """One invocation by the event source mapping: receive, invoke, delete what is done."""
        messages = self.sqs.receive_message(
            QueueUrl=self.urls["usage"], MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": {name: message["Attributes"][name] for name in ATTRIBUTES},  # type: ignore[index]
            }
            for message in messages
        ]
        for message in messages:
            receives, sent, first = (message["Attributes"][name] for name in ATTRIBUTES)  # type: ignore[index]
            seen = Seen(message["Body"], receives, int(first) - int(sent), time.monotonic())
            self.seen.append(seen)
        answer = forwarder.handler({"Records": records}, lambda_context("forwarder"))
        failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(
                    QueueUrl=self.urls["usage"], ReceiptHandle=message["ReceiptHandle"]
                )
        return answer

    def invoke_until_nothing_waits(self) -> None:
        def look() -> bool:
            if not self.waiting("usage"):
                return True
            self.invoke()
            return False

        until(look, every=0.1)

    def depth(self, name: str) -> tuple[int, int]:
        """Messages that are visible, and in flight."""
        return self._counts(name)[:2]

    def waiting(self, name: str) -> int:
        """All messages: who looks late finds visible what was delayed or in flight."""
        return sum(self._counts(name))

    def _counts(self, name: str) -> tuple[int, int, int]:
        """Visible, in flight and delayed, of one look: between two a message may change place."""
        found = self.sqs.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=["All"])
        attributes = found["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            int(attributes["ApproximateNumberOfMessagesDelayed"]),
        )

    def bodies(self, name: str) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def deployed(
    on_ministack: Ministack, aforo: AforoStandIn, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    sqs, s3, mark = boto3.client("sqs"), boto3.client("s3"), str(uuid4())
    urls = {name: sqs.create_queue(QueueName=f"{name}-{mark}")["QueueUrl"] for name in QUEUES}
    s3.create_bucket(Bucket=f"ledger-{mark}")
    secret = boto3.client("secretsmanager").create_secret(
        Name=f"aforo-{mark}", SecretString=json.dumps({"apiKey": DEFAULT_API_KEY})
    )
    for name, value in {
        "USAGE_QUEUE_URL": urls["usage"],
        "USAGE_DEAD_LETTER_QUEUE_URL": urls["usage_dead_letter"],
        "SETTLED_USAGE_QUEUE_URL": urls["settled"],
        "LEDGER_BUCKET": f"ledger-{mark}",
        "AFORO_BASE_URL": aforo.url,
        "AFORO_ALLOWED_HOSTS": "ingest.aforo.ai",
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": secret["ARN"],
        "HOLD_SECONDS": str(HOLD_SECONDS),
    }.items():
        monkeypatch.setenv(name, value)
    yield Deployment(sqs, urls, Ledger(s3, f"ledger-{mark}"))
    restart()


def restart() -> None:
    """The next invocation is a cold start."""
    forwarder._wired().client.close()
    forwarder._wired.cache_clear()


def events(numbers: range, *, age_ms: int = 0) -> list[UsageEvent]:
    moment = now_ms() - age_ms  # one, or they may be of two hours
    return [usage_event(n, occurred_ms=moment) for n in numbers]


def body(*found: UsageEvent, **more: Any) -> str:
    return to_body(usage_message(found, **more))


def test_a_good_day(deployed: Deployment, console: Console) -> None:
    """Two messages: one post, one ledger object, the counters told, both messages gone."""
    known = events(range(5))
    deployed.put(body(*known[:3]), body(*known[3:], replayId="r-1"))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 5
    rows = list(deployed.ledger.read(hour_prefix(hour_of(known[0]["occurredAt"]))))
    assert {row["key"]: row["outcome"] for row in rows} == {key(n): "confirmed" for n in range(5)}
    replayed = list(deployed.ledger.read(replay_prefix("r-1")))
    assert {row["key"] for row in replayed} == {key(3), key(4)}
    (settled,) = deployed.bodies("settled")
    assert [one["key"] for one in settled["settled"]] == [key(n) for n in range(5)]
    assert deployed.depth("usage") == (0, 0)
    assert deployed.depth("usage_dead_letter") == (0, 0)


def test_a_hold_that_is_too_long_stops_nothing(
    deployed: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Usage is forwarded; the process says once for how long it would hold instead."""
    monkeypatch.setenv("HOLD_SECONDS", "86400")
    for number in range(2):
        deployed.put(body(*events(range(number, number + 1))))
        assert deployed.invoke() == {"batchItemFailures": []}
    [said] = [vars(one) for one in caplog.records if one.message == "hold.shortened"]
    assert (said["levelname"], said["hold_seconds"]) == ("ERROR", 72_000)
    assert capsys.readouterr().out.count('"HoldShortened":[1.0]') == 1


def test_down_then_held_then_set_aside(
    deployed: Deployment,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Aforo is down: the message is held invisible, comes back, and past the hold it is in
    UsageDeadLetterQueue with its class and its tries; the quota counts it.
    """
    console.order_faults({"kind": "status", "status": 503})
    started = time.monotonic()
    deployed.put(body(*events(range(3))))
    # However long the first try takes, it is not past the hold.
    monkeypatch.setenv("HOLD_SECONDS", "600")
    answer = deployed.invoke()
    assert len(answer["batchItemFailures"]) == 1
    assert deployed.waiting("usage") == 1
    restart()
    monkeypatch.setenv("HOLD_SECONDS", str(HOLD_SECONDS))
    deployed.invoke_until_nothing_waits()
    (message,) = deployed.bodies("usage_dead_letter")
    assert time.monotonic() - started >= HOLD_SECONDS
    assert deployed.seen[1].at - deployed.seen[0].at >= 1
    assert [event["idempotencyKey"] for event in message["events"]] == [key(n) for n in range(3)]
    assert message["setAside"]["setAsideClass"] == "exhausted"
    assert message["setAside"]["reason"] == "outage"
    assert message["setAside"]["tries"] >= 2
    (settled,) = deployed.bodies("settled")
    assert len(settled["settled"]) == 3
    assert console.ledger()["accepted"] == 0


def test_back_in_time_is_confirmed_and_billed_once(deployed: Deployment, console: Console) -> None:
    """The answer is lost after Aforo has committed: the next try finds duplicates."""
    console.order_faults({"kind": "reset_after_commit", "count": 1})
    deployed.put(body(*events(range(3))))
    assert len(deployed.invoke()["batchItemFailures"]) == 1
    deployed.invoke_until_nothing_waits()
    assert console.ledger()["accepted"] == 3
    assert deployed.depth("usage_dead_letter") == (0, 0)


def test_poison_and_old_ones(deployed: Deployment, console: Console) -> None:
    """A blank customer, an unknown metric, a body that is not JSON, and an event from last week
    that the ledger knows: each ends in its place, the good ones at Aforo.
    """
    blank = usage_event(50, occurred_ms=now_ms(), customer=" ")
    unknown = usage_event(51, occurred_ms=now_ms(), metric="Petz")
    deployed.put(body(*events(range(3)), blank, unknown), "not json")
    assert deployed.invoke() == {"batchItemFailures": []}
    classes = sorted(
        one["setAside"]["setAsideClass"] for one in deployed.bodies("usage_dead_letter")
    )
    assert classes == ["config", "poison", "poison"]
    assert console.ledger()["accepted"] == 3


def test_an_old_event_is_not_billed_twice(deployed: Deployment, console: Console) -> None:
    """Aforo has forgotten the key; our ledger has not."""
    began = datetime.now(UTC) - timedelta(days=10)
    LedgerBeginning(boto3.client("s3"), os.environ["LEDGER_BUCKET"]).mark(began)
    old = events(range(60, 62), age_ms=3 * DAY_MS)
    deployed.put(body(*old))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 2
    console.advance_clock(2 * 86_400)
    deployed.put(body(*old, replayId="r-9"))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 2
    assert {row["outcome"] for row in deployed.ledger.read(replay_prefix("r-9"))} == {"confirmed"}


def test_a_stack_that_is_made_again_does_not_bill_what_the_old_one_did(
    deployed: Deployment, console: Console
) -> None:
    """With a ledger of its own it cannot know: a person decides. With the old one it can."""
    deployed.put(body(*events(range(70, 72), age_ms=3 * DAY_MS)))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 0
    (message,) = deployed.bodies("usage_dead_letter")
    record = message["setAside"]
    assert (record["setAsideClass"], record["reason"]) == ("ambiguous", "before_the_ledger")
    assert record["maybeBilledSince"] is None


def test_what_is_refused_without_a_doubt_comes_back_as_a_new_message(
    deployed: Deployment,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """429 twice: each time a new message is on the queue, after a delay, and says its tries; then
    all of it is billed, and no message was ever received twice.
    """
    monkeypatch.setenv("HOLD_SECONDS", "600")
    console.order_faults({"kind": "status", "status": 429, "count": 2})
    deployed.put(body(*events(range(3))))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 0
    assert deployed.waiting("usage") == 1

    def is_billed() -> bool:
        assert deployed.invoke() == {"batchItemFailures": []}
        return bool(console.ledger()["accepted"] == 3)

    until(is_billed, every=0.1)
    assert {one.receives for one in deployed.seen} == {"1"}
    assert all(one.delayed_ms >= 1_000 for one in deployed.seen[1:])
    tries = [json.loads(one.body).get("held", {}).get("tries") for one in deployed.seen]
    assert tries[:3] == [None, 1, 2]
    assert deployed.depth("usage") == (0, 0)


def test_a_heartbeat_goes_to_the_counters(deployed: Deployment, console: Console) -> None:
    """Unchanged, beside the usage that came with it, and nowhere else."""
    beat = to_body({"version": 1, "heartbeatAtMs": now_ms(), "logGroup": "group"})
    deployed.put(beat, body(*events(range(1))))
    assert deployed.invoke() == {"batchItemFailures": []}
    assert console.ledger()["accepted"] == 1
    assert json.loads(beat) in deployed.bodies("settled")
    assert deployed.depth("usage_dead_letter") == (0, 0)


def test_a_ledger_that_is_gone_brings_the_messages_back(
    deployed: Deployment, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged that is not durable, and nothing is told to the counters."""
    monkeypatch.setenv("LEDGER_BUCKET", f"nowhere-{uuid4()}")
    deployed.put(body(*events(range(2))))
    assert len(deployed.invoke()["batchItemFailures"]) == 1
    assert console.ledger()["accepted"] == 2
    assert deployed.depth("settled") == (0, 0)
    assert deployed.waiting("usage") == 1
