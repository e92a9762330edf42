"""How long requests took, of a few for all of them: no percentile hides what is late."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.usage.freshness import MOST_VALUES, seconds_since
from functions.usage.moment import iso_from_epoch_ms

NOW_MS = 1_790_000_000_000
WAITS = st.lists(st.integers(0, 60 * 60 * 24 * 1000), min_size=1, max_size=400)


def told(waits_ms: list[int]) -> list[float]:
    return seconds_since([iso_from_epoch_ms(NOW_MS - wait) for wait in waits_ms], NOW_MS)


def percentile(values: list[float], share: float) -> float:
    """The least value that `share` of them do not exceed, as CloudWatch's pNN."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(share * len(ordered), 6)) - 1)]


def in_tenths(waits_ms: list[int]) -> list[float]:
    return [math.ceil(wait / 100) / 10 for wait in waits_ms]


@given(WAITS)
def test_of_few_all_are_told(waits_ms: list[int]) -> None:
    """Each rounded up to a tenth of a second, shortest first."""
    few = waits_ms[:MOST_VALUES]
    assert told(few) == sorted(in_tenths(few))


@given(WAITS, st.integers(1, 100))
def test_no_percentile_is_less_than_that_of_all(waits_ms: list[int], percent: int) -> None:
    """Nor more than that of all, five percent further up."""
    share, all_of_them = percent / 100, in_tenths(waits_ms)
    found = percentile(told(waits_ms), share)
    assert percentile(all_of_them, share) <= found
    assert found <= percentile(all_of_them, min(1.0, share + 1 / MOST_VALUES))


@given(WAITS)
def test_the_longest_is_always_told_and_never_more_than_twenty(waits_ms: list[int]) -> None:
    """One late event of thousands shows; and the line of the log stays short."""
    found = told(waits_ms)
    assert max(found) == max(in_tenths(waits_ms))
    assert len(found) == min(len(waits_ms), MOST_VALUES)


def test_a_request_ahead_of_our_clock_took_no_time() -> None:
    """Two clocks differ; a negative wait would pull the average of others down."""
    assert told([-5_000]) == [0]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23T12:34:99.000Z", "2026-11-23T12:34"])
def test_what_is_no_time_is_left_out(text: str) -> None:
    """It never fails the invocation that settled it."""
    assert seconds_since([text, iso_from_epoch_ms(NOW_MS - 1_000)], NOW_MS) == [1]


def test_nothing_is_told_of_nothing() -> None:
    """An invocation of heartbeats has no requests."""
    assert seconds_since([], NOW_MS) == []
