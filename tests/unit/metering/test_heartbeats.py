"""The heartbeat's hook in metering: what becomes a heartbeat, and what never does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.telemetry import Telemetry
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import default_configuration
from functions.metering.execution.source import ExecutionLogSource
from functions.metering.heartbeats import read_heartbeats
from functions.metering.intake import Intake, LogSource
from functions.metering.log_delivery import LogDelivery
from functions.usage.errors import Retryable
from functions.usage.heartbeat import AHEAD_MS, HEARTBEAT_MESSAGE, HEARTBEAT_STREAM, heartbeat_line
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    REGION,
    access_line,
    log_events,
    subscription_payload,
)
from tests.fakes.metering import FakeKeeper, FakeQueue, FixedTerms

NOW_MS = 1_795_000_000_000
SOURCES: list[LogSource] = [AccessLogSource(REGION), ExecutionLogSource(REGION)]


def intake(queue: FakeQueue, keeper: FakeKeeper, source: LogSource = SOURCES[0]) -> Intake:
    return Intake(
        source=source,
        terms=FixedTerms(default_configuration()),
        keeper=keeper,
        queue=queue,
        telemetry=Telemetry("metering"),
        now_ms=lambda: NOW_MS,
    )


def take(lines: list[str], stream: str, source: LogSource = SOURCES[0]) -> list[str]:
    """The bodies that a delivery of these lines sends."""
    queue, keeper = FakeQueue(), FakeKeeper()
    intake(queue, keeper, source).take(subscription_payload(lines, logStream=stream), "own")
    assert stream != HEARTBEAT_STREAM or not keeper.objects
    return queue.bodies


@pytest.mark.parametrize("source", SOURCES)
def test_a_heartbeat_goes_to_the_usage_queue(source: LogSource) -> None:
    """Whatever the log group holds; with the group's name, and nothing else."""
    (body,) = take([heartbeat_line(NOW_MS - 900)], HEARTBEAT_STREAM, source)
    assert json.loads(body) == {
        "version": 1,
        "heartbeatAtMs": NOW_MS - 900,
        "logGroup": LOG_GROUP,
    }


@pytest.mark.parametrize("source", SOURCES)
def test_a_heartbeat_in_another_stream_is_none(source: LogSource) -> None:
    """Who can make a stage log a line cannot make a heartbeat."""
    bodies = take([heartbeat_line(NOW_MS)], "e369853df766fa44e1ed0ff613f563bd", source)
    assert bodies == []


def test_a_request_in_the_heartbeats_stream_is_none() -> None:
    """Neither billed nor quarantined: API Gateway logs none there."""
    assert take([access_line(), "{}", ""], HEARTBEAT_STREAM) == []


def test_the_newest_of_a_delivery_is_sent() -> None:
    """The older ones say nothing that it does not say."""
    lines = [heartbeat_line(NOW_MS - ago) for ago in (3000, 1000, 2000)]
    (body,) = take([*lines, access_line()], HEARTBEAT_STREAM)
    assert HEARTBEAT_MESSAGE.validate_json(body)["heartbeatAtMs"] == NOW_MS - 1000


@given(st.lists(st.integers(NOW_MS - 10 * AHEAD_MS, NOW_MS + 10 * AHEAD_MS)))
def test_no_time_that_is_too_far_ahead_is_passed_on(times: list[int]) -> None:
    """The rest of the delivery is."""
    lines = log_events([heartbeat_line(at_ms) for at_ms in times])
    found = read_heartbeats(LogDelivery("1", LOG_GROUP, HEARTBEAT_STREAM, lines), NOW_MS)
    believed = [at_ms for at_ms in times if at_ms <= NOW_MS + AHEAD_MS]
    assert [json.loads(body)["heartbeatAtMs"] for body in found.bodies] == (
        [max(believed)] if believed else []
    )
    assert found.refused == len(times) - len(believed)


@given(st.lists(st.one_of(st.none(), st.text(), st.dictionaries(st.text(), st.text()))))
def test_nothing_in_the_stream_raises(log_events: list[object]) -> None:
    """A log event may be anything."""
    delivery = LogDelivery("1", LOG_GROUP, HEARTBEAT_STREAM, log_events)
    assert read_heartbeats(delivery, NOW_MS).refused == len(log_events)


def test_a_heartbeat_that_cannot_be_sent_comes_again() -> None:
    """As any delivery."""
    queue = FakeQueue()
    queue.is_down = True
    payload = subscription_payload([heartbeat_line(NOW_MS)], logStream=HEARTBEAT_STREAM)
    with pytest.raises(Retryable):
        intake(queue, FakeKeeper()).take(payload, "own")
