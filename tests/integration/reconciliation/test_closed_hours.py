"""Hours that the ledger closed, in real counters."""

import random

import pytest

from functions.reconciliation.counters.redis_scripts import Call, Script, run_one
from functions.usage.mark import FIRST_SET_MARKS, closed_key, hours_key
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso
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

HOUR = START_MS // HOUR_MS


def close(version: int, *sums: tuple[int, int], customer: str = CUSTOMER) -> dict[str, object]:
    closing = {"customerId": customer, "meter": METER, "sums": [list(pair) for pair in sums]}
    return {"kind": "close", "version": version, "closings": [closing]}


def test_a_closed_hour_counts_what_the_ledger_says(tenant: Tenant) -> None:
    """Lost writes come back, in `used` and in `remaining`, in the same step."""
    tenant.grant(100)
    tenant.settle(event("a", hours_before(2)), event("b"))
    assert tenant.take(close(1, (HOUR - 2, 7))) == []
    assert tenant.used() == 8
    assert tenant.fields()[f"{METER}:remaining"] == "92"
    assert tenant.counted(Metric.COUNTER_DRIFT, "short") == 6
    assert tenant.counted(Metric.HOURS_CLOSED) == 1


def test_a_settlement_into_a_closed_hour_changes_nothing_and_is_done(tenant: Tenant) -> None:
    """The next closing has it: its row was in the ledger before it came here."""
    tenant.grant(100)
    tenant.take(close(1, (HOUR - 2, 1)))
    assert tenant.settle(event("late", hours_before(2)), event("now")) == []
    assert tenant.used() == 2
    assert tenant.counted(Metric.EVENTS_NOT_COUNTED, "hour_is_closed") == 1
    assert tenant.counted(Metric.EVENTS_NOT_COUNTED, "counted_before") == 0
    assert tenant.take(close(2, (HOUR - 2, 2))) == []
    assert tenant.used() == 3
    assert tenant.counted(Metric.UNITS_COUNTED_LATE) == 1
    assert tenant.counted(Metric.COUNTER_DRIFT, "short") == 1


@pytest.mark.parametrize(
    ("sums", "drift", "late"),
    [
        ([1], {"over": 2}, 0),  # two were counted that the ledger does not have
        ([3], {}, 0),
        ([5], {"short": 2}, 0),
        ([3, 7], {}, 4),  # settled after the hour was closed: no drift
        ([5, 4], {"short": 2, "over": 1}, 0),  # the ledger may not have less than before
    ],
)
def test_what_a_closing_changed_is_told(
    tenant: Tenant, sums: list[int], drift: dict[str, int], late: int
) -> None:
    """Drift is what the first closing finds wrong, and what a later one takes away; usage that came
    late is none.
    """
    tenant.grant(100)
    tenant.settle(*(event(key, hours_before(2)) for key in "abc"))
    for version, total in enumerate(sums, 1):
        tenant.take(close(version, (HOUR - 2, total)))
    told = {why: tenant.counted(Metric.COUNTER_DRIFT, why) for why in ("short", "over")}
    assert told == {"short": 0, "over": 0} | drift
    assert tenant.counted(Metric.UNITS_COUNTED_LATE) == late
    assert tenant.used() == sums[-1]


def test_the_same_closing_again_closes_nothing(tenant: Tenant) -> None:
    """A command that is delivered twice is one closing, in the metrics too."""
    tenant.grant(100)
    for _ in range(2):
        assert tenant.take(close(1, (HOUR - 2, 7))) == []
    assert tenant.counted(Metric.HOURS_CLOSED) == 1
    assert tenant.counted(Metric.COMMANDS_APPLIED, "superseded") == 1


def test_a_closed_hour_of_the_next_window_counts_there(tenant: Tenant) -> None:
    """The window that begins has what the ledger says of its hours, before its first event."""
    start_ms, next_ms = (HOUR - 8) * HOUR_MS, (HOUR - 4) * HOUR_MS
    upcoming = {"limit": 20, "startMs": next_ms, "endMs": (HOUR + 4) * HOUR_MS}
    tenant.grant(10, period=None, startMs=start_ms, endMs=next_ms, upcoming=upcoming)
    assert tenant.take(close(1, (HOUR - 5, 3), (HOUR - 4, 4))) == []
    state = tenant.state()
    assert state.current is not None
    assert state.upcoming is not None
    assert (state.current.used, state.upcoming.used) == (3, 4)
    assert tenant.fields()[f"{METER}:remaining"] == "16"


def test_the_greatest_version_stands_in_any_order(tenant: Tenant) -> None:
    """A slow repairer that read earlier does not undo a later one, however often it comes."""
    tenant.grant(100)
    for order in ([3, 1, 2], [1, 2, 3], [2, 3, 1], [3, 3, 1]):
        tenant.client.flushall()
        tenant.grant(100)
        for version in order:
            assert tenant.take(close(version, (HOUR - 2, 10 * version))) == []
        assert tenant.used() == 30


