"""Heartbeats pass the posts only when nothing waits behind them."""

from collections.abc import Iterable
from typing import Any

import pytest

from functions.adapters.telemetry import Telemetry
from functions.forwarder.heartbeats import HeartbeatRelay
from functions.forwarder.inbox import ReceivedHeartbeat, read_inbox
from functions.forwarder.problem import Reply
from functions.forwarder.putting_back import VISIBILITY_SECONDS
from functions.usage.errors import Retryable
from functions.usage.message import to_body
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import (
    NOW_MS,
    accepted,
    always,
    refusing,
    said,
    sqs_record,
    usage_event,
    usage_message,
)
from tests.fakes.settling import FakePlaces, FakeUsageQueue


def body(age_ms: int = 0) -> str:
    return to_body({"version": 1, "heartbeatAtMs": NOW_MS - age_ms, "logGroup": "group"})


def beat(age_ms: int = 0) -> dict[str, Any]:
    return sqs_record(body(age_ms), message_id="beat")


def usage(number: int = 0, **details: Any) -> dict[str, Any]:
    return sqs_record(usage_message([usage_event(number, **details)]), message_id="usage")


def test_a_heartbeat_goes_on_unchanged_behind_the_usage_that_came_with_it() -> None:
    """After the settled usage; it is not posted and not in the ledger."""
    bench = Bench(accepted)
    assert bench.forward([beat(), usage()]) == []
    assert bench.settled.bodies[-1] == body()
    assert len(bench.settled.bodies) == 2
    assert len(bench.ledger.rows) == 1
    assert sum(map(len, bench.aforo.blocks)) == 1


def test_a_heartbeat_alone_costs_one_call() -> None:
    """No post, no ledger, nothing but SettledUsageQueue."""
    bench = Bench(accepted)
    assert bench.forward([beat()]) == []
    assert bench.places.journal == ["settled"]


@pytest.mark.parametrize("status", [503, 429, 401])
def test_a_heartbeat_waits_beside_usage_that_waits(status: int) -> None:
    """It comes back in 20 seconds, and is put nowhere."""
    bench = Bench(always(said(status)))
    assert "beat" in bench.forward([beat(), usage()])
    assert bench.heartbeats() == []
    assert bench.visibility.seconds["receipt of beat"] == 20


def test_a_heartbeat_waits_while_the_breaker_is_not_shut() -> None:
    """Also when it comes alone, and when the breaker would let a probe go: what failed waits still,
    though it is in no queue's view.
    """
    bench = Bench(always(said(503)))
    bench.forward([usage()])
    for seconds in (0, 40, 800):
        bench.clock.advance(seconds)
        assert bench.forward([beat()]) == ["beat"]


def test_a_breaker_that_nobody_has_tried_for_long_holds_no_heartbeat() -> None:
    """What it held then was tried again since, by another process: this one had no traffic."""
    bench = Bench(always(said(503)))
    bench.forward([usage()])
    bench.clock.advance(1_000)
    assert bench.forward([sqs_record(body(-1_000_000), message_id="beat")]) == []


@pytest.mark.parametrize("place", ["ledger", "settled", "usage_dead_letter"])
def test_a_heartbeat_waits_for_a_place_that_is_away(place: str) -> None:
    """Usage that is not durable is not counted."""
    bench = Bench(refusing({0}))
    bench.places.down = {place}
    assert "beat" in bench.forward([beat(), usage()])
    assert body() not in bench.settled.bodies


def test_an_event_of_the_future_holds_no_heartbeat() -> None:
    """It waits for its own time, not for Aforo."""
    bench = Bench(accepted)
    bench.forward([beat(), usage(occurred_ms=NOW_MS + 3_600_000)])
    assert bench.settled.bodies == [body()]


def test_an_old_heartbeat_is_dropped() -> None:
    """After 15 minutes newer ones say more; it is acknowledged, whatever else is held."""
    bench = Bench(always(said(503)))
    assert bench.forward([beat(15 * 60_000 + 1), usage()]) == ["usage"]
    assert bench.heartbeats() == []
    assert bench.set_aside() == []


