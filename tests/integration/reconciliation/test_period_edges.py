"""Where one period ends and the next begins, to the hour and the millisecond, in real counters."""

import pytest

from functions.reconciliation.counters import usage_counters
from functions.reconciliation.counters.redis_scripts import run
from functions.reconciliation.counters.usage_counters import HOURS_KEPT
from functions.usage.mark import closed_key, hours_key
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso
from tests.integration.reconciliation.tenant import CUSTOMER, METER, TENANT, Tenant, event

FIRST = epoch_ms_from_iso("2026-11-23T10:00:00Z")
SECOND, END = FIRST + 4 * HOUR_MS, FIRST + 8 * HOUR_MS


def two_windows(tenant: Tenant) -> None:
    """Ten units for four hours, and twenty for the next four."""
    tenant.grant(
        10,
        period=None,
        startMs=FIRST,
        endMs=SECOND,
        upcoming={"limit": 20, "startMs": SECOND, "endMs": END},
    )


@pytest.mark.parametrize("is_granted_first", [True, False])
def test_each_hour_counts_in_the_window_that_it_lies_in(
    tenant: Tenant, *, is_granted_first: bool
) -> None:
    """The first hour of a window is its own, the one after its last is not; the same whether the
    grant finds the usage or the usage the grant.
    """
    if is_granted_first:
        two_windows(tenant)
    moments = (FIRST - 1, FIRST, SECOND - 1, SECOND, END - 1, END)
    tenant.settle(*(event(f"k{at}", at) for at in moments))
    if not is_granted_first:
        two_windows(tenant)
    state = tenant.state()
    assert state.current is not None
    assert state.upcoming is not None
    assert (state.current.used, state.upcoming.used) == (2, 2)


@pytest.mark.parametrize(("early_ms", "remaining"), [(1, "9"), (0, "20"), (-1, "20")])
def test_what_remains_is_of_the_window_of_now(
    tenant: Tenant, early_ms: int, remaining: str
) -> None:
    """From the first millisecond of the next window on it is that one's."""
    two_windows(tenant)
    tenant.now_ms = SECOND - early_ms
    tenant.settle(event("a", FIRST))
    assert tenant.fields()[f"{METER}:remaining"] == remaining


@pytest.mark.parametrize("hour", [0, 1, 498, 499, 500, 501, 719])
def test_a_grant_finds_each_hour_of_a_month_once(tenant: Tenant, hour: int) -> None:
    """The script reads 500 hours at a time: where two readings meet, none is left out or twice."""
    start = epoch_ms_from_iso("2026-11-01T00:00:00Z")
    tenant.now_ms = epoch_ms_from_iso("2026-11-30T23:59:59Z")
    tenant.settle(event("a", start + hour * HOUR_MS))
    tenant.grant(100)
    assert tenant.used() == 1


def test_a_period_that_is_over_is_opened_by_the_anchor_that_stands(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grant with another anchor comes between the two tries of a settlement: the windows that it
    is told are not of that grant, so nothing changes, and the usage comes again.
    """
    tenant.grant(100)
    tenant.now_ms += 40 * DAY_MS
    told = 0

    def racing(*given: object) -> object:
        nonlocal told
        told += 1
        if told == 2:
            # As another process has it: the period of this grant is over, too.
            late_ms, tenant.now_ms = tenant.now_ms, tenant.now_ms - 40 * DAY_MS
            tenant.grant(100, anchorDay=15)
            tenant.now_ms = late_ms
        return run(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(usage_counters, "run", racing)
    assert tenant.settle(event("a", tenant.now_ms)) == ["0"]
    monkeypatch.undo()
    assert tenant.settle(event("a", tenant.now_ms)) == []
    allowance = tenant.allowance()
    assert allowance.used == 1
    assert allowance.start_ms == epoch_ms_from_iso("2026-12-15T00:00:00Z")


def test_an_hour_that_is_dropped_is_no_closed_hour_any_more(tenant: Tenant) -> None:
    """Both hashes are bounded: what one forgets, the other does not keep for ever."""
    tenant.grant(100)
    hours, closed = (of(TENANT, CUSTOMER, METER) for of in (hours_key, closed_key))
    first = tenant.now_ms // HOUR_MS - 3 * HOURS_KEPT
    for hour in range(first, first + 2 * HOURS_KEPT):
        tenant.client.hset(hours, str(hour), 1)
        tenant.client.hset(closed, str(hour), 1)
    tenant.settle(event("a"))
    assert tenant.client.hlen(hours) == 1
    assert tenant.client.hlen(closed) == 0
