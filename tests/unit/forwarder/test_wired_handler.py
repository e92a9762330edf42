"""The handler as it is deployed, on places in memory: each outcome reaches the place that is named
for it, and Lambda is told what must come back.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.adapters.ledger_beginning import MARK
from functions.forwarder import handler as forwarder
from functions.forwarder.forwarding import POST_RESERVE_MS
from functions.forwarder.ingest_api import IngestApi
from functions.usage.moment import DAY_MS, iso_from_epoch_ms
from tests.fakes.aws_in_memory import AwsInMemory
from tests.fakes.forwarding import now_ms, sqs_record, usage_event, usage_message
from tests.fakes.http_answers import Answer, HttpAnswers, answering
from tests.fakes.lambda_context import lambda_context
from tests.fakes.s3_objects import Body, FakeBucket
from tests.fakes.secret_store import SecretStore
from tests.fakes.sqs import FakeSqs

USAGE, DEAD_LETTER, SETTLED = "sqs://usage", "sqs://dead-letter", "sqs://settled"
ENVIRONMENT = {
    "USAGE_QUEUE_URL": USAGE,
    "USAGE_DEAD_LETTER_QUEUE_URL": DEAD_LETTER,
    "SETTLED_USAGE_QUEUE_URL": SETTLED,
    "LEDGER_BUCKET": "ledger-bucket",
    "AFORO_ALLOWED_HOSTS": "ingest.aforo.ai",
    "AFORO_TENANT_ID": "tenant",
    "AFORO_SECRET_ARN": "arn:secret",
}
ONE_TAKEN = Answer(202, body={"accepted": 1, "duplicates": 0, "failed": 0})
# Of a busy machine, between our clock and the handler's.
SOON_MS = 60_000


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A process that starts at an Aforo that gives these answers."""

    @contextmanager
    def started(*answers: Answer, **variables: str) -> Iterator[tuple[AwsInMemory, HttpAnswers]]:
        aws = AwsInMemory(SecretStore("sk_test_0123456789"))
        with answering(*answers) as aforo:
            for name, value in (ENVIRONMENT | variables | {"AFORO_BASE_URL": aforo.url}).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setattr(boto3, "client", aws.client)
            forwarder._wired.cache_clear()
            try:
                yield aws, aforo
            finally:
                forwarder._wired.cache_clear()

    return started


NO_S3 = ClientError({"Error": {"Code": "SlowDown", "Message": "no"}}, "ListObjectsV2")


def record(number: int, message_id: str, *, age_seconds: float = 0) -> dict[str, Any]:
    at_ms = now_ms() - int(age_seconds * 1000)
    event = usage_event(number, occurred_ms=at_ms)
    return sqs_record(usage_message([event]), message_id=message_id, sent_ms=at_ms)


def of_old_usage(number: int, message_id: str = "a") -> dict[str, Any]:
    """Metered again: a new message with an event of three days ago."""
    event = usage_event(number, occurred_ms=now_ms() - 3 * DAY_MS)
    return sqs_record(usage_message([event]), message_id=message_id, sent_ms=now_ms())


def forward(*records: dict[str, Any], remaining_ms: int = 120_000) -> list[str]:
    context = lambda_context("forwarder", remaining_ms=remaining_ms)
    answer = forwarder.handler({"Records": records}, context)
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_lambda_is_told_every_message_that_must_come_back(running: Any) -> None:
    """Aforo is down, and may have the events: each message stays in UsageQueue, out of sight; one
    that was not named would be deleted.
    """
    with running(Answer(503)) as (aws, _):
        assert forward(record(1, "a"), record(2, "b")) == ["a", "b"]
    assert {queue: list(one.bodies) for queue, one in aws.queues.items() if queue != SETTLED} == {}
    assert {url for url, _ in aws.hidden} == {USAGE}
    assert all(seconds >= 1 for seconds in aws.hidden.values())


def test_what_is_confirmed_is_in_the_ledger_and_on_its_way_to_the_counters(running: Any) -> None:
    """By the wall clock, under the invocation's own name, and nothing of it comes back."""
    with running(ONE_TAKEN) as (aws, aforo):
        assert forward(record(1, "a")) == []
    ((path, headers, _),) = aforo.asked
    assert (path, headers["X-Tenant-Id"]) == ("/v1/ingest/batch", "tenant")
    (name,) = aws.bucket.objects
    moment = name.rpartition("/")[2]
    early, late = (
        iso_from_epoch_ms(now_ms() + shift).translate(str.maketrans("", "", "-:."))
        for shift in (-SOON_MS, SOON_MS)
    )
    assert early < moment < late
    assert len(aws.queues[SETTLED].bodies) == 1
    assert aws.queues.keys() == {SETTLED}


