"""A replay's surroundings on ministack: the two queues, the bucket, and a forwarder's pen."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.metering import handler as metering
from functions.replay import queue_round, report
from functions.replay.limits import MoveTask, pace_seconds
from functions.replay.manifest import Manifests
from functions.replay.order import Order
from functions.replay.outstanding import OutstandingEvents
from functions.replay.progress import UnsettledMove
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import UsageMessage, to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import REGION
from tests.fakes.lambda_context import lambda_context
from tests.fakes.queue_contents import take_all
from tests.integration.replay.yard import Yard
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

REMAINING_MS = 60_000


@dataclass
class Surroundings:
    """Where a replay takes from and puts to."""

    sqs: "SQSClient"
    s3: "S3Client"
    usage_url: str
    usage_dead_letter_url: str
    settled_url: str
    counter_dead_letter_url: str
    bucket: str
    started_at: str = "2026-11-23T12:00:00.000Z"

    def set_aside(self, *messages: UsageMessage | str) -> None:
        for message in messages:
            body = message if isinstance(message, str) else to_body(message)
            self.sqs.send_message(QueueUrl=self.usage_dead_letter_url, MessageBody=body)

    def take_all(self, url: str) -> list[str]:
        """The bodies of every visible message, which are deleted."""
        return take_all(self.sqs, url)

    def sent(self) -> list[UsageMessage]:
        return [json.loads(body) for body in self.take_all(self.usage_url)]

    def left(self) -> list[str]:
        return self.take_all(self.usage_dead_letter_url)

    def depth(self, url: str) -> int:
        """Visible and hidden together."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]
        return sum(map(int, found.values()))

    def move(
        self,
        replay_id: str,
        order: object = None,
        limits: Mapping[str, int] | None = None,
        remaining_ms: int = REMAINING_MS,
    ) -> dict[str, Any]:
        """What a round does in the end."""
        asked = Order.model_validate(order or {})
        limits = {"seeAtMost": 1_000, "moveAtMost": 1_000, **(limits or {})}
        task = {"replayId": replay_id, "startedAt": self.started_at, "round": 1, "order": asked}
        context = lambda_context("replay", remaining_ms=remaining_ms)
        made = queue_round.move(MoveTask.model_validate({**task, **limits}), context)
        return {
            "moveId": made.move_id,
            "startedAt": made.started_at,
            "messages": made.moved.messages,
            "events": made.moved.events,
            "seen": made.moved.seen,
            "held": made.moved.held,
            "isQueueEmpty": made.moved.is_queue_empty,
            "paceSeconds": pace_seconds(asked, made.moved.events),
        }

    def outstanding(self, replay_id: str, moved: dict[str, Any]) -> int:
        """As a later round looks for it."""
        manifests = Manifests(self.s3, self.bucket, replay_id)
        looking = OutstandingEvents(Ledger(self.s3, self.bucket), manifests, replay_id)
        move = UnsettledMove(move_id=moved["moveId"], started_at=moved["startedAt"])
        return looking.of(move)

    def report(
        self,
        replay_id: str,
        *,
        dry_run: bool = False,
        source: str = "usage",
        remaining_ms: int = REMAINING_MS,
    ) -> dict[str, Any]:
        """The whole report, as it stands in S3."""
        task = {
            "replayId": replay_id,
            "order": {"dryRun": dry_run, "source": source},
            "startedAt": self.started_at,
            "trouble": "",
            "progress": {"waitingAtStart": 0},
        }
        report.handler(task, lambda_context("replay", remaining_ms=remaining_ms))
        key = f"replays/{replay_id}/report.json"
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        found: dict[str, Any] = json.loads(body)
        return found

    def write_ledger(self, rows: Iterable[LedgerRow]) -> None:
        """As the forwarder does, now."""
        now = iso_from_epoch_ms(time.time_ns() // 1_000_000)
        settled: list[LedgerRow] = [{**row, "settledAt": now} for row in rows]
        Ledger(self.s3, self.bucket).append(settled, str(uuid4()))


def make_surroundings() -> Surroundings:
    """Queues and a bucket of their own."""
    sqs, s3, name = boto3.client("sqs"), boto3.client("s3"), f"replay-{uuid4()}"
    s3.create_bucket(Bucket=name)
    urls = {
        f"{kind}_url": sqs.create_queue(QueueName=f"{name}-{kind}")["QueueUrl"]
        for kind in ("usage", "usage_dead_letter", "settled", "counter_dead_letter")
    }
    started_at = iso_from_epoch_ms(time.time_ns() // 1_000_000)
    return Surroundings(sqs=sqs, s3=s3, bucket=name, started_at=started_at, **urls)


@pytest.fixture
def aws(on_ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    """Queues and a bucket of the test's own, and the functions wired to them."""
    found = make_surroundings()
    monkeypatch.setenv("USAGE_QUEUE_URL", found.usage_url)
    monkeypatch.setenv("USAGE_DEAD_LETTER_QUEUE_URL", found.usage_dead_letter_url)
    monkeypatch.setenv("SETTLED_USAGE_QUEUE_URL", found.settled_url)
    monkeypatch.setenv("COUNTER_DEAD_LETTER_QUEUE_URL", found.counter_dead_letter_url)
    monkeypatch.setenv("DEDUP_WINDOW_SECONDS", "86400")
    monkeypatch.setenv("CLAIM_SECONDS", "240")
    monkeypatch.setenv("ROUNDS_OF_AN_EXECUTION", "250")
    monkeypatch.setenv("EVENTS_OF_A_PART", "500000")
    monkeypatch.setenv("AFORO_BASE_URL", "http://127.0.0.1:9")  # nobody there: see test_probe
    monkeypatch.setenv("AFORO_ALLOWED_HOSTS", "ingest.aforo.ai")
    monkeypatch.setenv("AFORO_TENANT_ID", "tenant_demo")
    monkeypatch.setenv("AFORO_SECRET_ARN", "arn:secret")
    monkeypatch.setenv("LEDGER_BUCKET", found.bucket)
    forget_wiring()
    yield found
    forget_wiring()


def forget_wiring() -> None:
    """What a process keeps is of one environment."""
    for wired in (queue_round._wired, queue_round._probe, report._wired):
        wired.cache_clear()


@pytest.fixture
def yard(aws: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    name = f"quarantine-{uuid4()}"
    aws.s3.create_bucket(Bucket=name)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("USAGE_QUEUE_URL", aws.usage_url)
    monkeypatch.setenv("QUARANTINE_BUCKET", name)
    monkeypatch.setenv("CONFIGURATION_BUCKET", name)
    found = Yard(aws, name)
    found.configure()
    yield found
    metering._wired.cache_clear()