def stall(since_ago: int, until: int) -> str:
    return to_body(
        {"version": 1, "stalledSinceMs": NOW_MS - since_ago, "stalledUntilMs": NOW_MS + until}
    )


@pytest.mark.parametrize("answer", [said(503), said(429), said(401), said(413)])
def test_what_is_held_says_so(answer: Reply) -> None:
    """Since the oldest request that waits, until its next try is over: the other processes of the
    forwarder pass heartbeats on, and know nothing of it.
    """
    bench = Bench(always(answer))
    bench.forward([usage(occurred_ms=NOW_MS - 40_000)])
    ((since, until),) = bench.stalls()
    assert since == NOW_MS - 40_000
    waits = [*bench.visibility.seconds.values(), *(one.seconds for one in bench.usage.put.values())]
    assert until >= NOW_MS + 1000 * (max(waits) + 180)


def test_what_could_not_be_hidden_says_so_until_it_shows() -> None:
    """By the queue's own time, which is longer than the wait that SQS did not take. It was said to
    wait for that: heartbeats passed it for ten minutes (seed 2009 of the simulation).
    """
    bench = Bench(always(said(503)))
    bench.places.down = {"visibility"}
    assert bench.forward([usage(occurred_ms=NOW_MS - 40_000)]) == ["usage"]
    ((_, until),) = bench.stalls()
    assert until >= NOW_MS + 1000 * VISIBILITY_SECONDS


@pytest.mark.parametrize("place", ["ledger", "usage_dead_letter"])
def test_what_cannot_be_settled_says_so(place: str) -> None:
    """Aforo has answered, and the counters do not know."""
    bench = Bench(refusing({0}))
    bench.places.down = {place}
    bench.forward([usage(occurred_ms=NOW_MS - 40_000)])
    assert [since for since, _ in bench.stalls()] == [NOW_MS - 40_000]


def test_what_is_settled_or_of_the_future_says_nothing() -> None:
    """The road is not stalled."""
    bench = Bench(accepted)
    bench.forward([usage(), sqs_record(usage_message([usage_event(1)]), message_id="other")])
    bench.forward([usage(occurred_ms=NOW_MS + 3_600_000)])
    assert bench.stalls() == []


def test_a_replay_of_old_usage_that_waits_is_no_stall_of_weeks() -> None:
    """It is as old as a quarter of an hour when it comes."""
    bench = Bench(always(said(429)))
    bench.forward([usage(occurred_ms=NOW_MS - 20 * 3_600_000)])
    assert [since for since, _ in bench.stalls()] == [NOW_MS - 900_000]


def test_a_stall_of_metering_goes_on_whatever_waits() -> None:
    """Unchanged, and not after the usage beside it: it says that something waits."""
    bench = Bench(always(said(503)))
    told = sqs_record(stall(60_000, 120_000), message_id="stall")
    assert bench.forward([told, usage()]) == ["usage"]
    assert stall(60_000, 120_000) in bench.settled.bodies


def test_a_stall_that_cannot_be_told_waits_on_the_usage_queue() -> None:
    """This process may have nothing to do for long: another one tells it. All of them are one."""
    bench = Bench(always(said(503)))
    bench.places.down = {"settled"}
    told = sqs_record(stall(60_000, 7_200_000), message_id="stall")
    assert bench.forward([told, usage()]) == ["usage"]
    assert bench.usage.put["stall"].body == stall(60_000, 7_200_000)
    assert bench.usage.put["stall"].seconds == 20


def test_no_heartbeat_passes_before_what_is_held_is_told() -> None:
    """Neither queue takes the stall: this process keeps it, and tells it first."""
    bench = Bench(always(said(503)))
    bench.places.down = {"settled", "put_back"}
    bench.forward([usage(), sqs_record(stall(1, 1), message_id="stall")])
    bench.clock.advance(1_000)  # the breaker is shut again
    late = sqs_record(body(-1_000_000), message_id="beat")
    assert bench.forward([late]) == ["beat"]
    bench.places.down = set()
    assert bench.forward([late]) == []
    assert (len(bench.stalls()), len(bench.heartbeats())) == (1, 1)


