"""Replay's and audit's functions in a run are those of the template."""

from typing import Any

import pytest

from tests.simulation.operators.handler_modules import HANDLERS, SECONDS
from tests.template.stack import functions, timeout


def deployed(stop: str) -> Any:
    """The function of a stop in the template."""
    handler = f"{HANDLERS[stop].__name__}.handler"
    (found,) = [one for one in functions().values() if one["Properties"]["Handler"] == handler]
    return found


@pytest.mark.parametrize("stop", SECONDS)
def test_a_function_has_the_templates_time(stop: str) -> None:
    """Who is out of time in a run is out of time on Lambda."""
    assert timeout(deployed(stop)) == SECONDS[stop]


def test_every_function_of_replay_and_audit_is_there() -> None:
    """But the source check, which looks at what no run has: stages and subscriptions."""
    handlers = {one["Properties"]["Handler"] for one in functions().values()}
    ours = {one for one in handlers if one.startswith(("functions.replay.", "functions.audit."))}
    known = {f"{module.__name__}.handler" for module in HANDLERS.values()}
    assert ours == known | {"functions.audit.source_check.handler"}
