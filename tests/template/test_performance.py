"""The performance page: what it says is what was measured, of a whole run with both peers."""

import re

import pytest

from tests.bench.__main__ import BENCHES
from tests.bench.bench_authorizer import LATE_STAGE, crowds
from tests.bench.bench_walk import PEER_STAGE
from tests.bench.figure import Figure
from tests.bench.goals import GOALS, reached
from tests.bench.page import PAGE, PICTURES, written
from tests.bench.peers.peer import AFORO, DATADOG
from tests.bench.pictures import ALONE, pictures
from tests.bench.published import published
from tests.cost.beside_peers import SECONDLY, beside, peers
from tests.cost.page import price_list_of


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    return published()


def test_the_page_is_what_was_published_last() -> None:
    """Changed figures, prices or goals change performance.md: `python -m tests.bench.page`."""
    assert written(PAGE.read_text()) == PAGE.read_text()


def test_the_pictures_are_drawn_from_the_same_figures(figures: list[Figure]) -> None:
    """Each that the page shows, and no other."""
    drawn = pictures(figures)
    shown = re.findall(r"\.\./pictures/(bench-[a-z-]+)\.svg", PAGE.read_text())
    assert sorted(shown) == sorted(drawn) == sorted(one.stem for one in PICTURES.glob("bench-*"))
    assert {name: (PICTURES / f"{name}.svg").read_text() for name in drawn} == dict(drawn)


def test_every_goal_has_its_figure(figures: list[Figure]) -> None:
    """Exactly one: a renamed case would be neither reached nor missed."""
    assert [one.goal for one in reached(figures)] == list(GOALS)


def test_both_peers_and_every_crowd_were_measured(figures: list[Figure]) -> None:
    """A run of a part of the benches cannot be what the page tells."""
    stages = {one.stage for one in figures}
    assert {PEER_STAGE, *map(str, crowds())} <= stages
    assert len(stages) > len(BENCHES)
    assert [one.name for one in peers(figures)] == [AFORO, DATADOG]


def test_the_goals_are_of_decisions_that_redis_answered(figures: list[Figure]) -> None:
    """On a busy machine some wait for longer than 50 ms; of many, the percentiles would be of the
    answer without Redis, which is quick. How many there were is told of every crowd.
    """
    late = {one.case: one.value.middle for one in figures if one.stage == LATE_STAGE}
    assert list(late) == [str(one) for one in crowds()]
    assert late[ALONE] < 10_000


def test_more_traffic_makes_a_request_cheaper_for_everybody(figures: list[Figure]) -> None:
    """What is packed is shared, here and there."""
    sums = {
        name: dollars
        for name, dollars in beside(price_list_of(), figures).items()
        if name in {"**ours**", f"**{AFORO}**", f"**{DATADOG}**"}
    }
    assert len(sums) == 3
    assert all(dollars == sorted(dollars, reverse=True) for dollars in sums.values())
    assert all(len(dollars) == len(SECONDLY) for dollars in sums.values())
