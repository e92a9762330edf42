"""What `make mutation` relies on: its map names what exists, and its reviews match the code."""

import pytest

from tests.local.endpoints import ROOT
from tests.mutation.parts import PARTS
from tests.mutation.reviewed import Reviewed, reviewed, stands_in, twice
from tests.mutation.touched import Touched

MODULES = [module for part in PARTS for module in part.modules]


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_a_part_exists(module: str) -> None:
    """A module that moved takes its mutants along only when the map follows."""
    assert (ROOT / module).is_file()


def test_no_module_is_in_two_parts() -> None:
    """A mutant is judged once."""
    assert len(set(MODULES)) == len(MODULES)


@pytest.mark.parametrize("test", sorted({test for part in PARTS for test in part.tests}))
def test_every_test_of_a_part_exists(test: str) -> None:
    """A test that moved goes on killing."""
    assert (ROOT / test).exists()


@pytest.mark.parametrize("one", reviewed(), ids=lambda one: f"{one.module}-{one.now}"[:90])
def test_a_reviewed_survivor_is_of_the_code_as_it_is(one: Reviewed) -> None:
    """Whoever changes such a line reviews its mutants again."""
    assert one.module in MODULES
    assert stands_in(one)
    assert one.was != one.now
    assert len(one.why.split()) > 3


def test_no_survivor_is_reviewed_twice() -> None:
    """One mutant, one reason."""
    assert twice(reviewed()) == []


def test_a_table_is_judged_by_all_tests_of_its_part() -> None:
    """No test runs a line of a module that holds nothing but a table."""
    touched = Touched({("a.py", 1): [0]}, [0.2, 0.1])
    assert touched.by_file("a.py") == [0]
    assert touched.by_file("table.py") == [1, 0]
