"""What is due: no window is left out, and none is looked at again for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.counting.due_windows import RUNS_APART_MS, RUNS_AT_ONCE, WindowPlan
from functions.audit.window import AuditWindow, windows_between
from functions.usage.moment import HOUR_MS
from tests.fakes.audited_log import START_MS, first_window

PLAN = WindowPlan(seconds=300, delay_seconds=600, shards=1, dedup_window_seconds=86_400)
NOW_MS = START_MS + 24 * HOUR_MS


def windows(from_ms: int, to_ms: int, shards: int = 1) -> list[AuditWindow]:
    return list(windows_between("shop", from_ms, to_ms, seconds=300, shards=shards))


def due(
    known: list[AuditWindow], now_ms: int = NOW_MS, plan: WindowPlan = PLAN
) -> list[AuditWindow]:
    return plan.due("shop", known, now_ms, is_new=not known)


@given(st.integers(0, 900_000))
def test_of_a_new_source_the_latest_is_due(later_ms: int) -> None:
    """Nobody asked for its past; and a window's deliveries take their time to come."""
    now_ms = NOW_MS + later_ms
    (window,) = due([], now_ms)
    assert window.to_ms + 600_000 <= now_ms < window.to_ms + 900_000


@given(st.sets(st.integers(0, 270), min_size=1, max_size=40))
def test_what_lies_between_the_first_known_one_and_now_is_due(known: set[int]) -> None:
    """Whatever was audited by hand meanwhile, and whatever a run left out."""
    first = NOW_MS - 23 * HOUR_MS
    every = windows(first, NOW_MS - 900_000 + 1)
    looked_at = [every[number] for number in known]
    assert due(looked_at) == [
        window
        for window in every
        if window.from_ms >= min(looked_at).from_ms and window not in looked_at
    ]


def test_nothing_older_than_23_hours_is_due() -> None:
    """Metering it again comes too late for Aforo's memory: a person audits it."""
    found = PLAN.due("shop", [], NOW_MS, is_new=False)
    assert found[0].from_ms == NOW_MS - 23 * HOUR_MS
    assert len(found) == 23 * 12 - 2


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 12))
def test_a_window_that_was_begun_in_shares_is_ended_in_them(
    before: int, after: int, looked_at: int
) -> None:
    """Else a line would be in two windows' equations, or in none, when the parameter changes."""
    every = windows(NOW_MS - 3 * HOUR_MS, NOW_MS - 2 * HOUR_MS, before)[: looked_at * before - 1]
    if not every:
        return
    plan = PLAN._replace(shards=after)
    found = [*every, *due(every, plan=plan)]
    assert len(found) == len(set(found))
    for start in range(every[0].from_ms, NOW_MS - 900_000 + 1, 300_000):
        shares = [one for one in found if one.from_ms == start]
        assert len({one.shards for one in shares}) == 1
        assert len(shares) == shares[0].shards
    assert due(found, plan=plan) == []


@pytest.mark.parametrize("seconds", [60, 300, 900])
def test_another_length_begins_where_the_old_one_ends(seconds: int) -> None:
    """No minute is looked at twice."""
    known = list(windows_between("shop", NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS, seconds=600))
    found = due(known, plan=PLAN._replace(seconds=seconds))
    assert found[0].from_ms == NOW_MS - HOUR_MS


@given(
    st.sampled_from([60, 300, 420, 900]),
    st.sampled_from([60, 300, 420, 900]),
    st.integers(1, 20),
    st.integers(0, 40),
)
def test_where_the_length_changes_no_moment_is_left_out(
    before: int, after: int, known: int, looked_at: int
) -> None:
    """Nor looked at twice, wherever the old windows end, also where a run ends in the middle."""
    start = -(-(NOW_MS - 6 * HOUR_MS) // (before * 1000)) * before * 1000
    found = list(windows_between("shop", start, start + known * before * 1000, seconds=before))
    plan = PLAN._replace(seconds=after)
    found += due(found, plan=plan)[:looked_at]
    found += due(found, plan=plan)
    reached = start
    for one in sorted(found):
        assert one.from_ms == reached
        reached = one.to_ms
    assert NOW_MS - 600_000 - after * 1000 < reached <= NOW_MS - 600_000
    assert due(found, plan=plan) == []


@given(st.integers(0, 299_999), st.sampled_from([60, 300, 600]))
def test_runs_of_a_shard_that_are_at_work_together_have_windows_of_their_own(
    phase_ms: int, seconds: int
) -> None:
    """Each window is one of three's, and the newest that is due the latest run's."""
    plan = PLAN._replace(shards=4, seconds=seconds)
    runs = [NOW_MS + phase_ms + run * RUNS_APART_MS for run in range(6)]
    ended_ms = runs[0] - plan.delay_seconds * 1000
    for to_ms in range(ended_ms - 3_600_000, ended_ms, seconds * 1000):
        one = AuditWindow("shop", to_ms - seconds * 1000, to_ms, shard=3, shards=4)
        turns = [plan.is_in_turn(one, now_ms) for now_ms in runs]
        assert [sum(turns[at : at + RUNS_AT_ONCE]) for at in range(4)] == [1] * 4
        assert turns[0] or runs[0] - plan.delay_seconds * 1000 - to_ms >= RUNS_APART_MS
    assert all(PLAN.is_in_turn(first_window(), now_ms) for now_ms in runs)