def test_what_aforo_refuses_is_set_aside_and_nowhere_else(running: Any) -> None:
    """UsageDeadLetterQueue has the event; its neighbour queue only what the counters count."""
    with running(Answer(400, body={"code": "VALIDATION_FAILED"})) as (aws, _):
        assert forward(record(1, "a")) == []
    assert ['"setAside"' in body for body in aws.queues[DEAD_LETTER].bodies] == [True]
    assert ['"setAside"' in body for body in aws.queues[SETTLED].bodies] == [False]


def test_what_waits_without_a_doubt_goes_back_onto_its_own_queue(running: Any) -> None:
    """Aforo is busy and has nothing of it: a new message on UsageQueue, after a wait."""
    with running(Answer(429, headers={"Retry-After": "40"})) as (aws, _):
        assert forward(record(1, "a")) == []
    (body,) = aws.queues[USAGE].bodies
    assert '"held"' in body
    assert aws.delays[USAGE] == [40]
    assert DEAD_LETTER not in aws.queues


def test_usage_is_given_up_while_aforo_remembers_its_key(
    running: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hold as long as the dedup window is shortened: past five sixths of it a message is set
    aside, and a metric says that the deployment meant something else.
    """
    window = {"HOLD_SECONDS": "86400", "DEDUP_WINDOW_SECONDS": "86400"}
    with running(Answer(429), **window) as (aws, _):
        assert forward(record(1, "a", age_seconds=72_100)) == []
    assert len(aws.queues[DEAD_LETTER].bodies) == 1
    assert '"HoldShortened":1' in capsys.readouterr().out


def test_what_was_counted_is_told_also_when_the_invocation_fails(
    running: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure that nobody sees is the next one's."""
    window = {"HOLD_SECONDS": "86400", "DEDUP_WINDOW_SECONDS": "86400"}
    with running(ONE_TAKEN, **window), pytest.raises(KeyError):
        forward({"messageId": "a"})
    assert '"HoldShortened":1' in capsys.readouterr().out


def test_the_key_is_read_once_for_many_posts(running: Any) -> None:
    """Secrets Manager is asked by the first post of a process, not by each."""
    with running(ONE_TAKEN) as (aws, _):
        forward(record(1, "a"))
        forward(record(2, "b"))
        assert aws.secret.reads == ["AWSCURRENT"]


@dataclass
class NamedBucket(FakeBucket):
    """Keeps the names by which it is called; `is_down` for whoever reads."""

    names: set[str] = field(default_factory=set)
    is_down: bool = False

    def put_object(self, **asked: Any) -> None:
        self.names.add(asked["Bucket"])
        super().put_object(**asked)

    def get_object(self, **asked: str) -> dict[str, Body]:
        self._reach(asked["Bucket"])
        return super().get_object(**asked)

    def paginate(self, **asked: str) -> Iterable[dict[str, Any]]:
        self._reach(asked["Bucket"])
        return super().paginate(**asked)

    def _reach(self, name: str) -> None:
        self.names.add(name)
        if self.is_down:
            raise NO_S3


class NamedSecret(SecretStore):
    """Keeps the names by which it is called."""

    def __init__(self) -> None:
        super().__init__("sk_test_0123456789")
        self.names: set[str] = set()

    def get_secret_value(self, **asked: str) -> dict[str, Any]:
        self.names.add(asked["SecretId"])
        return super().get_secret_value(**asked)


def test_old_usage_is_looked_for_in_the_deployed_ledger_and_posted_once(running: Any) -> None:
    """The ledger knows what it has not been told, from its beginning on; the second time it has
    the event, and Aforo, which has forgotten the key, is not asked.
    """
    with running(ONE_TAKEN) as (aws, aforo):
        aws.bucket, aws.secret = bucket, secret = NamedBucket(), NamedSecret()
        bucket.objects[MARK] = b'{"began":"2020-01-01T00:00:00Z"}'
        assert forward(of_old_usage(1)) == []
        assert len(aforo.asked) == 1
        assert forward(of_old_usage(1)) == []
        assert len(aforo.asked) == 1
    assert bucket.names == {"ledger-bucket"}
    assert secret.names == {"arn:secret"}
    assert DEAD_LETTER not in aws.queues


def test_what_an_older_ledger_may_have_waits_for_a_person(running: Any) -> None:
    """This one began after it: posted, it might be billed twice."""
    with running(ONE_TAKEN) as (aws, aforo):
        aws.bucket.objects[MARK] = b'{"began":"2999-01-01T00:00:00Z"}'
        assert forward(of_old_usage(1)) == []
    assert aforo.asked == []
    (body,) = aws.queues[DEAD_LETTER].bodies
    assert json.loads(body)["setAside"]["reason"] == "before_the_ledger"


def test_what_a_person_decided_is_posted_whatever_an_older_ledger_had(running: Any) -> None:
    """The decision is about the tries that the message tells of."""
    tried_at = iso_from_epoch_ms(now_ms() - 2 * DAY_MS)
    tried = {
        "setAsideClass": "ambiguous",
        "reason": "outside_dedup_window",
        "status": None,
        "instance": None,
        "tries": 1,
        "firstTriedAt": tried_at,
        "lastTriedAt": tried_at,
        "maybeBilledSince": tried_at,
    }
    event = usage_event(1, occurred_ms=now_ms() - 3 * DAY_MS)
    message = usage_message([event], history=[tried], decided=True)
    with running(ONE_TAKEN) as (aws, aforo):
        aws.bucket.objects[MARK] = b'{"began":"2999-01-01T00:00:00Z"}'
        assert forward(sqs_record(message, message_id="a", sent_ms=now_ms())) == []
        assert len(aforo.asked) == 1
    assert DEAD_LETTER not in aws.queues


def test_a_process_posts_as_many_at_once_as_is_deployed(running: Any) -> None:
    """And what its API client has to say goes where the invocation's words go."""
    with running(ONE_TAKEN, POSTS_AT_ONCE="3"):
        assert forward(record(1, "a")) == []
        wired = forwarder._wired()
        assert wired.forwarding.posting.parallel.most == 3
        api = getattr(wired.forwarding.posting.post, "__self__", None)
        assert isinstance(api, IngestApi)
        assert api.telemetry is wired.telemetry


def test_a_post_has_the_time_of_its_slowest_end() -> None:
    """One sending, one place of AWS that is away, and two seconds for the rest: 63 of 120 s."""
    assert POST_RESERVE_MS == 63_000


def test_old_usage_waits_for_a_ledger_that_cannot_be_read(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what is in the way; young usage beside it is posted."""
    with running(ONE_TAKEN) as (aws, aforo):
        aws.bucket = NamedBucket(is_down=True)
        assert forward(of_old_usage(1, "old"), record(2, "young")) == []
    assert len(aforo.asked) == 1
    (body,) = aws.queues[USAGE].bodies
    assert len(json.loads(body)["events"]) == 1
    assert "ledger.unreadable" in caplog.messages


def test_a_beginning_that_cannot_be_read_is_no_beginning(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The mark is somebody else's text: nobody can say what the ledger had, and usage waits."""
    with running(ONE_TAKEN) as (aws, aforo):
        aws.bucket.objects[MARK] = b"{"
        assert forward(of_old_usage(1)) == []
    assert aforo.asked == []
    assert len(aws.queues[USAGE].bodies) == 1
    assert "ledger.unreadable" in caplog.messages


def test_posts_are_signed_where_the_deployment_says_so(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key goes in the header that is deployed, the signature in its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # another test's, with its credential
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    signed = {
        "AFORO_SIGV4_SERVICE": "execute-api",
        "AFORO_SIGV4_REGION": "eu-west-1",
        "AFORO_KEY_HEADER": "X-API-Key",
    }
    with running(ONE_TAKEN, **signed) as (_, aforo):
        assert forward(record(1, "a")) == []
    ((_, headers, _),) = aforo.asked
    assert headers["X-API-Key"] == "sk_test_0123456789"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")


def test_aforo_may_name_the_moment_of_the_next_try(running: Any) -> None:
    """As a date, by our clock."""
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=200), usegmt=True)
    with running(Answer(429, headers={"Retry-After": at})) as (aws, _):
        assert forward(record(1, "a")) == []
    (seconds,) = aws.delays[USAGE]
    assert 100 < seconds <= 201


def test_a_settling_is_named_after_its_invocation(running: Any) -> None:
    """A retry of it writes beside it, never over it."""
    context = lambda_context("forwarder")
    with running(ONE_TAKEN) as (aws, _):
        forwarder.handler({"Records": [record(1, "a")]}, context)
    (name,) = aws.bucket.objects
    assert f"-{context.aws_request_id}" in name


@pytest.mark.parametrize(
    ("variables", "posts"),
    [
        ({}, [5]),
        ({"EVENTS_PER_POST": "2"}, [2, 2, 1]),
        # Three of these events are shorter than a KiB, four are not.
        ({"POST_BYTES": "1024"}, [3, 2]),
        ({"POST_BYTES": "1024", "POSTS_AT_ONCE": "1"}, [3, 2]),
    ],
)
def test_posts_are_as_large_as_deployed(
    running: Any, variables: dict[str, str], posts: list[int]
) -> None:
    """In events and in bytes."""
    with running(Answer(202, body=""), **variables) as (_, aforo):
        assert forward(*(record(number, f"m{number}") for number in range(5))) == []
    asked = [len(json.loads(body)["events"]) for _, _, body in aforo.asked]
    # Aforo says nothing of what it took, and is asked a second time.
    assert sorted(asked, reverse=True) == sorted([*posts, *posts], reverse=True)


def test_no_more_is_posted_than_this_process_s_share(running: Any) -> None:
    """One event a minute of five processes' five; the other waits, not tried, for its time."""
    share = {"AFORO_EVENTS_PER_MINUTE": "5", "FORWARDER_CONCURRENCY": "5"}
    with running(ONE_TAKEN, **share) as (aws, aforo):
        assert forward(record(1, "a"), record(2, "b"), remaining_ms=100_000) == []
    assert len(aforo.asked) == 1
    (body,) = aws.queues[USAGE].bodies
    assert '"held"' in body


def test_what_cannot_be_put_back_stays_hidden_and_the_log_says_so(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """UsageQueue takes no new message: the old one is named to Lambda, and is made invisible."""
    with running(Answer(429)) as (aws, _):
        aws.queues[USAGE] = FakeSqs(fails=lambda _body, _call: True)
        assert forward(record(1, "a")) == ["a"]
    assert aws.hidden.keys() == {(USAGE, "receipt of a")}
    assert "message.not_put_back" in caplog.messages


def test_what_cannot_be_hidden_comes_back_and_the_log_says_so(
    running: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After the queue's own timeout."""

    def refuse(_self: AwsInMemory, **_: Any) -> dict[str, Any]:
        raise NO_S3

    monkeypatch.setattr(AwsInMemory, "change_message_visibility_batch", refuse)
    with running(Answer(503)):
        assert forward(record(1, "a")) == ["a"]
    assert "message.visibility_unchanged" in caplog.messages


@pytest.mark.parametrize(
    ("queue", "status", "place"),
    [(DEAD_LETTER, 400, "UsageDeadLetterQueue"), (SETTLED, 202, "SettledUsageQueue")],
)
def test_a_place_that_is_away_is_told(
    running: Any, capsys: pytest.CaptureFixture[str], queue: str, status: int, place: str
) -> None:
    """The message comes back until it is mended; the metric names the place."""
    body = {"accepted": 1, "failed": 0} if status == 202 else {"code": "VALIDATION_FAILED"}
    with running(Answer(status, body=body)) as (aws, _):
        aws.queues[queue] = FakeSqs(fails=lambda _body, _call: True)
        assert forward(record(1, "a")) == ["a"]
    out = capsys.readouterr().out
    assert '"SettlingFailed":1' in out
    assert f'"reason":"{place}"' in out


def test_a_heartbeat_goes_on_to_the_counters_and_waits_behind_an_outage(
    running: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how far counting has come, so it passes nothing that waits."""
    beat = sqs_record(
        {"version": 1, "heartbeatAtMs": now_ms(), "logGroup": "group"}, message_id="beat"
    )
    with running(ONE_TAKEN) as (aws, _):
        assert forward(beat) == []
    assert len(aws.queues[SETTLED].bodies) == 1
    with running(Answer(503)) as (aws, _):
        assert forward(beat, record(1, "a")) == ["a", "beat"]
    assert not any("heartbeatAtMs" in body for body in aws.queues[SETTLED].bodies)
    assert '"HeartbeatsHeld":1' in capsys.readouterr().out


def test_a_stall_that_the_counters_cannot_hear_is_left_to_another_process(running: Any) -> None:
    """On UsageQueue, which every process of the forwarder reads."""
    with running(Answer(503)) as (aws, _):
        aws.queues[SETTLED] = FakeSqs(fails=lambda _body, _call: True)
        assert forward(record(1, "a")) == ["a"]
    (body,) = aws.queues[USAGE].bodies
    assert "stalledSinceMs" in body


def test_a_hold_that_was_shortened_is_said_once_with_its_figures(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What was asked for, what holds, and why."""
    window = {"HOLD_SECONDS": "3600", "DEDUP_WINDOW_SECONDS": "3600"}
    with running(ONE_TAKEN, **window):
        forward(record(1, "a"))
        forward(record(2, "b"))
    (said,) = [one for one in caplog.records if one.getMessage() == "hold.shortened"]
    names = ("asked_seconds", "hold_seconds", "dedup_window_seconds", "levelname", "name")
    found = [vars(said)[name] for name in names]
    assert found == [3600, 3000, 3600, "ERROR", "forwarder"]


def test_a_hold_that_fits_is_not_spoken_of(
    running: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever deployed it meant it so."""
    with running(ONE_TAKEN, HOLD_SECONDS="3600"):
        forward(record(1, "a"))
    assert "HoldShortened" not in capsys.readouterr().out
    assert "hold.shortened" not in caplog.messages
