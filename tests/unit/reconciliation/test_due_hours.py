"""Which hours have their turn: a function of the clock alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.reconciliation.due_hours import (
    LATENESS_MS,
    TICK_MS,
    closed_again_by,
    due_hours,
    is_over,
    newest_over,
)
from functions.usage.moment import DAY_MS, HOUR_MS

HORIZON_DAYS = 35
MOMENTS = st.integers(1_700_000_000_000, 1_900_000_000_000)


def ticks_with(hour: int, from_ms: int, to_ms: int) -> int:
    """At how many ticks of a span an hour is due."""
    return sum(hour in due_hours(now_ms, HORIZON_DAYS) for now_ms in range(from_ms, to_ms, TICK_MS))


@settings(deadline=None)  # two loaded cores
@given(MOMENTS)
def test_only_hours_that_are_over_are_due_and_the_youngest_first(now_ms: int) -> None:
    """Never an hour whose usage is still expected."""
    due = list(due_hours(now_ms, HORIZON_DAYS))
    assert all(is_over(hour, now_ms) for hour in due)
    assert due == sorted(due, reverse=True)
    assert due[0] == newest_over(now_ms)
    assert not is_over(newest_over(now_ms) + 1, now_ms)


@settings(deadline=None)  # two loaded cores
@given(MOMENTS)
def test_a_young_hour_is_due_at_every_tick(now_ms: int) -> None:
    """From 15 minutes to two hours after its end."""
    hour = newest_over(now_ms)
    end_ms = (hour + 1) * HOUR_MS
    assert ticks_with(hour, end_ms + LATENESS_MS, end_ms + 2 * HOUR_MS) == 21


@settings(deadline=None)  # two loaded cores
@given(MOMENTS)
def test_each_turn_comes(now_ms: int) -> None:
    """Once an hour up to two days, once a day up to the horizon, and then never again."""
    hour = newest_over(now_ms)
    end_ms = (hour + 1) * HOUR_MS
    assert ticks_with(hour, end_ms + 3 * HOUR_MS, end_ms + 4 * HOUR_MS) == 1
    assert ticks_with(hour, end_ms + 40 * HOUR_MS, end_ms + 41 * HOUR_MS) == 1
    assert hour not in due_hours(end_ms + HORIZON_DAYS * DAY_MS + 2 * HOUR_MS, HORIZON_DAYS)


def test_days_are_spread_over_the_ticks() -> None:
    """No tick reads 35 days of the ledger at once."""
    start_ms = 1_795_435_200_000
    sizes = [
        len(list(due_hours(start_ms + i * TICK_MS, HORIZON_DAYS))) for i in range(DAY_MS // TICK_MS)
    ]
    assert 7 <= min(sizes) <= max(sizes) <= 12


def test_every_hour_of_the_horizon_has_its_turn_within_a_day() -> None:
    """Whatever was lost from the counters comes back by itself within a day."""
    start_ms = 1_795_435_200_000
    seen = {
        hour
        for i in range(DAY_MS // TICK_MS)
        for hour in due_hours(start_ms + i * TICK_MS, HORIZON_DAYS)
    }
    newest = newest_over(start_ms)
    assert seen >= set(range(newest - 33 * 24, newest + 1))


@settings(deadline=None)  # two loaded cores
@given(MOMENTS, st.integers(0, 60))
def test_a_closing_is_said_to_be_over_when_it_is(now_ms: int, older: int) -> None:
    """An hour has its turn after now, and at least five minutes before that; at once while it is
    young, within an hour for two days.
    """
    hour = newest_over(now_ms) - older
    by_ms = closed_again_by(hour, now_ms)
    assert ticks_with(hour, (now_ms // TICK_MS + 1) * TICK_MS, by_ms - TICK_MS) >= 1
    longest = HOUR_MS if older < 46 else DAY_MS
    assert by_ms - now_ms <= longest + 3 * TICK_MS
    assert older or by_ms - now_ms <= 3 * TICK_MS
