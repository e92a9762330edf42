"""The overshoot of a drive, beside its bound."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.customers import Plan
from tests.local.quota_demo.drive import Drive

SMALL = Plan("cus_1", "api_key", quota=60, rate_per_second=10, burst=10)


def driven(served: int, lag_seconds: float, plan: Plan = SMALL, *, stopped: bool = True) -> Drive:
    return Drive(plan, 0, started=[0.0] * served, lag_seconds=lag_seconds, is_stopped=stopped)


@pytest.mark.parametrize(
    ("quota", "lag", "headroom", "bound"),
    [
        (60, 5.5, 3, 62),  # 5 % of 60 is less than what may be under way
        (2_000, 5.5, 65, 0),  # all that may be under way is held back
        (2_000, 20.0, 100, 110),  # until the lag is beyond the cap
    ],
)
def test_the_bound_is_what_may_be_under_way_less_the_headroom(
    quota: int, lag: float, headroom: int, bound: int
) -> None:
    """`burst + rate * lag - headroom`, never less than nothing."""
    one = driven(0, lag, replace(SMALL, quota=quota))
    assert (one.headroom, one.bound) == (headroom, bound)


@given(st.integers(0, 200), st.floats(0, 30))
def test_a_quota_holds_up_to_its_bound_and_no_further(served: int, lag: float) -> None:
    """A customer that was never stopped is not held, however little it used."""
    one = driven(served, lag)
    assert one.holds == (served - 60 <= one.bound)
    assert one.overshoot - one.left == served - 60
    assert not driven(served, lag, stopped=False).holds


@given(st.lists(st.floats(0, 10), min_size=1), st.data())
def test_a_call_waits_until_it_is_counted(started: list[float], data: st.DataObject) -> None:
    """Whatever the order in which clients were answered; it never shrinks."""
    one = Drive(SMALL, before=100, started=started)
    counted = data.draw(st.integers(0, len(started)))
    one.measure(100 + counted, now=20.0)
    uncounted = sorted(started)[counted:]
    assert one.counted_after == (20.0 - uncounted[0] if uncounted else 0.0)
    longest = one.counted_after
    one.measure(100 + len(started), now=90.0)
    assert one.counted_after == longest


def test_the_lag_is_the_age_of_the_watermark_at_the_last_call_that_was_served() -> None:
    """Of the log group that is furthest behind; without a heartbeat the grant's."""
    one = Drive(SMALL, before=0)
    one.was_served(1.0, [], now=1_795_450_000.0)
    assert (one.lag_seconds, one.headroom) == (180.0, 3)
    one.was_served(2.0, ["1795449999000", "1795449980000"], now=1_795_450_000.0)
    assert (one.served, one.lag_seconds) == (2, 20.0)
