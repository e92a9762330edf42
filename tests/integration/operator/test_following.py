"""`make verify` follows a request and, at each hop where it may stop, says so and what to check.

The gateway and the reconciliation function are small HTTP servers; log, ledger, quarantine and
queue are ministack's.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.quarantine import QuarantineBucket, quarantined_lines
from functions.metering.sorting import QuarantinedRequest
from functions.operator.verify.following import Follower
from functions.operator.verify.hop import SILENT, Hop, Stopped, Telling
from functions.operator.verify.target import Target
from functions.operator.verify.whereabouts import where_now
from functions.usage.event import RequestIdentity
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Quarantined
from tests.fakes.access_log_lines import access_line, subscription_payload
from tests.fakes.http_answers import Answer, answering
from tests.fakes.settled_row import settled_row
from tests.local.ministack import REGION, Ministack

HOPS = ["answered", "in the log", "metered", "queued", "confirmed", "in the ledger", "counted"]
METER = "api_calls"
PATIENCE_SECONDS = 60.0
ONE_LOOK = 0.0  # everything is there before it looks, or never comes


@dataclass
class Road:
    """What one request leaves behind, as far as a test lets it come."""

    target: Target
    extended_id: str
    now_ms: int

    @property
    def line(self) -> str:
        return access_line(
            extendedRequestId=self.extended_id, requestTimeEpoch=str(self.now_ms), apiId="api"
        )

    @property
    def key(self) -> str:
        identity = RequestIdentity("123456789012", REGION, "api", "prod", self.extended_id)
        return identity.event_key(METER)

    def log(self, message: str) -> None:
        logs, (group,) = boto3.client("logs"), self.target.log_groups
        logs.create_log_stream(logGroupName=group, logStreamName="stream")
        event = {"timestamp": self.now_ms, "message": message}
        logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=[event])  # type: ignore[list-item]

    def quarantine(self, line: str) -> None:
        delivery = read_delivery(subscription_payload([line]))
        assert isinstance(delivery, LogDelivery)
        refused = QuarantinedRequest(Quarantined("no_customer"), tuple(delivery.log_events))
        bucket = QuarantineBucket(boto3.client("s3"), self.target.quarantine_bucket)
        bucket.keep(quarantined_lines(delivery, [refused]))

    def settle(self, **changes: Any) -> None:
        fields = {
            "customerId": "cus_7Qm2",
            "meter": METER,
            "meteredAt": iso_from_epoch_ms(self.now_ms + 1_000),
            "queuedAt": iso_from_epoch_ms(self.now_ms + 2_000),
            "settledAt": iso_from_epoch_ms(self.now_ms + 3_000),
        }
        row = settled_row(self.key, iso_from_epoch_ms(self.now_ms), **(fields | changes))
        Ledger(boto3.client("s3"), self.target.ledger_bucket).append([row], str(uuid4()))

    def follower(self, wait_seconds: float, telling: Telling = SILENT) -> Follower:
        return Follower(self.target, wait_seconds=wait_seconds, meter=METER, telling=telling)

    def hops(self, wait_seconds: float = ONE_LOOK) -> list[Hop]:
        return list(self.follower(wait_seconds).hops())

    def stopped(self, at: str) -> Stopped:
        """Where it stopped; every hop before it was passed."""
        passed: list[str] = []
        follower = Follower(self.target, wait_seconds=ONE_LOOK, meter=METER)
        with pytest.raises(Stopped) as raised:
            passed.extend(hop.name for hop in follower.hops())
        assert raised.value.hop == at
        # What waits in UsageQueue left nothing yet that would say when it was metered.
        assert passed in (HOPS[: HOPS.index(at)], HOPS[:2])
        return raised.value


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def road(on_ministack: Ministack, servers: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Road:
    """A gateway that answers 200; log group, buckets and queue of the test's own, all empty."""
    name, extended_id = f"follow-{uuid4()}", f"{uuid4().hex[:14]}="
    for kind in ("ledger", "quarantine"):
        boto3.client("s3").create_bucket(Bucket=f"{name}-{kind}"[:63])
    boto3.client("logs").create_log_group(logGroupName=name)
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    served = Answer(headers={"x-amz-apigw-id": extended_id})
    target = Target(
        url=f"{servers.enter_context(answering(served)).url}/prod/pets",
        headers={"Authorization": "Bearer made-up"},
        region=REGION,
        log_groups=(name,),
        ledger_bucket=f"{name}-ledger"[:63],
        quarantine_bucket=f"{name}-quarantine"[:63],
        usage_queue_url=queue,
        usage_dead_letter_queue_url=queue,
        reconciliation="reconciliation",
    )
    return Road(target, extended_id, time.time_ns() // 1_000_000)


@pytest.fixture
def counted(road: Road, servers: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Road:
    """Reconciliation says at the second look that the event is marked."""
    state = {"used": 7, "remaining": 93, "limit": 100}
    answers = [Answer(body={**state, "marked": {road.key: is_in}}) for is_in in (False, True)]
    server = servers.enter_context(answering(*answers))
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    return road


def test_every_hop_with_its_time(counted: Road) -> None:
    """From what each hop wrote itself: seconds since the call, and what to look it up by."""
    counted.log(counted.line)
    counted.settle()
    hops = counted.hops(wait_seconds=PATIENCE_SECONDS)
    assert [hop.name for hop in hops] == HOPS
    assert hops[0].detail == f"HTTP 200, extended request id {counted.extended_id}"
    assert hops[2].detail == counted.key
    metered, queued, confirmed = (hop.seconds for hop in hops[2:5])
    assert (round(queued - metered, 3), round(confirmed - queued, 3)) == (1, 1)
    assert hops[-1].detail == "used 7, remaining 93 of 100"


def test_a_confirmed_row_beside_a_set_aside_one_is_confirmed(counted: Road) -> None:
    """It was set aside, and a replay has billed it since."""
    counted.log(counted.line)
    counted.settle(outcome="set_aside", setAsideClass="exhausted", reason="held_too_long")
    counted.settle()
    assert [hop.name for hop in counted.hops(wait_seconds=PATIENCE_SECONDS)] == HOPS


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/pets", "nowhere", "http://x:port/pets"])
def test_no_answer(road: Road, url: str) -> None:
    """Nobody listens there, or it is no URL."""
    road.target = replace(road.target, url=url)
    stopped = road.stopped("answered")
    assert "no answer" in stopped.reason
    assert "URL" in stopped.check


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refused_call_is_not_billed(road: Road, servers: ExitStack, status: int) -> None:
    """Whose fault it is stands in the gateway's answer, which is shown."""
    refusal = Answer(status, {"x-amz-apigw-id": "A="}, '{"message":"quota"}')
    road.target = replace(road.target, url=servers.enter_context(answering(refusal)).url)
    stopped = road.stopped("answered")
    assert stopped.reason == f'HTTP {status}: {{"message":"quota"}}'
    assert "credential" in stopped.check
    assert "quota" in stopped.check


UNKNOWN = {"error": {"code": "QUOTA_STATE_UNKNOWN", "message": "The quota cannot be checked"}}


def test_a_cold_start_is_called_once_more(counted: Road, servers: ExitStack) -> None:
    """And said; then the request is followed as any other."""
    gateway = servers.enter_context(
        answering(
            Answer(429, body=UNKNOWN), Answer(headers={"x-amz-apigw-id": counted.extended_id})
        )
    )
    counted.target = replace(counted.target, url=gateway.url)
    counted.log(counted.line)
    counted.settle()
    told: list[str] = []
    hops = list(counted.follower(PATIENCE_SECONDS, Telling(told.append)).hops())
    assert [hop.name for hop in hops] == HOPS
    assert told == ["HTTP 429 QUOTA_STATE_UNKNOWN: it may be a cold start; calling once more"]


def test_a_quota_that_stays_unknown_is_no_cold_start(road: Road, servers: ExitStack) -> None:
    """Twice is enough: the alarm's section says what to do."""
    gateway = servers.enter_context(answering(Answer(429, body=UNKNOWN)))
    road.target = replace(road.target, url=gateway.url)
    stopped = road.stopped("answered")
    assert stopped.reason == "HTTP 429 QUOTA_STATE_UNKNOWN: The quota cannot be checked"
    assert "CounterStateUnknownAlarm" in stopped.check
    assert len(gateway.asked) == 2


def test_a_person_who_waits_is_told_where_it_is(road: Road) -> None:
    """Of the log first, then of the queue with what waits there."""
    told: list[str] = []
    telling = Telling(doing=told.append)
    with pytest.raises(Stopped):
        list(road.follower(ONE_LOOK, telling).hops())
    (group,) = road.target.log_groups
    assert told == [f"answered; its line is not yet in {group}"]
    assert where_now(road.target) == (
        "in the log, and UsageQueue is empty: metering has not sent its event"
    )
    for _ in range(2):
        boto3.client("sqs").send_message(QueueUrl=road.target.usage_queue_url, MessageBody="{}")
    assert where_now(road.target) == "in the log; UsageQueue has 2 messages"


def test_an_error_of_the_backend_is_followed(counted: Road, servers: ExitStack) -> None:
    """It may be billed, by the configuration: what it said is shown."""
    said = Answer(500, {"x-amz-apigw-id": counted.extended_id}, '{"message":null}')
    gateway = servers.enter_context(answering(said))
    counted.target = replace(counted.target, url=gateway.url)
    counted.log(counted.line)
    counted.settle()
    hops = counted.hops(wait_seconds=PATIENCE_SECONDS)
    assert [hop.name for hop in hops] == HOPS
    assert hops[0].detail.endswith(': {"message":null}')


def test_an_answer_that_is_not_the_gateway_s(road: Road, servers: ExitStack) -> None:
    """A proxy's or a website's."""
    road.target = replace(road.target, url=servers.enter_context(answering(Answer())).url)
    stopped = road.stopped("answered")
    assert stopped.reason == "HTTP 200, no request id"
    assert "x-amz-apigw-id" in stopped.check


def test_no_line_in_the_log(road: Road) -> None:
    """Another request's line is not taken for it."""
    road.log(access_line())
    stopped = road.stopped("in the log")
    assert stopped.reason == "not seen within 0 s"
    assert road.target.log_groups[0] in stopped.check
    assert "access log" in stopped.check


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('127.0.0.1 - - "GET /pets" 200 ID', "quarantined: invalid_json"),
        ('{"requestId":"ID"}', "quarantined: unknown_format"),
        ('["ID"]', "quarantined: unknown_format"),
        ('"ID"', "quarantined: unknown_format"),
        (access_line(extendedRequestId="ID", requestTimeEpoch="-"), "quarantined: no_time"),
        (access_line(extendedRequestId="ID", requestTimeEpoch="soon"), "quarantined: bad_time"),
        (access_line(extendedRequestId="ID", apiId=None), "quarantined: no_request_identity"),
    ],
)
def test_a_line_of_another_format(road: Road, line: str, why: str) -> None:
    """Common Log Format, another JSON format: no event's key can be told from it, and it is said
    in metering's own words.
    """
    road.log(line.replace("ID", road.extended_id))
    stopped = road.stopped("in the log")
    assert stopped.reason.startswith(f"its line has no event key: {why} (")
    assert "format" in stopped.check


