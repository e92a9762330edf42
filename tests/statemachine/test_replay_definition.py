"""The replay state machine, read as a document."""

import re

import pytest
import yaml

from functions.replay.chain import ENDS_WITHIN_SECONDS
from functions.replay.order import LEAST_EVENTS_PER_SECOND
from functions.replay.round_decision import (
    LEDGER_WAITS_OF_A_ROUND,
    MOST_CALLS,
    MOST_HOURS,
    ledger_wait_seconds,
)
from functions.replay.start import LISTED_AFTER_SECONDS
from tests.statemachine.definition import (
    FILE,
    machine,
    states,
    substitutions,
    targets,
    tasks,
    text,
)

TEMPLATE = FILE.parents[1] / "template.yaml"
# Type, Comment, the state's work, then what may go wrong, then where to go.
ORDER = ["Type", "Comment", None, "Retry", "Catch", "Next", "End"]


class _Tagged(yaml.SafeLoader):
    """Reads CloudFormation's short forms as plain values."""


_Tagged.add_multi_constructor("!", lambda _loader, suffix, _node: suffix)


def test_every_substitution_is_given_and_used() -> None:
    """An ARN that only one side names is a deploy that fails, or a state that calls nothing."""
    resources = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Tagged)["Resources"]  # noqa: S506 - our own file, a safe loader
    given = resources["ReplayStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert substitutions() == set(given)


def test_every_state_can_be_reached_and_every_target_exists() -> None:
    """A state nobody leads to is a branch somebody believes in."""
    waiting, reached = [machine()["StartAt"]], set[str]()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += targets(states()[name]) - reached
    assert reached == set(states())


# Entered, scheduled, started, succeeded, exited; of the others entered and exited.
ENTRIES = {"Task": 5, "Choice": 2, "Wait": 2}
MOST_ENTRIES = 25_000  # AWS ends an execution that has more
TASK_FAILS = 3  # scheduled, started, failed


def test_there_is_one_loop_and_its_history_has_room() -> None:
    """From a round back to it, and no other way back but to the start. The numbers of the file's
    head are these.
    """
    loop, name = 0, "Run a round"
    for name in ("Run a round", "What came of it?", "Wait for the next round"):
        loop += ENTRIES[states()[name]["Type"]]
    assert targets(states()["Wait for the next round"]) == {"Run a round"}
    assert targets(states()["Run a round"]) == {"What came of it?", "Write the report"}
    assert targets(states()["What came of it?"]) == {
        "Wait for the next round",
        "Hand on what remains",
        "Write the report",
    }
    assert targets(states()["Hand on what remains"]) == {"Write the report"}
    longest = max(LISTED_AFTER_SECONDS, ENDS_WITHIN_SECONDS)
    looks = longest // states()["Let other replays show"]["Seconds"]
    entries = MOST_CALLS * loop
    around = looks * (2 + 5 + 2) + 18
    assert f"{MOST_CALLS:,} (MOST_CALLS" in text()
    assert f"last): {entries:,}. Before the loop at most {looks * 9} ({looks} looks" in text()
    assert entries + around < MOST_ENTRIES / 2
    assert (MOST_ENTRIES - entries - around) // TASK_FAILS > 4_300


def test_a_person_sees_it_at_one_look() -> None:
    """More states than that nobody reads in the console."""
    assert len(states()) <= 16


def test_an_execution_has_time_for_the_last_round_that_may_begin() -> None:
    """Its pace and its wait for the forwarder, after the 40 h in which one may begin."""
    waits = sum(map(ledger_wait_seconds, range(LEDGER_WAITS_OF_A_ROUND + 1)))
    # Ten messages of 150 events at the slowest pace.
    pace = 10 * 150 / LEAST_EVENTS_PER_SECOND
    assert MOST_HOURS * 3_600 + pace + waits < machine()["TimeoutSeconds"]


@pytest.mark.parametrize("name", tasks())
def test_every_task_has_a_timeout_and_a_patient_retry(name: str) -> None:
    """Without a timeout a lost call waits for a year; without jitter retries come together."""
    task = tasks()[name]
    (retry,) = task["Retry"]
    assert task["TimeoutSeconds"] <= 310
    assert retry["JitterStrategy"] == "FULL"
    assert set(retry["ErrorEquals"]) == {"States.TaskFailed", "States.Timeout"}
    assert retry["BackoffRate"] >= 1.5
    # With full jitter they take half as long on average: 45 s.
    assert retry["MaxAttempts"] >= 6
    assert retry["MaxDelaySeconds"] <= 60


@pytest.mark.parametrize("name", [n for n, one in states().items() if one["Type"] == "Choice"])
def test_every_way_out_of_a_choice_is_named(name: str) -> None:
    """The console and our picture show the names. Whether a Choice's own Assign belongs to Default
    alone AWS's pages say in two ways, so none has one.
    """
    choice = states()[name]
    assert "Assign" not in choice
    assert all(rule["Comment"] for rule in choice["Choices"])
    last = choice["Choices"][-1]
    assert ("Default" in choice) is (last["Condition"] != "{% true %}")


@pytest.mark.parametrize("name", list(states()))
def test_names_are_for_people_and_keys_are_in_order(name: str) -> None:
    """The console shows the names; the file is read with what goes wrong after what goes right."""
    assert re.fullmatch(r"[A-Z][a-z ]+( [A-Z]\w+)?[a-z ]*\??", name)
    assert (states()[name]["Type"] == "Choice") is name.endswith("?")
    places = [ORDER.index(key) if key in ORDER else 2 for key in states()[name]]
    assert places == sorted(places)