def test_marks_of_closed_hours_go(tenant: Tenant) -> None:
    """The first set and every cell of a busy hour, and none of an open one."""
    tenant.grant(100_000)
    start = (HOUR - 2) * HOUR_MS
    busy = [event(str(i), start + i * 3_000) for i in range(FIRST_SET_MARKS * 2)]
    tenant.take(*(settled(busy[i : i + 300]) for i in range(0, len(busy), 300)))
    tenant.settle(event("open"))
    assert tenant.take(close(1, (HOUR - 2, len(busy)))) == []
    assert list(tenant.client.scan_iter(f"*marks:{METER}:{HOUR - 2}*", count=10_000)) == []
    assert len(list(tenant.client.scan_iter("*marks*", count=10_000))) == 1
    assert tenant.settle(*busy[:50]) == []
    assert tenant.used() == len(busy) + 1


def test_an_hour_that_is_open_again_keeps_its_marks(tenant: Tenant) -> None:
    """A closing from before a FLUSHALL that goes on after it must not make events count twice."""
    tenant.grant(100)
    tenant.settle(event("a", hours_before(2)))
    keys = list(tenant.client.scan_iter("*marks*"))
    keys.insert(0, closed_key(TENANT, CUSTOMER, METER))
    assert run_one(tenant.client, Call(Script.FORGET, keys, [HOUR - 2])) == 0
    tenant.settle(event("a", hours_before(2)))
    assert tenant.used() == 1


def test_hours_of_other_periods_do_not_move_used(tenant: Tenant) -> None:
    """A late closing belongs to its own period."""
    tenant.grant(100, period="day")
    tenant.settle(event("a"))
    assert tenant.take(close(1, (HOUR - 30, 50))) == []
    assert tenant.used() == 1
    tenant.grant(100, period="month")
    assert tenant.used() == 51


def test_a_closing_after_the_end_of_the_period_opens_the_new_one(tenant: Tenant) -> None:
    """Its hours count in the windows of now, although no event has come since."""
    tenant.grant(10, period="day")
    tenant.settle(event("a"))
    tenant.now_ms += 3 * DAY_MS
    yesterday, today = tenant.now_ms // HOUR_MS - 24, tenant.now_ms // HOUR_MS - 2
    assert tenant.take(close(1, (yesterday, 4), (today, 3))) == []
    assert tenant.used() == 3


def test_a_customer_without_a_grant_is_closed_too(tenant: Tenant) -> None:
    """A grant that comes later finds the hours; without one they expire together."""
    tenant.settle(event("a", hours_before(2)))
    assert tenant.take(close(1, (HOUR - 2, 5))) == []
    assert int(tenant.client.ttl(hours_key(TENANT, CUSTOMER, METER))) > 69 * 86_400
    assert int(tenant.client.ttl(closed_key(TENANT, CUSTOMER, METER))) > 69 * 86_400
    tenant.grant(100)
    assert tenant.used() == 5


def test_a_wrong_used_is_put_right_from_the_hours(tenant: Tenant) -> None:
    """`used` is the sum of its hours again as soon as a closing changes one of them."""
    tenant.grant(100)
    tenant.settle(event("a", hours_before(2)), event("b"))
    tenant.client.hset(f"aforo:{{{TENANT}:{CUSTOMER}}}:state", f"{METER}:used", 77)
    tenant.take(close(1, (HOUR - 2, 2)))
    assert tenant.used() == 3


def test_many_customers_in_one_command(tenant: Tenant) -> None:
    """More than a round trip takes; one broken customer holds up the message, not the others."""
    closings = [
        {"customerId": f"cust_{i}", "meter": METER, "sums": [[HOUR - 2, i + 1]]} for i in range(50)
    ]
    body = {"kind": "close", "version": 1, "closings": closings}
    broken = hours_key(TENANT, "cust_7", METER)
    tenant.client.set(broken, "not a hash")
    assert tenant.take(body) == ["0"]
    tenant.client.delete(broken)
    assert tenant.take(body) == []
    for i in (0, 7, 49):
        assert tenant.client.hget(hours_key(TENANT, f"cust_{i}", METER), str(HOUR - 2)) == str(
            i + 1
        )


@pytest.mark.parametrize("seed", range(5))
def test_settlements_and_closings_of_any_order_end_at_the_ledger(tenant: Tenant, seed: int) -> None:
    """Rows are in the ledger first, as in the walk; one more closing makes them equal."""
    rng = random.Random(seed)
    tenant.grant(1000, period="month")
    ledger: list[str] = []
    late: list[str] = []
    for version in range(1, 30):
        ledger.append(f"k{version}")
        late.append(f"k{version}")
        if rng.random() < 0.5:
            key = rng.choice(late)
            tenant.settle(event(key, hours_before(2)))
        if rng.random() < 0.3:
            tenant.take(close(version, (HOUR - 2, len(ledger))))
        assert tenant.used() <= len(ledger)
    tenant.take(close(100, (HOUR - 2, len(ledger))))
    assert tenant.used() == len(ledger)


def test_hours_at_the_end_of_a_month_are_of_their_own_period(tenant: Tenant) -> None:
    """The last hour of a month and the first of the next one, closed together."""
    tenant.now_ms = epoch_ms_from_iso("2026-12-01T03:00:00Z")
    first = epoch_ms_from_iso("2026-12-01T00:00:00Z") // HOUR_MS
    tenant.grant(100)
    assert tenant.take(close(1, (first - 1, 40), (first, 2))) == []
    assert tenant.used() == 2
