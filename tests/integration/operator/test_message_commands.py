"""A message of a dead-letter queue is taken, decided or repaired, on real SQS and S3."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import boto3
import pytest

from functions.adapters.message_queue import MessageQueue
from functions.operator.command_line import main
from functions.operator.messages.change_record import PREFIX, ChangeRecord
from functions.operator.messages.changing import Change, carry_out
from functions.operator.messages.dead_letters import DeadLetters
from functions.operator.messages.queue_message import QueueMessage
from functions.usage.message import to_body
from tests.fakes.fuse import Fuse, fused
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.set_aside_messages import event, message, record
from tests.fakes.settling import Crash
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

EVENTS = [event(number) for number in range(3)]
KEYS = [one["idempotencyKey"] for one in EVENTS]
AMBIGUOUS = to_body(message(EVENTS, record("ambiguous")))
BROKEN = to_body(message([event(1, occurred_at="2026-11-23T11:00:00.000+01:00")]))
UNREADABLE = to_body(
    {"version": 1, "unreadable": BROKEN, "fault": "no Z", "setAside": record("poison")}
)
WHY = ["--why", "ticket 4711"]


class Road(NamedTuple):
    """A local cloud of two queues and a ledger's bucket."""

    sqs: "SQSClient"
    urls: dict[str, str]
    bucket: str
    endpoints: Path

    def run(self, *words: str) -> int:
        return main(["message", *words, "--endpoints", str(self.endpoints)])

    def put(self, body: str, queue: str = "usage_dead_letter") -> str:
        sent = self.sqs.send_message(QueueUrl=self.urls[queue], MessageBody=body)
        return sent["MessageId"]

    def bodies(self, queue: str) -> list[str]:
        """What shows now; it is hidden from then on."""
        with_all: list[str] = []
        while found := self.sqs.receive_message(
            QueueUrl=self.urls[queue], MaxNumberOfMessages=10
        ).get("Messages"):
            with_all += [one["Body"] for one in found]
        return sorted(with_all)

    def records(self) -> list[dict[str, Any]]:
        s3 = boto3.client("s3")
        listed = s3.list_objects_v2(Bucket=self.bucket, Prefix=PREFIX).get("Contents", [])
        bodies = (s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"] for one in listed)
        return [json.loads(body.read()) for body in bodies]


@pytest.fixture
def road(on_ministack: Ministack, tmp_path: Path) -> Road:
    sqs, bucket = boto3.client("sqs"), f"ledger-{uuid4()}"
    names = ("usage", "usage_dead_letter", "counter_dead_letter")
    urls = {name: sqs.create_queue(QueueName=f"{name}-{uuid4()}")["QueueUrl"] for name in names}
    boto3.client("s3").create_bucket(Bucket=bucket)
    endpoints = write_endpoints(tmp_path, on_ministack.env, queues=urls, ledger_bucket=bucket)
    return Road(sqs, urls, bucket, endpoints)


def test_without_yes_all_of_it_is_said_and_nothing_done(
    road: Road, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """List, show and each change, one after the other: all that waited shows."""
    first, second = road.put(AMBIGUOUS), road.put(UNREADABLE)
    road.put("no JSON")
    assert road.run("list") == 0
    assert road.run("show", first) == 0
    assert road.run("take", first, "--to", str(tmp_path / "kept.json"), *WHY) == 0
    assert road.run("decide", first, "--aforo-has", *KEYS[:2], *WHY) == 0
    assert road.run("repair", second, "--times-in-utc", *WHY) == 0
    out = capsys.readouterr().out
    assert out.count("dry run: nothing was changed; add --yes to do it") == 3
    assert "1 events are sent, as decided" in out
    assert road.bodies("usage_dead_letter") == sorted([AMBIGUOUS, UNREADABLE, "no JSON"])
    assert (road.bodies("usage"), road.records()) == ([], [])
    assert not (tmp_path / "kept.json").exists()


def test_a_message_is_taken_into_a_file_and_a_record(road: Road, tmp_path: Path) -> None:
    """Both hold it whole, a body that is no JSON too; what waits beside it shows at once."""
    name = road.put("no JSON")
    road.put(AMBIGUOUS)
    assert road.run("take", name, "--to", str(tmp_path / "kept.json"), *WHY, "--yes") == 0
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert (kept["messageId"], kept["body"]) == (name, "no JSON")
    (found,) = road.records()
    assert found["was"] == kept
    assert {key: found[key] for key in ("change", "state", "why", "queue", "messageId")} == {
        "change": "take",
        "state": "done",
        "why": "ticket 4711",
        "queue": "UsageDeadLetterQueue",
        "messageId": name,
    }
    assert found["who"].startswith("arn:aws:")
    assert road.bodies("usage_dead_letter") == [AMBIGUOUS]


def test_a_command_of_the_counters_is_taken_from_its_own_queue(road: Road, tmp_path: Path) -> None:
    """When a corrected one was sent."""
    name = road.put('{"kind": "grant"}', "counter_dead_letter")
    words = ["take", name, "--queue", "counters", "--to", str(tmp_path / "kept.json"), *WHY]
    assert road.run(*words, "--yes") == 0
    assert road.bodies("counter_dead_letter") == []
    assert road.records()[0]["queue"] == "CounterDeadLetterQueue"


def test_what_aforo_lacks_is_sent_and_what_it_has_is_recorded(road: Road, tmp_path: Path) -> None:
    """By a file of keys, as decided, with its history."""
    name = road.put(AMBIGUOUS)
    (tmp_path / "lacking.txt").write_text(f"{KEYS[2]}\n")
    words = ["decide", name, "--send-lacking", str(tmp_path / "lacking.txt"), *WHY, "--yes"]
    assert road.run(*words) == 0
    (body,) = map(json.loads, road.bodies("usage"))
    assert body["events"] == [EVENTS[2]]
    assert (body["decided"], body["history"]) == (True, [record("ambiguous")])
    (found,) = road.records()
    assert (found["became"]["sent"], found["became"]["billed"]) == (KEYS[2:], KEYS[:2])
    assert found["was"]["body"] == AMBIGUOUS
    assert road.bodies("usage_dead_letter") == []


def test_where_aforo_has_all_nothing_is_sent(road: Road) -> None:
    """The record says that they are billed."""
    name = road.put(AMBIGUOUS)
    assert road.run("decide", name, "--aforo-has", "all", *WHY, "--yes") == 0
    assert (road.bodies("usage"), road.bodies("usage_dead_letter")) == ([], [])
    assert road.records()[0]["became"]["billed"] == KEYS


def test_a_message_that_could_not_be_read_is_mended_and_sent(road: Road) -> None:
    """With what the forwarder noted of its tries."""
    name = road.put(UNREADABLE)
    assert road.run("repair", name, "--times-in-utc", *WHY, "--yes") == 0
    (body,) = map(json.loads, road.bodies("usage"))
    assert (body["events"], body["history"]) == ([event(1)], [record("poison")])
    assert road.bodies("usage_dead_letter") == []
    assert road.records()[0]["became"]["changes"]


@pytest.mark.parametrize("gone", ["ledger_bucket", "usage"])
def test_what_cannot_be_made_durable_leaves_the_message(
    road: Road, on_ministack: Ministack, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    """Status 1: no record, or not sent; it says so, without a traceback."""
    name = road.put(AMBIGUOUS)
    urls = {**road.urls, "usage": "https://sqs/none"} if gone == "usage" else road.urls
    bucket = "none" if gone == "ledger_bucket" else road.bucket
    write_endpoints(road.endpoints.parent, on_ministack.env, queues=urls, ledger_bucket=bucket)
    assert road.run("decide", name, "--aforo-lacks", "all", *WHY, "--yes") == 1
    assert "not finished" in capsys.readouterr().err
    assert road.bodies("usage_dead_letter") == [AMBIGUOUS]
    assert road.bodies("usage") == []


class FusedLetters(DeadLetters):
    """Dies before or after the delete."""

    fuse: Fuse

    def delete(self, message: QueueMessage) -> None:
        fused(super().delete, self.fuse)(message)


class FusedRecord(ChangeRecord):
    """Dies before or after it is put."""

    fuse: Fuse

    def begin(self) -> None:
        fused(super().begin, self.fuse)()

    def end(self) -> None:
        fused(super().end, self.fuse)()


@pytest.mark.parametrize("steps", range(10))
def test_whenever_it_dies_the_usage_is_somewhere(road: Road, tmp_path: Path, steps: int) -> None:
    """In the dead-letter queue, on UsageQueue, or on both; and the record came before all of it."""
    road.put(AMBIGUOUS)
    file, fuse = tmp_path / "kept", Fuse(steps)
    usage = MessageQueue(road.sqs, road.urls["usage"])
    record_of_it = FusedRecord(boto3.client("s3"), road.bucket, {"messageId": "m"}, lambda: 0)
    record_of_it.fuse = fuse
    letters = FusedLetters(road.sqs, road.urls["usage_dead_letter"])
    letters.fuse = fuse
    keep = fused(file.touch, fuse)
    send = fused(lambda: usage.send(["sent"]), fuse)
    with pytest.raises(Crash), letters:  # noqa: PT012 - the look must end before we look
        (found,) = letters.messages()
        carry_out(Change(found, keep, send), letters, record_of_it)
    waiting, sent = road.bodies("usage_dead_letter"), road.bodies("usage")
    assert waiting == [AMBIGUOUS] or sent == ["sent"]
    if waiting != [AMBIGUOUS] or sent:
        assert [one["state"] for one in road.records()] in (["begun"], ["done"])
    assert file.exists() or not road.records()
