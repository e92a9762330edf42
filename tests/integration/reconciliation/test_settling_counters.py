"""Settled usage in real counters: once, in its own period, and after every kind of failure."""

import random
from pathlib import Path

import pytest
from redis import Redis

from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.counters.usage_counters import HOURS_KEPT
from functions.usage.mark import FIRST_SET_MARKS, HourOfMeter, hours_key
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso
from functions.usage.quota import tenant_key
from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    TENANT,
    Tenant,
    event,
    hours_before,
    settled,
)
from tests.local.valkey import start_valkey


def test_an_event_counts_once_however_it_comes_again(tenant: Tenant) -> None:
    """Twice in a message, in two messages, in another company, or again tomorrow: one unit."""
    tenant.grant()
    assert tenant.settle(event("a"), event("a"), event("b")) == []
    tenant.take(settled([event("b"), event("c")]), settled([event("c"), event("a")]))
    tenant.now_ms += DAY_MS
    tenant.settle(event("a"))
    assert tenant.used() == 3
    assert tenant.fields()[f"{METER}:remaining"] == "997"
    assert tenant.counted(Metric.EVENTS_COUNTED) == 3
    assert tenant.counted(Metric.EVENTS_NOT_COUNTED, "counted_before") == 5


def test_quantities_add_up(tenant: Tenant) -> None:
    """Different quantities in a script, fractions rounded up."""
    tenant.grant()
    tenant.settle(event("a", quantity=5), event("b", quantity=0.2), event("c", quantity=7))
    assert tenant.used() == 13


def test_customers_do_not_share_a_counter(tenant: Tenant) -> None:
    """The same key of two customers is two events."""
    tenant.take(tenant.grant_body(), tenant.grant_body(customerId="cust_2"))
    tenant.settle(event("a"), event("a", customer="cust_2"), event("b", customer="cust_2"))
    assert tenant.used() == 1
    allowance = tenant.state("cust_2").current
    assert allowance is not None
    assert allowance.used == 2


def test_a_late_event_is_charged_to_its_own_period(tenant: Tenant) -> None:
    """An event of October that comes in November leaves November as it is."""
    tenant.grant()
    tenant.settle(event("october", epoch_ms_from_iso("2026-10-31T23:59:59Z")), event("november"))
    assert tenant.used() == 1
    hours = tenant.client.hgetall(hours_key(TENANT, CUSTOMER, METER))
    assert sorted(hours.values()) == ["1", "1"]


def test_an_early_event_is_charged_to_the_next_period(tenant: Tenant) -> None:
    """What is counted before midnight of a request after midnight is there when the period is."""
    tenant.now_ms = epoch_ms_from_iso("2026-11-30T23:59:59Z")
    tenant.grant()
    tenant.settle(event("december", epoch_ms_from_iso("2026-12-01T00:00:01Z")))
    assert tenant.used() == 0
    tenant.now_ms += 2000
    assert tenant.used() == 1


def test_beyond_the_horizon_nothing_changes(tenant: Tenant) -> None:
    """An event of which nobody knows whether it was counted is not counted, and that is counted."""
    tenant.grant()
    tenant.settle(event("old", START_MS - 35 * DAY_MS - HOUR_MS))
    assert not tenant.client.exists(hours_key(TENANT, CUSTOMER, METER))
    assert tenant.counted(Metric.EVENTS_NOT_COUNTED, "older_than_horizon") == 1


def test_usage_that_came_before_the_grant_counts(tenant: Tenant) -> None:
    """A grant finds what was used in its period before it came, and not what was used before."""
    tenant.settle(event("september", epoch_ms_from_iso("2026-10-30T00:00:00Z")), event("november"))
    assert tenant.state().current is None
    tenant.grant(10)
    assert (tenant.used(), tenant.fields()[f"{METER}:remaining"]) == (1, "9")


def test_a_top_up_keeps_what_was_used(tenant: Tenant) -> None:
    """A greater limit is a greater limit: usage stands."""
    tenant.grant(2)
    tenant.settle(event("a"), event("b"))
    assert tenant.allowance().remaining == 0
    tenant.grant(5)
    assert tenant.allowance().remaining == 3


