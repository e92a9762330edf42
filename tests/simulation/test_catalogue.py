"""The catalogue of failures: complete, told by what happened, and true about other tests."""

from collections import Counter

from tests.local.endpoints import ROOT
from tests.simulation.catalogue import CATALOGUE, never, summed, table


def test_each_failure_is_there_once_and_has_one_proof() -> None:
    """The twenty-five by number; a run reaches it, or another test shows it."""
    names = [one.name for one in CATALOGUE]
    assert len(set(names)) == len(names)
    assert {str(number) for number in range(1, 26)} <= set(names)
    assert all(bool(one.times) is not bool(one.elsewhere) for one in CATALOGUE)


def test_the_tests_that_show_the_others_are_there() -> None:
    """A test that moved is found."""
    for one in CATALOGUE:
        assert not one.elsewhere or (ROOT / one.elsewhere).is_file(), one.elsewhere


def test_what_no_run_reached_is_named() -> None:
    """And what one reached is counted once a run."""
    reachable = [one.name for one in CATALOGUE if one.times]
    found = summed([tuple(reachable[1:]), tuple(reachable[2:])])
    assert never(found) == reachable[:1]
    assert never(Counter(reachable)) == []
    told = table(2, found)
    assert len(told.splitlines()) == len(CATALOGUE)
    assert "2 of 2" in told
    assert "1 of 2" in told
