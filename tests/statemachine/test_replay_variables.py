"""What the replay state machine's states hand on: every variable that a state reads is set on every
way to it, and what a step returns is what the next one acts on.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.statemachine.definition import FILE, machine, states, tasks

# `$name` is a variable, unless it is called, or one that JSONata or Step Functions gives.
_VARIABLE = re.compile(r"\$([a-z]\w*)(?!\w*\()")
_GIVEN = {"states"}


def read_by(state: Mapping[str, Any]) -> set[str]:
    """The variables in a state's own expressions: not those of its Catch, which has its own."""
    own = {key: value for key, value in state.items() if key not in {"Catch", "Comment"}}
    return set(_VARIABLE.findall(json.dumps(own))) - _GIVEN


def ways_from(state: Mapping[str, Any]) -> list[tuple[str, set[str]]]:
    """Every state that may follow, with what is set on the way to it."""
    done = set(state.get("Assign", {}))
    after = [
        state.get("Next"),
        state.get("Default"),
        *(o["Next"] for o in state.get("Choices", ())),
    ]
    caught = [(one["Next"], set(one.get("Assign", {}))) for one in state.get("Catch", [])]
    return [*((name, done) for name in after if name), *caught]


def set_before(file: Path = FILE) -> dict[str, set[str]]:
    """Of each state, the variables that are set whichever way an execution took to it."""
    known: dict[str, set[str]] = {machine(file)["StartAt"]: set()}
    waiting = [machine(file)["StartAt"]]
    while waiting:
        name = waiting.pop()
        for after, assigned in ways_from(states(file)[name]):
            arrives = known[name] | assigned
            found = known.get(after)
            if found is None or not found <= arrives:
                known[after] = arrives if found is None else found & arrives
                waiting.append(after)
    return known


@pytest.mark.parametrize("name", list(states()))
def test_a_state_reads_what_is_set_on_every_way_to_it(name: str) -> None:
    """A variable that a Catch does not set, or sets by another name, is an execution that fails
    where it should have told what went wrong.
    """
    assert read_by(states()[name]) <= set_before()[name]


@pytest.mark.parametrize("name", list(tasks()))
def test_what_a_catch_says_is_read(name: str) -> None:
    """Set and never read is a reason that nobody is told; it begins with the error's own words."""
    for catch in tasks()[name].get("Catch", []):
        for variable, expression in catch.get("Assign", {}).items():
            assert variable in read_by(states()[catch["Next"]])
            assert "$states.errorOutput.Error" in expression
            assert "$states.errorOutput.Cause" in expression


@pytest.mark.parametrize("name", [name for name in tasks() if name != "Start the replay"])
def test_a_step_that_keeps_failing_ends_in_a_report_or_in_words(name: str) -> None:
    """Whatever the error is called: what was moved by then is told, and nothing is left hidden. The
    start has moved nothing: its failure is the execution's.
    """
    (catch,) = tasks()[name]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    told = {
        "Run a round": "Write the report",
        "Hand on what remains": "Write the report",
        "Write the report": "Report failed",
        "Tell the operators": "What is left to tell?",
    }
    assert catch["Next"] == told[name]


def test_the_loop_waits_as_long_as_the_round_says() -> None:
    """The pace, the ledger, Aforo, and what a killed round had claimed: no number stands here."""
    wait = states()["Wait for the next round"]
    assert wait["Seconds"] == "{% $answer.waitSeconds %}"
    assert states()["Run a round"]["Assign"]["answer"] == "{% $states.result.Payload %}"
    assert [name for name, one in states().items() if one["Type"] == "Wait"] == [
        "Let other replays show",
        "Wait for the next round",
    ]
