"""The audit state machine, run for real on ministack with a function that plays a part."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.statemachine.audit_scenarios import (
    AFTER,
    AUDIT_SCRIPT,
    AUDITS,
    BEFORE,
    DRY,
    FOREVER,
    GIVEN_UP,
    HALFWAY,
    NEXT,
    NO_NEWS,
    ORDER,
    REFUSED,
    REPORTED,
)
from tests.statemachine.definition import AUDIT, states, tasks
from tests.statemachine.scenarios import Scenario
from tests.statemachine.stage import AUDIT_PLAY, Stage

type SetUp = Callable[..., Stage]


@pytest.fixture
def stage(stage_folder: Path) -> SetUp:
    """Sets a stage for a script."""

    def set_up(script: Mapping[str, Any], broken: str = "") -> Stage:
        return Stage(stage_folder, script, broken, AUDIT_PLAY)

    return set_up


def test_the_scenarios_enter_every_state() -> None:
    """A state that no scenario enters is a state that nobody has seen work."""
    assert {name for one in AUDITS.values() for name in one.path} == set(states(AUDIT))


@pytest.mark.parametrize("scenario", AUDITS.values(), ids=AUDITS.keys())
def test_it_takes_the_path_of(scenario: Scenario, stage: SetUp) -> None:
    """State by state, to the end that the scenario names."""
    played = stage(scenario.answers)
    ended = played.finished(played.start(scenario.order))
    assert ended.path == scenario.path
    assert (ended.status, ended.error) == (
        ("FAILED", scenario.error) if scenario.error else ("SUCCEEDED", "")
    )
    assert scenario.says in (ended.cause or str(ended.output))


@pytest.mark.parametrize("name", tasks(AUDIT))
def test_every_retry_and_every_catch_is_exercised(name: str, stage: SetUp) -> None:
    """A call that always fails is made as often as its Retry says; then its Catch is taken, or the
    execution fails.
    """
    played = stage(AUDIT_SCRIPT, broken=name)
    execution = played.start({})
    ended = played.finished(execution)
    task = tasks(AUDIT)[name]
    assert played.failures(execution) == 1 + sum(one["MaxAttempts"] for one in task["Retry"])
    caught = [catch["Next"] for catch in task.get("Catch", [])]
    assert ended.path[ended.path.index(name) + 1 :][:1] == caught
    assert bool(ended.error) is (name != "Tell the operators")


def test_an_audit_may_be_stopped_while_it_waits(stage: SetUp) -> None:
    """Stopping leaves nothing locked: the next one takes the same way."""
    played = stage({**AUDIT_SCRIPT, "round": [FOREVER]})
    for _ in range(2):
        execution = played.start({})
        played.wait_until(execution, "Wait for the next round")
        played.sfn.stop_execution(executionArn=execution)
        assert played.finished(execution).status == "ABORTED"


def test_the_function_is_asked_with_what_each_step_needs(stage: SetUp) -> None:
    """The input as it came to the start; to a round what the one before it handed on, as it was;
    to the report how far the last one came.
    """
    played = stage(AUDIT_SCRIPT)
    played.finished(played.start({"source": "orders"}, name="by-hand"))
    asked = {step: played.asked(step) for step in AUDIT_SCRIPT}
    (started_at,) = {one.pop("startedAt") for some in asked.values() for one in some}
    assert started_at.endswith("Z")
    assert {one.pop("function") for some in asked.values() for one in some} == {
        f"{played.name}-step"
    }
    told = {"runId": "by-hand", "order": ORDER}
    assert asked == {
        "start": [{"step": "start", "runId": "by-hand", "input": {"source": "orders"}}],
        "round": [{"step": "round", **told, "progress": one} for one in (BEFORE, HALFWAY)],
        "report": [{"step": "report", **told, "progress": AFTER, "trouble": ""}],
    }


def test_a_round_whose_answer_was_lost_is_asked_for_again_as_it_was(stage: SetUp) -> None:
    """With the same progress: its records of what the first try sent are found by it. A report
    after the last try is of the last round that answered.
    """
    played = stage({**AUDIT_SCRIPT, "round": [NEXT, {"raise": "killed"}]})
    played.finished(played.start({}))
    assert [one["progress"] for one in played.asked("round")] == [BEFORE, *[HALFWAY] * 7]
    (report,) = played.asked("report")
    assert report["progress"] == HALFWAY
    assert report["trouble"].startswith("A round could not be run: ")


@pytest.mark.parametrize("order", [[], "now", 3, None])
def test_an_input_of_any_kind_reaches_the_start(order: object, stage: SetUp) -> None:
    """Whatever a person types into the console is answered by it, not by a broken state."""
    played = stage({**AUDIT_SCRIPT, "start": [REFUSED]})
    assert played.finished(played.start(order)).error == "InputRefused"
    assert played.asked("start")[0]["input"] == order


@pytest.mark.parametrize(
    ("answers", "subjects"),
    [
        ({}, ["Audit finished"]),
        ({"start": [DRY]}, ["Dry run of an audit finished"]),
        ({"round": [GIVEN_UP]}, ["Audit stopped early"]),
        ({"report": [NO_NEWS]}, []),
    ],
)
def test_the_operators_are_told_what_is_news(
    answers: Mapping[str, Any], subjects: list[str], stage: SetUp
) -> None:
    """One notice of an audit, and none of one that found nothing."""
    played = stage({**AUDIT_SCRIPT, **answers})
    played.finished(played.start({}))
    notices = played.notices()
    assert [one["Subject"] for one in notices] == subjects
    assert all(one["Message"] == REPORTED["notice"] for one in notices)


def test_a_notice_that_does_not_get_through_fails_nothing(stage: SetUp) -> None:
    """The report stands in S3 all the same."""
    played = stage(AUDIT_SCRIPT)
    played.drop_topic()
    ended = played.finished(played.start({}))
    assert ended.status == "SUCCEEDED"
    assert ended.path[-2:] == ["Did it come to its end?", "Audit finished"]
