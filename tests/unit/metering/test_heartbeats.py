"""The heartbeat's hook in metering: what becomes a heartbeat, and what never does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.telemetry import Telemetry
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.execution.source import ExecutionLogSource
from functions.metering.failed_deliveries import BACK_MS
from functions.metering.heartbeats import read_heartbeats
from functions.metering.intake import CurrentConfiguration, Intake, LogSource
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


def intake(
    queue: FakeQueue,
    keeper: FakeKeeper,
    source: LogSource = SOURCES[0],
    terms: CurrentConfiguration | None = None,
) -> Intake:
    return Intake(
        source=source,
        terms=terms or FixedTerms(default_configuration()),
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


class Unusable:
    """A configuration that a process which starts cannot use."""

    def current(self) -> Configuration:
        raise Retryable("no configuration to meter by")


def test_a_heartbeat_does_not_pass_where_usage_does_not() -> None:
    """Without a configuration to meter by it fails as usage does, and is not sent."""
    queue = FakeQueue()
    stop = intake(queue, FakeKeeper(), terms=Unusable())
    payload = subscription_payload([heartbeat_line(NOW_MS)], logStream=HEARTBEAT_STREAM)
    with pytest.raises(Retryable):
        stop.take(payload, "own")
    assert queue.bodies == []


def failing(queue: FakeQueue) -> Intake:
    """A process one of whose deliveries has just failed."""
    keeper = FakeKeeper()
    keeper.is_down = True
    stop = intake(queue, keeper)
    events = [{"id": "1", "timestamp": NOW_MS - 30_000, "message": "no line of ours"}]
    with pytest.raises(Retryable):
        stop.take(subscription_payload([], logEvents=events), "own")
    return stop


def test_a_delivery_that_failed_says_so_before_it_comes_again() -> None:
    """Since its oldest line, and until Lambda's tries are over: another process may pass heartbeats
    on meanwhile.
    """
    queue = FakeQueue()
    failing(queue)
    (stall,) = map(json.loads, queue.bodies)
    assert stall == {
        "version": 1,
        "stalledSinceMs": NOW_MS - 30_000,
        "stalledUntilMs": NOW_MS + BACK_MS,
    }


def test_no_heartbeat_passes_before_a_failed_delivery_is_told() -> None:
    """The queue that did not take the usage did not take the stall either."""
    queue = FakeQueue()
    queue.is_down = True
    stop = failing(queue)
    payload = subscription_payload([heartbeat_line(NOW_MS)], logStream=HEARTBEAT_STREAM)
    with pytest.raises(Retryable):
        stop.take(payload, "own")
    queue.is_down = False
    stop.take(payload, "own")
    stop.take(payload, "own")
    told = ["stalledSinceMs" in body for body in queue.bodies]
    assert told == [True, False, False]


def test_a_failed_delivery_is_back_before_its_stall_is_over() -> None:
    """Lambda's waits of 1 and 2 minutes, and the function's own time."""
    template = Path(__file__).parents[3].joinpath("template.yaml").read_text()
    assert "MaximumRetryAttempts: 2 # Lambda's most; after 1 and 2 minutes" in template
    assert BACK_MS >= (120 + 60) * 1000
