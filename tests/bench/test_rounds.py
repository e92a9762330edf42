"""Works take turns, and a ratio is of one round."""

import math
import os

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.rounds import WARM_UP, Scale, Work, in_turns, one_cpu

COSTS = st.floats(min_value=1e-3, max_value=1e6)


def test_works_take_turns() -> None:
    """A B A B, and the rounds that warm up count for nothing."""
    called = []

    def work(name: str) -> Work:
        def run() -> float:
            called.append(name)
            return float(len(called))

        return run

    rounds = in_turns({"a": work("a"), "b": work("b")}, Scale(), 3)
    assert called == ["a", "b"] * (3 + WARM_UP)
    assert rounds == [{"a": n, "b": n + 1} for n in (2 * WARM_UP + 2 * m + 1 for m in range(3))]


@given(st.lists(st.tuples(COSTS, COSTS), min_size=1, max_size=9), COSTS)
def test_a_machine_that_slows_down_changes_no_ratio(
    costs: list[tuple[float, float]], slower: float
) -> None:
    """All works of a round are as much slower: what is told is within a round."""
    quick = [{"ours": ours, "floor": floor} for ours, floor in costs]
    slowed = [
        {name: cost * slower * (place + 1) for name, cost in one.items()}
        for place, one in enumerate(quick)
    ]
    before, after = (
        [one.ratio for one in figures_of("s", 1, "us", rounds, "floor")]
        for rounds in (quick, slowed)
    )
    for one, other in zip(before, after, strict=True):
        assert one
        assert other
        assert all(math.isclose(*pair, rel_tol=1e-9) for pair in zip(one, other, strict=True))


@given(st.lists(COSTS, min_size=1, max_size=30))
def test_a_spread_is_a_median_between_its_quartiles(costs: list[float]) -> None:
    """And all within what was measured."""
    low, middle, high = Spread.of(costs)
    assert min(costs) <= low <= middle <= high <= max(costs)


def test_a_figure_is_read_back_as_it_was_written() -> None:
    """Four digits of it."""
    one = Figure("stage", "case", 10, "us", Spread(1.0, 2.5, 3.25), "floor", Spread(0.5, 1.0, 2.0))
    assert Figure.from_json(one.as_json()) == one
    assert Figure.from_json(one._replace(ratio=None).as_json()).ratio is None


def test_all_that_is_measured_shares_one_cpu() -> None:
    """And nothing else does afterwards: the servers of the next bench need the others."""
    every = os.sched_getaffinity(0)
    found: list[set[int]] = []

    def work() -> float:
        found.append(os.sched_getaffinity(0))
        return 1.0

    in_turns({"a": work}, Scale(is_small=True), 1)
    assert found == [one_cpu()] * len(found) != []
    assert os.sched_getaffinity(0) == every
