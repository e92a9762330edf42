"""The quarantine, metered again: real buckets, queue and log group, and metering's own handler."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import boto3
import pytest

from functions.metering import handler as metering
from functions.replay.limits import RoundTask
from functions.replay.log_lines import LogLines
from functions.replay.manifest import Manifests
from functions.replay.metering_call import Answer, MeteringFailed
from functions.replay.order import Order
from functions.replay.quarantine import Quarantine
from functions.replay.remetering import Progress, Remetering
from functions.replay.second_reading import SecondReading
from functions.usage.errors import Retryable
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.access_log_lines import (
    REGION,
    REQUEST_TIME_MS,
    distinct_line,
    subscription_payload,
)
from tests.fakes.execution_log_lines import (
    ACCOUNT,
    CUSTOMER,
    EXTENDED_ID,
    GROUP,
    REQUEST_ID,
    prefixed,
    request_texts,
)
from tests.integration.replay.conftest import Surroundings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SOON_MS = REQUEST_TIME_MS + 60_000
LATER = timedelta(seconds=2)  # S3's times are whole seconds


class Context:
    """As much of Lambda's context as metering reads."""

    log_group_name = "/aws/lambda/metering"


@dataclass
class Asked:
    """Metering's handler, asked as the deployed function is; dead or failing when told to."""

    replay_id: str
    dry_run: bool = False
    fails: Callable[[Mapping[str, object]], bool] = lambda _: False
    times: int = 0

    def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer:
        self.times += 1
        if self.fails(payload):
            raise MeteringFailed("Sandbox.Timedout")
        asked = {"id": self.replay_id, "dryRun": self.dry_run, "fromLog": from_log}
        answer = invoke({**payload, "replay": asked})
        return Answer.model_validate_json(json.dumps(answer))


def invoke(payload: object) -> dict[str, object]:
    return metering.handler(payload, cast("LambdaContext", Context()))


@dataclass
class Yard:
    """A quarantine bucket of its own, beside the replay's surroundings."""

    aws: Surroundings
    bucket: str
    configuration: dict[str, str] = field(default_factory=dict)

    def configure(self, **customers: str) -> None:
        version = {
            "effectiveFrom": "2020-01-01T00:00:00Z",
            "meters": [{"id": "api_calls", "metricName": "API Calls"}],
            "customers": customers,
        }
        body = json.dumps({"versions": [version]}).encode()
        self.aws.s3.put_object(Bucket=self.bucket, Key="configuration/metering.json", Body=body)
        metering._wired.cache_clear()

    def names(self, prefix: str = "quarantine/") -> list[str]:
        found = self.aws.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def put(self, key: str, body: object) -> None:
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode())

    def remetering(self, asked: Asked, now_ms: int = SOON_MS) -> Remetering:
        return Remetering(
            quarantine=Quarantine(self.aws.s3, self.bucket),
            reading=SecondReading(asked, LogLines(boto3.client("logs")), now_ms),
            manifests=Manifests(self.aws.s3, self.aws.bucket, asked.replay_id),
        )

    def run(
        self,
        replay_id: str = "by-hand",
        order: Mapping[str, object] | None = None,
        *,
        asked: Asked | None = None,
        now_ms: int = SOON_MS,
        limits: Mapping[str, object] | None = None,
        ticks: Iterator[bool] | None = None,
    ) -> Progress:
        wanted = Order.model_validate({"source": "quarantine", **(order or {})})
        asked = asked or Asked(replay_id, wanted.dry_run)
        task = {
            "step": "move",
            "replayId": replay_id,
            "startedAt": self.now(),
            "round": 1,
            "order": wanted,
            "seeAtMost": 100,
            "moveAtMost": 100,
            **(limits or {}),
        }
        return self.remetering(asked, now_ms).run(
            RoundTask.model_validate(task), "0001-a", lambda: next(ticks) if ticks else True
        )

    def now(self) -> str:
        """Of S3's clock, after everything that stands there."""
        entries = self.aws.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        last = max(entry["LastModified"] for entry in entries) + LATER
        return iso_from_epoch_ms(int(last.timestamp() * 1000))

    def remetered(self, replay_id: str = "by-hand") -> list[tuple[str, str]]:
        rows = Manifests(self.aws.s3, self.aws.bucket, replay_id).remetered()
        return sorted((row["reason"], row["outcome"]) for row in rows)


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


