"""The hops of a request: together they are its whole way, and what is not known is not made up."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.load.hop_times import WHOSE, Moment, hop_times, spread_of

STEPS = st.lists(st.integers(0, 100_000), min_size=len(Moment) - 1, max_size=len(Moment) - 1)
BEGUN_MS = 1_790_000_000_000


def moments(steps: list[int]) -> dict[Moment, int]:
    found, at_ms = {Moment.REQUESTED: BEGUN_MS}, BEGUN_MS
    for moment, step in zip([*Moment][1:], steps, strict=True):
        at_ms += step
        found[moment] = at_ms
    return found


@given(STEPS)
def test_the_hops_of_a_request_are_its_whole_way(steps: list[int]) -> None:
    """Nothing is counted twice, and nothing stays untold."""
    times = hop_times([moments(steps)])
    assert math.isclose(sum(one.p50 for one in times.hops.values()), times.to_counted.p50)
    confirmed = [*Moment].index(Moment.CONFIRMED)
    assert math.isclose(sum(steps[:confirmed]) / 1000, times.to_billed.p50)
    assert times.hops.keys() == WHOSE.keys()


@given(STEPS, st.sampled_from([*Moment]))
def test_a_moment_that_is_not_known_leaves_its_two_hops_out(
    steps: list[int], unknown: Moment
) -> None:
    """The others are told all the same, and each says of how many requests it tells."""
    known = {moment: at for moment, at in moments(steps).items() if moment is not unknown}
    hops = hop_times([known]).hops
    place = [*Moment].index(unknown)
    beside = {*[*Moment][place : place + 2]}
    assert {moment for moment, one in hops.items() if not one.of} == beside & hops.keys()


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_are_values_that_were_there(seconds: list[float]) -> None:
    """In their order, and the longest is the longest."""
    found = spread_of(seconds)
    assert {found.p50, found.p99, found.longest} <= {*seconds}
    assert found.p50 <= found.p99 <= found.longest == max(seconds)
    assert sum(one <= found.p99 for one in seconds) >= 0.99 * len(seconds)
