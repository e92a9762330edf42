"""The counters' protocol, in every order in which things can happen."""

import pytest

from tests.model.counting import Counting
from tests.model.exploring import explore
from tests.model.worlds import BROKEN, SMALL_WORLDS


@pytest.mark.parametrize("world", SMALL_WORLDS.values(), ids=SMALL_WORLDS)
def test_never_over_the_ledger_and_exact_after_one_more_repair(world: Counting) -> None:
    """In every state that can be reached, crashes and duplicates at every step included."""
    found = explore(world.start(), world.successors, world.fault_of)
    assert found.fault == "", "\n".join(map(str, found.way))
    assert found.is_complete
    assert found.states > 50_000


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_protocol_is_caught(broken: Counting) -> None:
    """The checker finds the fault, and the shortest way to it starts at the beginning."""
    found = explore(broken.start(), broken.successors, broken.fault_of)
    assert found.fault
    assert found.way[0] == broken.start()


def test_marking_and_adding_in_one_step_needs_no_repair() -> None:
    """The counters alone are exact as long as Redis loses nothing."""
    world = Counting(repairing="none", failovers=0, reads=0, repairers=0)
    found = explore(world.start(), world.successors, world.fault_of)
    assert (found.fault, found.is_complete) == ("", True)


def test_listing_every_event_would_do_too() -> None:
    """The repair that we do not need: exact, at the price of every event's id."""
    world = Counting(repairing="all_marks", failovers=0, reads=1, repairers=1)
    found = explore(world.start(), world.successors, world.fault_of)
    assert (found.fault, found.is_complete) == ("", True)