def keyed(number: int, key_id: str = "key_a") -> str:
    return distinct_line(number, customerId="-", apiKeyId=key_id)


def customers(aws: Surroundings) -> list[str]:
    return sorted(event["customerId"] for one in aws.sent() for event in one["events"])


def test_what_a_new_configuration_covers_is_billed_and_leaves(
    yard: Yard, aws: Surroundings
) -> None:
    """With its key and the replay's id; what stays unknown stays, as the same object."""
    invoke(subscription_payload([keyed(1), keyed(2)]))
    invoke(subscription_payload([keyed(3), keyed(4, "key_b")]))
    invoke(subscription_payload([keyed(5, "key_b")]))
    before = yard.names()
    assert len(before) == 3
    yard.configure(key_a="cus_a")
    progress = yard.run()
    assert (progress.moved.messages, progress.moved.events, progress.moved.seen) == (2, 3, 3)
    assert progress.moved.is_queue_empty
    sent = aws.sent()
    assert [event["customerId"] for one in sent for event in one["events"]] == ["cus_a"] * 3
    assert {one["replayId"] for one in sent} == {"by-hand"}
    # One is as it was; of the second only the line that is still unknown is left.
    after = yard.names()
    assert len(after) == 2
    assert len(set(after) & set(before)) == 1
    assert len(yard.names("replayed/by-hand/quarantine/no_customer/")) == 2
    assert yard.remetered() == [
        ("no_customer", "left"),
        ("no_customer", "left"),
        ("no_customer", "quarantined_again"),
    ]
    assert yard.run("again").moved.messages == 0
    assert yard.names() == after


def test_a_dry_run_says_the_same_and_touches_nothing(yard: Yard, aws: Surroundings) -> None:
    """No event, no object, no new name."""
    invoke(subscription_payload([keyed(1), keyed(2, "key_b"), distinct_line(3, customerId="*")]))
    yard.configure(key_a="cus_a")
    before = yard.names("")
    dry = yard.run("dry", {"dryRun": True})
    assert yard.names("") == before
    assert aws.sent() == []
    real = yard.run()
    assert dry.moved == real.moved
    assert yard.remetered("dry") == yard.remetered()
    would = list(Manifests(aws.s3, aws.bucket, "dry").sent(dry_run=True))
    assert would == list(Manifests(aws.s3, aws.bucket, "by-hand").sent())


def test_whole_deliveries_and_lambdas_own_records_are_unwrapped(
    yard: Yard, aws: Surroundings
) -> None:
    """One that is still no delivery stays under its name."""
    invoke({"awslogs": {"data": "no base64"}})
    invoke({"detail": "no delivery"})
    record = {"requestPayload": subscription_payload([distinct_line(1)])}
    yard.put("aws/lambda/async/metering/2026/11/23/x", record)
    yard.put("quarantine/tamper/undated/x.json", [])
    before = yard.names()
    progress = yard.run()
    assert progress.moved.messages == 1
    assert customers(aws) == ["cus_7Qm2"]
    assert yard.names() == before
    assert yard.names("aws/") == []
    assert yard.remetered() == [
        ("delivery", "quarantined_again"),
        ("delivery", "quarantined_again"),
        ("failed_delivery", "left"),
        ("tamper", "unreadable"),
    ]


def test_limits_a_marker_and_filters(yard: Yard) -> None:
    """Round after round, each object once; times are those of the log."""
    for number in range(5):
        invoke(subscription_payload([keyed(number)]))
    yard.put("quarantine/tamper/undated/x.json", [])
    yard.configure(key_a="cus_a")
    first = yard.run(order={"maxMessages": 2}, limits={"moveAtMost": 2})
    assert (first.moved.messages, first.moved.is_queue_empty) == (2, False)
    # 6 events are what 0.1 a second allows in a minute.
    second = yard.run(order={"eventsPerSecond": 0.1}, limits={"marker": first.marker})
    assert (second.moved.messages, second.moved.seen) == (3, 4)
    third = yard.run(limits={"marker": second.marker})
    assert (third.moved.messages, third.moved.seen) == (0, 0)
    assert yard.run(order={"filter": {"reason": ["no_customer"]}}).moved.seen == 0
    assert yard.run(ticks=iter([False])).moved.seen == 0

    invoke(subscription_payload([keyed(9, "key_b")]))
    times = {"olderThan": iso_from_epoch_ms(REQUEST_TIME_MS)}
    late = yard.run("late", {"filter": {**times, "reason": ["no_customer"]}})
    assert (late.moved.seen, late.moved.messages) == (1, 0)
    assert yard.remetered("late") == [("no_customer", "not_chosen")]