def test_no_heartbeat_passes_before_a_stall_of_another_is_told() -> None:
    """SQS took nothing, and did not hide it either: it shows again after minutes, and this process
    remembers it meanwhile.
    """
    bench = Bench(accepted)
    bench.places.down = {"settled", "put_back", "visibility"}
    told = sqs_record(stall(60_000, 7_200_000), message_id="stall")
    assert bench.forward([told]) == ["stall"]
    bench.places.down = {"settled", "put_back"}
    assert bench.forward([beat()]) == ["beat"]
    bench.places.down = set()
    assert bench.forward([beat()]) == []
    assert bench.settled.bodies[0] == stall(60_000, 7_200_000)
    assert (len(bench.stalls()), len(bench.heartbeats())) == (1, 1)


@pytest.mark.parametrize("field", ["stalledSinceMs", "stalledUntilMs", "version"])
def test_what_is_almost_a_stall_is_kept(field: str) -> None:
    """Exactly its shape, or a body that nobody can read."""
    bench = Bench(accepted)
    almost = stall(1, 1).replace(f'"{field}":', f'"{field}":"x","y":')
    bench.forward([sqs_record(almost, message_id="stall")])
    assert [kept["unreadable"] for kept in bench.set_aside()] == [almost]


def test_a_heartbeat_waits_beside_usage_that_is_asked_again() -> None:
    """Aforo answers, so that nothing is stopped, and one event of it waits for minutes."""
    refusal = {"accepted": 0, "failed": 1, "errors": [{"index": 0, "error": "INTERNAL: later"}]}
    bench = Bench(always(said(202, refusal)))
    assert bench.forward([beat(), usage()]) == ["beat"]
    assert bench.heartbeats() == []


def test_a_heartbeat_waits_beside_a_body_that_nobody_could_keep() -> None:
    """It may be usage of a newer metering: it is counted nowhere yet."""
    bench = Bench(accepted)
    bench.places.down = {"usage_dead_letter"}
    assert bench.forward([beat(), sqs_record("{", message_id="odd")]) == ["odd", "beat"]
    assert bench.heartbeats() == []


def test_a_stall_that_nobody_takes_comes_back() -> None:
    """Acknowledged, it would never reach the counters: heartbeats of others pass meanwhile."""
    bench = Bench(accepted)
    bench.places.down = {"settled", "put_back"}
    told = sqs_record(stall(60_000, 7_200_000), message_id="stall")
    assert bench.forward([told]) == ["stall"]
    assert bench.visibility.seconds["receipt of stall"] == 20


class OnceDown:
    """A queue that refuses the first call."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self._is_down = True

    def send(self, bodies: Iterable[str]) -> int:
        if self._is_down:
            self._is_down = False
            raise Retryable("down")
        self.bodies += bodies
        return len(self.bodies)


def test_an_untold_stall_holds_the_heartbeats_of_this_process() -> None:
    """Whatever else is clear: it is told first, then they pass, and it is told once."""
    settled = OnceDown()
    relay = HeartbeatRelay(
        settled, FakeUsageQueue(FakePlaces(down={"put_back"})), Telemetry("forwarder")
    )
    (heard,) = read_inbox([beat()])
    assert isinstance(heard, ReceivedHeartbeat)
    relay.tell([], {"version": 1, "stalledSinceMs": NOW_MS - 1, "stalledUntilMs": NOW_MS + 1})
    assert relay.pass_on([heard], is_clear=True, now_ms=NOW_MS) == [heard]
    relay.tell([], {"version": 1, "stalledSinceMs": NOW_MS - 9, "stalledUntilMs": NOW_MS})
    relay.tell([], None)
    assert relay.pass_on([heard], is_clear=True, now_ms=NOW_MS) == []
    assert settled.bodies == [stall(9, 1), body()]