def test_a_log_group_that_is_not_there(road: Road) -> None:
    """What AWS says is shown in one line, with the hop: also for rights and expired credentials."""
    road.target = replace(road.target, log_groups=("deleted",))
    stopped = road.stopped("in the log")
    assert "ResourceNotFoundException" in stopped.reason
    assert "permissions" in stopped.check


def test_a_page_of_the_log_may_be_empty_and_the_next_one_not(
    road: Road, servers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FilterLogEvents ends a page by what it has searched, not by what it has found."""
    event = {"message": road.line, "ingestionTime": road.now_ms, "timestamp": road.now_ms}
    empty = Answer(body={"events": [], "nextToken": "more"})
    server = servers.enter_context(answering(empty, Answer(body={"events": [event]})))
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", server.url)
    assert road.stopped("metered").reason == "no event of it was seen"
    assert b'"nextToken": "more"' in server.asked[1][2]


def test_nobody_metered_it(road: Road) -> None:
    """The subscription, metering itself, or a configuration that does not count it."""
    road.log(road.line)
    stopped = road.stopped("metered")
    assert stopped.reason == "no event of it was seen"
    assert "subscription filter" in stopped.check
    assert "configuration/metering.json" in stopped.check


def test_it_was_quarantined(road: Road) -> None:
    """The object that keeps it is named."""
    road.log(road.line)
    road.quarantine(road.line)
    stopped = road.stopped("metered")
    assert stopped.reason == "it was quarantined"
    assert f"s3://{road.target.quarantine_bucket}/quarantine/no_customer/" in stopped.check


def test_another_s_quarantined_line_says_nothing_of_this_one(road: Road) -> None:
    """On a busy day something always is."""
    road.log(road.line)
    road.quarantine(access_line(extendedRequestId="another="))
    assert road.stopped("metered").reason == "no event of it was seen"


def test_it_waits_for_aforo(road: Road) -> None:
    """Held messages are in flight or hidden: both count."""
    road.log(road.line)
    sqs, url = boto3.client("sqs"), road.target.usage_queue_url
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=60)
    stopped = road.stopped("confirmed")
    assert stopped.reason == "2 messages wait in UsageQueue"
    assert "forwarder's log" in stopped.check


def test_it_was_set_aside(road: Road) -> None:
    """With class and reason, and what to do about it."""
    road.log(road.line)
    road.settle(outcome="set_aside", setAsideClass="config", reason="unknown_metric")
    stopped = road.stopped("confirmed")
    assert stopped.reason == "set aside as config: unknown_metric"
    assert "replay" in stopped.check


def test_it_is_billed_and_not_counted(
    road: Road, servers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Billing is right, the quota lags."""
    server = servers.enter_context(answering(Answer(body={"marked": {}})))
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    road.log(road.line)
    road.settle()
    stopped = road.stopped("counted")
    assert "SettledUsageQueue" in stopped.check
    assert "Billing is right" in stopped.check