def test_what_is_quarantined_after_the_start_is_for_the_next(yard: Yard) -> None:
    """Its own metering's too."""
    invoke(subscription_payload([keyed(1)]))
    asked = Asked("by-hand")
    order = Order.model_validate({"source": "quarantine"})
    started = boto3.client("s3").list_objects_v2(Bucket=yard.bucket)["Contents"][0]["LastModified"]
    assert yard.remetering(asked).count(order, started) == 0
    assert yard.remetering(asked).count(order, started + LATER) == 1


def test_one_object_that_metering_cannot_take_stops_nobody(yard: Yard, aws: Surroundings) -> None:
    """It stays; three in a row say that metering itself fails."""
    for number in range(4):
        invoke(subscription_payload([keyed(number)]))
    yard.configure(key_a="cus_a")
    once = iter([True])
    asked = Asked("by-hand", fails=lambda _: next(once, False))
    assert yard.run(asked=asked).moved.messages == 3
    assert ("no_customer", "metering_failed") in yard.remetered()
    assert len(yard.names()) == 1
    for number in range(5, 8):
        invoke(subscription_payload([keyed(number, "key_b")]))
    broken = Asked("second", fails=lambda _: True)
    with pytest.raises(Retryable, match="3 times in a row"):
        yard.run("second", asked=broken)
    assert (broken.times, len(yard.names())) == (3, 4)
    assert len(customers(aws)) == 3


# --- requests whose lines came in two deliveries -------------------------------------------------


@pytest.fixture
def execution_log(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[str]], None]:
    """Puts lines into a log group of the emulator, as API Gateway writes them."""
    monkeypatch.setenv("LOG_SOURCE", "execution")
    monkeypatch.setenv("EXECUTION_LOG_GROUPS", GROUP)
    yard.configure()
    logs = boto3.client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=yard.bucket)

    def write(lines: Iterable[str]) -> None:
        events = [{"timestamp": REQUEST_TIME_MS, "message": line} for line in lines]
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=yard.bucket,
            logEvents=cast("Any", events),
        )

    return write


def deliver(yard: Yard, lines: Iterable[str]) -> None:
    invoke(subscription_payload(list(lines), owner=ACCOUNT, logGroup=GROUP, logStream=yard.bucket))


ORDER = {"filter": {"reason": ["incomplete"]}}


def test_a_request_in_two_deliveries_is_read_again_from_its_log(
    yard: Yard, aws: Surroundings, execution_log: Callable[[Iterable[str]], None]
) -> None:
    """Both halves leave; its key is one, in however many messages."""
    lines = prefixed(request_texts())
    other = prefixed(request_texts(extended_id="Other_Id="), "11111111-0000-4000-8000-000000000000")
    execution_log([*other[:3], *lines[:9], *other[3:], *lines[9:]])
    deliver(yard, [*lines[:9], *other])
    deliver(yard, lines[9:])
    assert len(yard.names("quarantine/incomplete/")) == 2
    (known,) = {event["idempotencyKey"] for one in aws.sent() for event in one["events"]}
    progress = yard.run(order=ORDER)
    assert progress.moved.messages == 2
    assert yard.names() == []
    events = [event for one in aws.sent() for event in one["events"]]
    (key,) = {event["idempotencyKey"] for event in events}
    assert key != known
    assert {event["customerId"] for event in events} == {CUSTOMER}


