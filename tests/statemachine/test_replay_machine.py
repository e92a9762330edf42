"""The replay state machine, run for real on ministack with functions that play a part."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.statemachine.definition import functions_of, states, tasks
from tests.statemachine.scenarios import (
    BEFORE,
    DONE,
    FOREVER,
    GIVEN_UP,
    HALFWAY,
    HAND_ON,
    MOVED,
    ORDER,
    REFUSED,
    SCENARIOS,
    SCRIPT,
    STARTED,
    Scenario,
    started,
)
from tests.statemachine.stage import Stage

type SetUp = Callable[..., Stage]


def test_the_scenarios_enter_every_state() -> None:
    """A state that no scenario enters is a state that nobody has seen work."""
    entered = {name for scenario in SCENARIOS.values() for name in scenario.path}
    assert entered == set(states())


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_it_takes_the_path_of(scenario: Scenario, stage: SetUp) -> None:
    """State by state, to the end that the scenario names."""
    played = stage(scenario.script)
    ended = played.finished(played.start(scenario.order))
    assert ended.path == scenario.path
    assert (ended.status, ended.error) == (
        ("FAILED", scenario.error) if scenario.error else ("SUCCEEDED", "")
    )
    assert scenario.says in (ended.cause or str(ended.output))


# Which source's replay passes a task, and by which of its functions.
CALLS = [
    (name, source)
    for name, task in tasks().items()
    for source in (["usage", "quarantine"] if len(functions_of(task)) > 1 else ["usage"])
]


@pytest.mark.parametrize(("name", "source"), CALLS)
def test_every_retry_and_every_catch_is_exercised(name: str, source: str, stage: SetUp) -> None:
    """A call that always fails is made as often as its Retry says; then its Catch is taken, or the
    execution fails.
    """
    rounds = [HAND_ON] if name == "Hand on what remains" else SCRIPT["round"]
    script = {**SCRIPT, "start": started(source=source), "round": rounds}
    played = stage(script, broken=name)
    execution = played.start({})
    ended = played.finished(execution)
    tries = 1 + sum(retry["MaxAttempts"] for retry in tasks()[name]["Retry"])
    assert played.failures(execution) == tries
    caught = [catch["Next"] for catch in states()[name].get("Catch", [])]
    after = ended.path[ended.path.index(name) + 1 :][:1]
    assert after == caught
    assert bool(ended.error) is (name != "Tell the operators")


def test_a_replay_may_be_stopped_while_it_waits(stage: SetUp) -> None:
    """Stopping leaves nothing locked: the next one takes the same way."""
    played = stage({**SCRIPT, "round": [FOREVER]})
    first = played.start({})
    played.wait_until(first, "Wait for the next round")
    played.sfn.stop_execution(executionArn=first)
    assert played.finished(first).status == "ABORTED"
    second = played.start({})
    played.wait_until(second, "Wait for the next round")
    played.sfn.stop_execution(executionArn=second)


def test_each_function_is_asked_with_what_it_needs(stage: SetUp) -> None:
    """The input as it came to the start; to a round what the one before it handed on, as it was;
    to the report how far the last one came.
    """
    order: Mapping[str, Any] = {**ORDER, "maxMessages": 7}
    played = stage({**SCRIPT, "start": started(maxMessages=7)})
    ended = played.finished(played.start({"maxMessages": 7}, name="by-hand"))

    asked = {step: played.asked(step) for step in SCRIPT}
    functions = {step: {one.pop("function") for one in all_} for step, all_ in asked.items()}
    assert functions == {
        "start": {f"{played.name}-Start"},
        "round": {f"{played.name}-QueueRound"},
        "report": {f"{played.name}-Report"},
    }
    times = {one.pop("startedAt") for one in asked["start"]}
    times |= {one.pop("executionStartedAt") for one in asked["round"]}
    (began,) = times
    assert began.endswith("Z")
    replay = {name: STARTED[name] for name in ("replayId", "startedAt")}
    machine, execution = asked["start"][0].pop("stateMachineArn"), ended.arn
    assert (machine, asked["start"][0].pop("executionArn")) == (played.arn, execution)
    assert asked == {
        "start": [{"replayId": "by-hand", "input": {"maxMessages": 7}}],
        "round": [
            {**replay, "order": order, "progress": progress} for progress in (BEFORE, HALFWAY)
        ],
        "report": [
            {**replay, "order": order, "progress": DONE["progress"], "trouble": "", "part": 0}
        ],
    }
    assert ended.output["reportUri"] == SCRIPT["report"][0]["reportUri"]


def test_a_round_whose_answer_was_lost_is_asked_for_again_as_it_was(stage: SetUp) -> None:
    """With the same progress: its records of what the first try moved are found by it. A report
    after the last try is of the last round that answered.
    """
    played = stage({**SCRIPT, "round": [MOVED, {"raise": "killed"}]})
    played.finished(played.start({}))
    asked = [one["progress"] for one in played.asked("round")]
    assert asked == [BEFORE, *[HALFWAY] * 7]
    (report,) = played.asked("report")
    assert report["progress"] == HALFWAY
    assert report["trouble"].startswith("Messages could not be moved: ")


def test_the_quarantine_has_a_function_of_its_own(stage: SetUp) -> None:
    """It has the rights on metering and on the quarantine, and none on a queue."""
    played = stage({**SCRIPT, "start": started(source="quarantine")})
    played.finished(played.start({"source": "quarantine"}))
    assert {one["function"] for one in played.asked("round")} == {f"{played.name}-QuarantineRound"}


@pytest.mark.parametrize("order", [[], "now", 3, None])
def test_an_input_of_any_kind_reaches_the_start(order: object, stage: SetUp) -> None:
    """Whatever a person types into the console is answered by it, not by a broken state."""
    played = stage({**SCRIPT, "start": [REFUSED]})
    ended = played.finished(played.start(order))
    assert ended.error == "InputRefused"
    assert played.asked("start")[0]["input"] == order


@pytest.mark.parametrize(
    ("answers", "subject"),
    [
        ({}, "Replay (usage) finished"),
        ({"start": started(dryRun=True)}, "Dry run of a replay (usage) finished"),
        ({"round": [GIVEN_UP]}, "Replay (usage) stopped early"),
        ({"start": started(quiet=True), "round": [GIVEN_UP]}, "Replay (usage) stopped early"),
    ],
)
def test_the_operators_are_told(answers: Mapping[str, Any], subject: str, stage: SetUp) -> None:
    """One notice per replay, also of one that stopped early."""
    played = stage({**SCRIPT, **answers})
    played.finished(played.start({}))
    (notice,) = played.notices()
    assert notice["Subject"] == subject
    assert notice["Message"] == SCRIPT["report"][0]["notice"]


def test_a_notice_that_does_not_get_through_fails_nothing(stage: SetUp) -> None:
    """The report stands in S3 all the same."""
    played = stage(SCRIPT)
    played.drop_topic()
    ended = played.finished(played.start({}))
    assert ended.status == "SUCCEEDED"
    assert ended.path[-2:] == ["What is left to tell?", "Replay finished"]
