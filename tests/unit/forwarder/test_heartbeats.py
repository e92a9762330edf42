"""Heartbeats pass the posts only when nothing waits behind them."""

from typing import Any

import pytest

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
    assert bench.settled.bodies == []
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
    assert bench.settled.bodies == []
    assert bench.set_aside() == []
