"""A simulation that finds nothing has to show that it would: it finds defects of old versions."""

import pytest

from tests.simulation.planted import PLANTED, Planted, found_by
from tests.simulation.run import run


@pytest.mark.parametrize("one", PLANTED, ids=lambda one: one.name)
def test_a_planted_defect_is_found(one: Planted) -> None:
    """By the promise that it breaks, and by nothing else: without it the run keeps every one."""
    assert one.breaks in found_by(one).fault
    assert run(one.scenario, lines=1).fault == ""
