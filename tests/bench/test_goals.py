"""Goals: what a run of the benches says of them."""

from tests.bench.bench_walk import BOTH, FLOOR, STAGE
from tests.bench.figure import Figure, Spread
from tests.bench.goals import GOALS, reached, told
from tests.bench.peers.peer import AFORO

GOAL = GOALS[0]  # metering and forwarding of 1,000 lines, beside Aforo's


def _figure(middle: float, reference: str = AFORO) -> Figure:
    ratio = Spread(middle - 0.5, middle, middle + 0.5)
    return Figure(STAGE, BOTH, GOAL.size, "us an event", Spread.exactly(90.0), reference, ratio)


def test_the_median_decides() -> None:
    reached_it, missed_it = reached([_figure(GOAL.most), _figure(GOAL.most + 0.01)])
    assert (reached_it.is_reached, missed_it.is_reached) == (True, False)


def test_a_missed_goal_is_told_with_its_figure() -> None:
    _, _, line, count, *_ = "\n".join(told([_figure(4.25)])).split("\n")
    assert GOAL.what in line
    assert "3.5 x" in line
    assert "NO  4.25 x Aforo's index.js (3.75 to 4.75)" in line
    assert count == "0 of 1 reached"


def test_what_is_beside_an_absent_peer_is_no_answer() -> None:
    """Beside the floor it would be another ratio."""
    assert list(reached([_figure(2.0, FLOOR)])) == []
    assert list(told([_figure(2.0, FLOOR)])) == []


def test_an_absent_peer_is_named() -> None:
    of_one = next(goal for goal in GOALS if not goal.is_ratio)
    value = Spread.exactly(of_one.most)
    figure = Figure(of_one.stage, of_one.case, of_one.size, of_one.unit, value)
    assert list(told([figure]))[-2:] == [
        "1 of 1 reached",
        "not compared, because absent: Aforo's index.js",
    ]
