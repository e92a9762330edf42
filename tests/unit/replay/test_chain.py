"""Who may go on with a replay, and with what."""

import json
import re
from typing import Any

import pytest

from functions.replay.chain import (
    HandedOn,
    NextInput,
    NotHandedOn,
    execution_name,
    handed_on,
    next_input,
)
from functions.replay.order import NotUnderstood, Order
from functions.replay.progress import ReplayProgress

OUTPUT: dict[str, Any] = {
    "outcome": "handed_on",
    "next": "outage-part-2",
    "replayId": "outage",
    "startedAt": "2026-11-23T12:00:00.123Z",
    "order": {"source": "usage", "dryRun": False, "filter": {"class": ["config"]}, "quiet": False},
    "progress": {"waitingAtStart": 9, "rounds": 250, "seen": 7, "executionsBefore": 1},
}
SUCCEEDED = {"status": "SUCCEEDED", "output": json.dumps(OUTPUT)}


def test_what_remains_is_gone_on_with_as_it_was_left() -> None:
    """Order, counts, the replay's id and its start: nothing of it stands in the input."""
    found = handed_on("outage-part-2", lambda: SUCCEEDED)
    assert isinstance(found, HandedOn)
    assert (found.replay_id, found.started_at.isoformat()) == (
        "outage",
        "2026-11-23T12:00:00.123000+00:00",
    )
    assert found.order == Order.model_validate({"filter": {"class": ["config"]}})
    counts = {"waiting_at_start": 9, "rounds": 250, "seen": 7, "executions_before": 1}
    assert found.progress == ReplayProgress(**counts)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "RUNNING"}, NotHandedOn.RUNS),
        ({"status": "RUNNING", "output": "{}"}, NotHandedOn.RUNS),
        ({"status": "ABORTED", "output": "{}"}, NotHandedOn.OVER),
        ({"status": "FAILED"}, NotHandedOn.OVER),
        ({"status": "TIMED_OUT"}, NotHandedOn.OVER),
        ({"output": json.dumps({"outcome": "replay_finished"})}, NotHandedOn.OVER),
        ({"output": json.dumps({**OUTPUT, "outcome": "handed_on "})}, NotHandedOn.OVER),
        ({"output": json.dumps({**OUTPUT, "next": "outage-part-3"})}, NotHandedOn.OTHER),
    ],
)
def test_nobody_else_goes_on(changes: dict[str, str], why: NotHandedOn) -> None:
    """Neither while the one before runs, nor after a stop, nor under another name."""
    assert handed_on("outage-part-2", lambda: {**SUCCEEDED, **changes}) is why


def test_one_that_told_nothing_handed_nothing_on() -> None:
    """An execution that failed, or that there never was, has no output."""
    assert handed_on("x", lambda: {"status": "FAILED"}) is NotHandedOn.OVER


@pytest.mark.parametrize("given", [{}, {"source": "usage"}, None, [], 3, "continues"])
def test_any_other_input_begins_a_replay(given: object) -> None:
    """Whatever becomes of it then."""
    assert next_input(given) is None


@pytest.mark.parametrize(
    "given",
    [
        {"continues": "", "source": "usage"},
        {"continues": 3, "source": "usage"},
        {"continues": "outage"},
        {"continues": "outage", "source": "usage", "order": {"sendAmbiguous": True}},
        {"continues": "outage", "source": "all"},
    ],
)
def test_an_input_that_goes_on_has_nothing_else_to_say(given: dict[str, Any]) -> None:
    """What a person adds is refused: it would not be obeyed."""
    assert isinstance(next_input(given), NotUnderstood)


def test_the_input_says_whose_replay_it_is() -> None:
    """And what others look for who would begin one of the same source."""
    found = next_input({"continues": "outage", "source": "quarantine", "quiet": True})
    assert found == NextInput(continues="outage", source="quarantine", quiet=True)


@pytest.mark.parametrize("replay_id", ["outage", "x" * 80])
def test_the_executions_of_a_replay_have_names_that_step_functions_takes(replay_id: str) -> None:
    """Of one family, and each its own."""
    names = [execution_name(replay_id, number) for number in (2, 3, 10, 99_999)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w-]{1,80}", name) for name in names)
    assert all(name.startswith(replay_id[:60]) for name in names)
    assert execution_name("outage", 2) == "outage-part-2"