@pytest.mark.parametrize(
    ("period", "later"),
    [
        ("hour", "2026-11-23T13:10:00Z"),
        ("hour", "2026-11-24T05:10:00Z"),
        ("day", "2026-11-24T05:10:00Z"),
        ("day", "2026-12-20T05:10:00Z"),
        ("month", "2026-12-23T05:10:00Z"),
        ("month", "2027-04-03T05:10:00Z"),
    ],
)
def test_a_period_begins_anew(tenant: Tenant, period: str, later: str) -> None:
    """The next period, or one after many idle ones, starts at zero and counts its own usage."""
    tenant.grant(10, period=period)
    tenant.settle(event("a"), event("b"))
    tenant.now_ms = epoch_ms_from_iso(later)
    assert tenant.used() == 0

    tenant.settle(event("c", tenant.now_ms))

    assert (tenant.used(), tenant.allowance().limit) == (1, 10)
    state = tenant.state()
    assert state.current is not None
    assert state.current.covers(tenant.now_ms)
    assert state.upcoming is not None
    assert state.upcoming.start_ms == state.current.end_ms


def test_a_rollover_finds_what_was_counted_ahead_and_behind(tenant: Tenant) -> None:
    """The first settlement after midnight opens the new day with all that is known of it."""
    tenant.now_ms = epoch_ms_from_iso("2026-11-23T23:59:59Z")
    tenant.grant(10, period="day")
    tomorrow = epoch_ms_from_iso("2026-11-24T00:00:01Z")
    tenant.settle(event("today", tenant.now_ms), event("tomorrow", tomorrow))
    tenant.now_ms = tomorrow + HOUR_MS
    tenant.settle(event("late", tomorrow - 5000), event("now", tenant.now_ms), event("tomorrow"))
    assert tenant.used() == 2


def test_explicit_windows_follow_each_other(tenant: Tenant) -> None:
    """A grant with windows of its own counts into the one that the request lies in."""
    start, end = hours_before(12.58), hours_before(12.58) + 24 * HOUR_MS
    start, end = start - start % HOUR_MS, end - end % HOUR_MS
    upcoming = {"limit": 5, "startMs": end, "endMs": end + 24 * HOUR_MS}
    tenant.grant(3, period=None, startMs=start, endMs=end, upcoming=upcoming)
    tenant.settle(event("a"), event("b", end + 1))
    assert (tenant.allowance().limit, tenant.used()) == (3, 1)
    tenant.now_ms = end + HOUR_MS
    tenant.settle(event("c", tenant.now_ms))
    assert (tenant.allowance().limit, tenant.used()) == (5, 2)
    assert tenant.fields()[f"{METER}:remaining"] == "3"
    tenant.now_ms = end + 25 * HOUR_MS
    assert tenant.state().allowance_at(tenant.now_ms) is None


