"""The handler as it is deployed, on places in memory: each outcome reaches the place that is named
for it, and Lambda is told what must come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from functions.forwarder import handler as forwarder
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.aws_in_memory import AwsInMemory
from tests.fakes.forwarding import now_ms, sqs_record, usage_event, usage_message
from tests.fakes.http_answers import Answer, HttpAnswers, answering
from tests.fakes.lambda_context import lambda_context
from tests.fakes.secret_store import SecretStore

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


def record(number: int, message_id: str, *, age_seconds: float = 0) -> dict[str, Any]:
    at_ms = now_ms() - int(age_seconds * 1000)
    event = usage_event(number, occurred_ms=at_ms)
    return sqs_record(usage_message([event]), message_id=message_id, sent_ms=at_ms)


def forward(*records: dict[str, Any]) -> list[str]:
    answer = forwarder.handler({"Records": records}, lambda_context("forwarder"))
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
