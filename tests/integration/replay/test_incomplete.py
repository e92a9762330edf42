"""Requests whose lines came in two deliveries, read again from a real log group."""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast

import boto3
import pytest

from tests.fakes.access_log_lines import REQUEST_TIME_MS, subscription_payload
from tests.fakes.execution_log_lines import (
    ACCOUNT,
    CUSTOMER,
    EXTENDED_ID,
    GROUP,
    REQUEST_ID,
    prefixed,
    request_texts,
    vended,
    vended_columns,
)
from tests.integration.replay.conftest import Surroundings
from tests.integration.replay.yard import Yard, invoke


@pytest.fixture
def execution_log(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[str]], None]:
    """Puts lines into a log group of the emulator, as API Gateway writes them."""
    monkeypatch.setenv("LOG_SOURCE", "execution")
    monkeypatch.setenv("DEPLOYED_SOURCES", f"one=execution:{GROUP}")
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


@pytest.mark.parametrize("wrapped", [str, vended, vended_columns])
def test_a_request_in_two_deliveries_is_read_again_from_its_log(
    yard: Yard,
    aws: Surroundings,
    execution_log: Callable[[Iterable[str]], None],
    wrapped: Callable[[str], str],
) -> None:
    """Both halves leave; its key is one, in however many messages. In every form of the log."""
    lines = list(map(wrapped, prefixed(request_texts())))
    other_id = "11111111-0000-4000-8000-000000000000"
    other = list(map(wrapped, prefixed(request_texts(extended_id="Other_Id="), other_id)))
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
    assert later.never_ended == {"still_incomplete": 1}
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
