"""The audit state machine, read as a document."""

import re

import pytest

from functions.audit.repair.audit_bounds import (
    LONGEST_WAIT_SECONDS,
    MOST_CALLS,
    MOST_COMPARING_HOURS,
    MOST_HOURS,
)
from tests.statemachine.definition import (
    AUDIT,
    machine,
    states,
    substitutions,
    targets,
    tasks,
    text,
)
from tests.statemachine.test_replay_definition import ENTRIES, MOST_ENTRIES, ORDER, TASK_FAILS
from tests.statemachine.test_replay_variables import read_by, set_before

# The function's own 900 s, which is Lambda's most, and its cold start.
STEP_SECONDS = 910
LOOP = ("Run a round", "What came of it?", "Wait for the next round")


def test_it_needs_no_other_substitution() -> None:
    """The template gives these three."""
    assert substitutions(AUDIT) == {"Partition", "AuditStepFunctionArn", "ReplayReportTopicArn"}


def test_every_state_can_be_reached_and_every_target_exists() -> None:
    """A state nobody leads to is a branch somebody believes in."""
    waiting, reached = [machine(AUDIT)["StartAt"]], set[str]()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += targets(states(AUDIT)[name]) - reached
    assert reached == set(states(AUDIT))


def test_there_is_one_loop_and_its_history_has_room() -> None:
    """From a round back to it, and no other way back. The numbers of the file's head are these."""
    loop = sum(ENTRIES[states(AUDIT)[name]["Type"]] for name in LOOP)
    assert targets(states(AUDIT)[LOOP[2]]) == {LOOP[0]}
    assert targets(states(AUDIT)[LOOP[0]]) == {LOOP[1], "Write the report"}
    assert targets(states(AUDIT)[LOOP[1]]) == {LOOP[2], "Write the report"}
    entries, around = MOST_CALLS * loop, 21
    assert f"{MOST_CALLS:,} (MOST_CALLS;" in text(AUDIT)
    assert f"that work): {entries:,}." in text(AUDIT)
    left = (MOST_ENTRIES - entries - around) // TASK_FAILS
    assert left >= 1_100
    assert "room for 1,100 tries" in text(AUDIT)


def test_an_execution_has_time_for_the_last_round_that_may_begin() -> None:
    """What was sent at last is waited for once more, and the last wait is a minute."""
    assert MOST_COMPARING_HOURS * 3_600 + LONGEST_WAIT_SECONDS < MOST_HOURS * 3_600
    assert machine(AUDIT)["TimeoutSeconds"] > MOST_HOURS * 3_600 + STEP_SECONDS + 60
    assert f"within {MOST_HOURS} h" in text(AUDIT)


def test_a_person_sees_it_at_one_look() -> None:
    """More states than that nobody reads in the console."""
    assert len(states(AUDIT)) <= 12


@pytest.mark.parametrize("name", tasks(AUDIT))
def test_every_task_has_a_timeout_and_a_patient_retry(name: str) -> None:
    """Without a timeout a lost call waits for a year; without jitter retries come together."""
    task = tasks(AUDIT)[name]
    (retry,) = task["Retry"]
    is_a_step = "Payload" in task["Arguments"]
    assert task["TimeoutSeconds"] == (STEP_SECONDS if is_a_step else 20)
    assert retry["JitterStrategy"] == "FULL"
    assert set(retry["ErrorEquals"]) == {"States.TaskFailed", "States.Timeout"}
    assert retry["MaxAttempts"] >= 6
    assert retry["MaxDelaySeconds"] <= 60


@pytest.mark.parametrize("name", list(states(AUDIT)))
def test_names_are_for_people_and_keys_are_in_order(name: str) -> None:
    """The console shows the names; the file is read with what goes wrong after what goes right."""
    assert re.fullmatch(r"[A-Z][a-z ]+\??", name)
    state = states(AUDIT)[name]
    assert (state["Type"] == "Choice") is name.endswith("?")
    assert all(rule["Comment"] for rule in state.get("Choices", []))
    places = [ORDER.index(key) if key in ORDER else 2 for key in state]
    assert places == sorted(places)


@pytest.mark.parametrize("name", list(states(AUDIT)))
def test_a_state_reads_what_is_set_on_every_way_to_it(name: str) -> None:
    """A variable that a Catch does not set is an execution that fails where it should have told
    what went wrong.
    """
    assert read_by(states(AUDIT)[name]) <= set_before(AUDIT)[name]


@pytest.mark.parametrize("name", [one for one in tasks(AUDIT) if one != "Start the audit"])
def test_a_step_that_keeps_failing_ends_in_a_report_or_in_words(name: str) -> None:
    """Whatever the error is called: what was done by then is told, with the error's own words."""
    (catch,) = tasks(AUDIT)[name]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    for variable, expression in catch.get("Assign", {}).items():
        assert variable in read_by(states(AUDIT)[catch["Next"]])
        assert "$states.errorOutput.Error" in expression
        assert "$states.errorOutput.Cause" in expression
    assert (
        catch["Next"]
        == {
            "Run a round": "Write the report",
            "Write the report": "Audit stopped early",
            "Tell the operators": "Did it come to its end?",
        }[name]
    )


def test_the_loop_waits_as_long_as_the_round_says() -> None:
    """No number stands in the machine."""
    assert states(AUDIT)[LOOP[2]]["Seconds"] == "{% $answer.waitSeconds %}"