def test_many_events_of_an_hour_stay_exact_and_small(tenant: Tenant) -> None:
    """Beyond the first set marks go into cells; repeats in any order still change nothing."""
    rng = random.Random(7)
    tenant.grant(100_000)
    hour_start = START_MS - START_MS % HOUR_MS
    events = [event(str(i), hour_start + i * 700) for i in range(FIRST_SET_MARKS * 4)]
    for _ in range(3):
        rng.shuffle(events)
        tenant.take(*(settled(events[i : i + 300]) for i in range(0, len(events), 300)))
    assert tenant.used() == FIRST_SET_MARKS * 4
    first = HourOfMeter(TENANT, CUSTOMER, METER, START_MS // HOUR_MS).first_set()
    sets = [first, *tenant.client.scan_iter(f"{first}:*", count=1000)]
    assert sum(int(tenant.client.scard(key)) for key in sets) == FIRST_SET_MARKS * 4
    assert {tenant.client.object("encoding", key) for key in sets} == {"intset"}


def test_marks_expire_a_day_after_the_horizon(tenant: Tenant) -> None:
    """Every set of marks expires, as late as its last event could still come again, and a day."""
    tenant.grant()
    tenant.settle(*(event(str(i), START_MS + i) for i in range(FIRST_SET_MARKS + 50)))
    keys = list(tenant.client.scan_iter("*:marks:*"))
    lives = {int(tenant.client.ttl(key)) for key in keys}
    until_hour_ends = (HOUR_MS - START_MS % HOUR_MS) // 1000
    assert len(keys) > 1
    assert all(abs(life - (36 * 86_400 + until_hour_ends)) < 60 for life in lives)


def test_hours_of_a_customer_without_a_grant_expire(tenant: Tenant) -> None:
    """Who has no grant leaves nothing behind for ever; who gets one keeps its hours."""
    key = hours_key(TENANT, CUSTOMER, METER)
    tenant.settle(event("a"))
    assert int(tenant.client.ttl(key)) > 69 * 86_400
    tenant.grant()
    assert int(tenant.client.ttl(key)) == -1
    tenant.settle(event("b"))
    assert int(tenant.client.ttl(key)) == -1


def test_old_hours_are_dropped_but_not_those_of_the_period(tenant: Tenant) -> None:
    """The hash of hours stays bounded, and a long period keeps what it needs."""
    start = START_MS - START_MS % HOUR_MS - 100 * DAY_MS
    tenant.grant(period=None, startMs=start, endMs=start + 365 * DAY_MS)
    key = hours_key(TENANT, CUSTOMER, METER)
    first = start // HOUR_MS
    for hour in range(first - 2 * HOURS_KEPT, first + 10):
        tenant.client.hset(key, str(hour), 1)
    tenant.settle(event("a"))
    hours = sorted(int(hour) for hour in tenant.client.hkeys(key))
    assert hours[0] == first
    assert len(hours) == 11


def test_flushed_counters_are_not_trustworthy(tenant: Tenant) -> None:
    """After FLUSHALL the sentinel is gone, counting goes on, and only `open` brings it back."""
    sentinel = tenant_key(TENANT, "generation")
    tenant.take({"kind": "open", "version": 7})
    assert tenant.client.get(sentinel) == "7"
    tenant.client.flushall()
    assert tenant.settle(event("a")) == []
    assert tenant.client.get(sentinel) is None
    assert tenant.inspect()["generation"] is None


def test_a_restarted_server_gets_its_scripts_again(tmp_path: Path) -> None:
    """A killed server has no scripts and no connections: what failed meanwhile counts after it."""
    server = start_valkey(tmp_path)
    with connect(server.url) as client:
        tenant = Tenant(client)
        tenant.grant()
        tenant.settle(event("a"))
        server.kill()
        assert tenant.take(settled([event("b")]), {"kind": "open", "version": 1}) == ["0", "1"]
        with start_valkey(tmp_path, server.port):
            tenant.grant()
            assert tenant.take(settled([event("a"), event("b")])) == []
            assert tenant.used() == 2


def test_a_hung_server_fails_the_messages_soon(tmp_path: Path) -> None:
    """A server that takes connections and never answers loses nothing: every message comes back,
    without each waiting for its own timeout.
    """
    with start_valkey(tmp_path) as server, connect(server.url, socket_seconds=0.2) as client:
        tenant = Tenant(client)
        tenant.grant()
        server.freeze()
        opens = [{"kind": "open", "version": version} for version in range(1, 30)]
        assert len(tenant.take(settled([event("a")]), *opens)) == 30
        server.thaw()
        assert tenant.take(settled([event("a")]), *opens) == []
        assert tenant.used() == 1


def test_one_bad_counter_does_not_hold_up_the_others(tenant: Tenant, client: Redis) -> None:
    """A customer whose key is broken fails with its own messages only, and half of nothing is
    done for it: repaired, it counts what came meanwhile.
    """
    broken = hours_key(TENANT, "cust_2", METER)
    tenant.take(tenant.grant_body(), tenant.grant_body(customerId="cust_2"))
    client.set(broken, "not a hash")
    bodies = [settled([event("a")]), settled([event("a", customer="cust_2")])]
    assert tenant.take(*bodies) == ["1"]
    assert tenant.used() == 1
    client.delete(broken)
    assert tenant.take(*bodies) == []
    assert client.hvals(broken) == ["1"]