def test_a_request_that_has_not_ended_stays_until_it_never_will(
    yard: Yard, aws: Surroundings, execution_log: Callable[[Iterable[str]], None]
) -> None:
    """Its object is not written anew each time; after three hours it says so, and is not looped."""
    lines = prefixed(request_texts())
    execution_log(lines[:9])
    deliver(yard, lines[:9])
    (key,) = yard.names()
    assert yard.run(order=ORDER).moved.messages == 0
    assert yard.names() == [key]
    assert yard.remetered() == [("incomplete", "still_incomplete")]
    later = yard.run("later", ORDER, now_ms=REQUEST_TIME_MS + 4 * 3_600_000)
    assert later.never_ended == 1
    (ended,) = yard.names()
    assert ended.startswith("quarantine/never_ended/2026-07-20/01/")
    assert (
        json.loads(aws.s3.get_object(Bucket=yard.bucket, Key=ended)["Body"].read())["reason"]
        == "never_ended"
    )
    # Not by the schedule, which asks for `incomplete`; by a person it is tried, and stays.
    assert yard.run("scheduled", ORDER).moved.seen == 0
    yard.run("by-person", now_ms=REQUEST_TIME_MS + 5 * 3_600_000)
    assert yard.names() == [ended]
    assert aws.sent() == []
    # Its end is found after all.
    execution_log(lines[9:])
    assert yard.run("at-last", now_ms=REQUEST_TIME_MS + 5 * 3_600_000).moved.events == 1
    assert yard.names() == []


def test_of_several_requests_in_one_object_each_goes_its_way(
    yard: Yard, aws: Surroundings, execution_log: Callable[[Iterable[str]], None]
) -> None:
    """The one that is whole is billed; the other stays, alone."""
    ids = ["11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"]
    first, second = (prefixed(request_texts(extended_id=f"{name[:4]}="), name) for name in ids)
    execution_log([*first, *second[:9]])
    deliver(yard, [*first[:9], *second[:9]])
    assert len(yard.names()) == 1
    progress = yard.run(order=ORDER)
    assert (progress.moved.messages, progress.moved.events) == (1, 1)
    (left,) = yard.names()
    body = json.loads(aws.s3.get_object(Bucket=yard.bucket, Key=left)["Body"].read())
    assert {json.loads(one["detail"])["requestId"] for one in body["logEvents"]} == {ids[1]}
    assert yard.run("again", ORDER).moved.messages == 0
    assert yard.names() == [left]


@pytest.mark.parametrize("has_group", [True, False])
def test_a_log_that_is_gone_ends_a_request(
    has_group: bool,  # noqa: FBT001
    yard: Yard,
    execution_log: Callable[[Iterable[str]], None],
) -> None:
    """Retention deleted its lines, or somebody the group: not looped, and not lost silently."""
    deliver(yard, prefixed(request_texts())[:9])
    (key,) = yard.names()
    if not has_group:
        body = yard.aws.s3.get_object(Bucket=yard.bucket, Key=key)["Body"].read()
        gone = body.replace(GROUP.encode(), b"API-Gateway-Execution-Logs_gone/prod")
        yard.aws.s3.put_object(Bucket=yard.bucket, Key=key, Body=gone)
    assert yard.run(order=ORDER).moved.messages == 0
    yard.run("later", ORDER, now_ms=REQUEST_TIME_MS + 4 * 3_600_000)
    assert [one.split("/")[1] for one in yard.names()] == ["never_ended"]


def test_a_reused_request_id_does_not_hold_up_who_used_it(
    yard: Yard, aws: Surroundings, execution_log: Callable[[Iterable[str]], None]
) -> None:
    """A caller chooses it; the extended id tells which one is whole."""
    whole = prefixed(request_texts())
    half = prefixed(request_texts(extended_id="Half="))[:9]
    execution_log([*whole, *half])
    deliver(yard, whole[:9])
    (key,) = yard.names()
    assert (
        json.loads(
            json.loads(aws.s3.get_object(Bucket=yard.bucket, Key=key)["Body"].read())["logEvents"][
                0
            ]["detail"]
        )["extendedRequestId"]
        == EXTENDED_ID
    )
    assert yard.run(order=ORDER).moved.events == 1
    assert yard.names() == []
    assert REQUEST_ID in whole[0]
