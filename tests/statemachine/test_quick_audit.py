"""The audit state machine in this process: the same scenarios as on ministack, in milliseconds;
and what it asks, hands on and waits for.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.statemachine.audit_scenarios import (
    AFTER,
    AUDIT_SCRIPT,
    AUDITS,
    BEFORE,
    DONE,
    DRY,
    GIVEN_UP,
    HALFWAY,
    NEXT,
    NO_NEWS,
    ORDER,
    REFUSED,
    REPORTED,
    WAIT,
)
from tests.statemachine.definition import AUDIT, filled_in, machine, states, tasks
from tests.statemachine.quick_cast import PUBLISH, Cast
from tests.statemachine.quick_run import CONTEXT
from tests.statemachine.scenarios import Scenario

NAMES = {"AuditStepFunctionArn": "step", "ReplayReportTopicArn": "topic", "Partition": "aws"}
MACHINE = filled_in(NAMES, AUDIT)
NAME = CONTEXT["Execution"]["Name"]
STARTED_AT = CONTEXT["Execution"]["StartTime"]
STEPS = {"Start the audit": "start", "Run a round": "round", "Write the report": "report"}


def step_of(payload: Mapping[str, Any]) -> str:
    return str(payload["step"])


def cast(down: str = "", failure: str = "Lambda.Unknown", **answers: Any) -> Cast:
    return Cast({**AUDIT_SCRIPT, **answers}, step_of, frozenset({down} - {""}), failure)


@pytest.mark.parametrize("scenario", AUDITS.values(), ids=AUDITS.keys())
def test_it_takes_the_path_of(scenario: Scenario) -> None:
    """State by state, to the end that the scenario names."""
    ended = Cast(scenario.answers, step_of).play(MACHINE, scenario.order)
    assert (ended.path, ended.error) == (scenario.path, scenario.error)
    assert scenario.says in (ended.cause or str(ended.output))


def test_the_function_is_asked_with_what_each_step_needs() -> None:
    """The input as it came to the start; to a round what the one before it handed on, as it was;
    to the report how far the last one came.
    """
    played = cast()
    ended = played.play(MACHINE, {"source": "orders"})
    told = {"runId": NAME, "startedAt": STARTED_AT}
    assert played.asked == {
        "start": [{"step": "start", **told, "input": {"source": "orders"}}],
        "round": [
            {"step": "round", **told, "order": ORDER, "progress": one} for one in (BEFORE, HALFWAY)
        ],
        "report": [
            {"step": "report", **told, "order": ORDER, "progress": AFTER, "trouble": ""},
        ],
    }
    assert ended.output == {
        "outcome": "audit_finished",
        "report": REPORTED["report"],
        "reportUri": REPORTED["reportUri"],
    }


def test_it_waits_as_long_as_each_round_says() -> None:
    """For the road, for UsageQueue, for the ledger; not at all between two windows."""
    assert cast(round=[NEXT, WAIT, NEXT, DONE]).play(MACHINE).waits == [0, 60, 0]


def test_a_dry_run_stays_one() -> None:
    """In the order of each round, and in the word at its end."""
    played = cast(start=[DRY])
    assert played.play(MACHINE).output["outcome"] == "dry_run_finished"
    assert {one["order"]["dryRun"] for one in played.asked["round"]} == {True}


@pytest.mark.parametrize("failure", ["Lambda.Unknown", "States.Timeout", "Runtime.ExitError"])
@pytest.mark.parametrize("name", STEPS)
def test_what_fails_is_tried_seven_times(name: str, failure: str) -> None:
    """Whatever it fails by, killed and timed out included; then its Catch, or the end."""
    answers = {STEPS[name]: [{"raise": "gone"}]} if failure == "Runtime.ExitError" else {}
    played = cast("" if answers else "step", failure, **answers)
    ended = played.play(MACHINE)
    if answers:
        assert len(played.asked[STEPS[name]]) == 7
        caught = [catch["Next"] for catch in states(AUDIT)[name].get("Catch", [])]
        assert ended.path[ended.path.index(name) + 1 :][:1] == caught
    else:
        assert played.tries == 7
    assert ended.error


def test_a_notice_that_does_not_get_through_fails_nothing() -> None:
    """It is tried seven times; the report stands in S3 all the same."""
    played = cast(PUBLISH)
    ended = played.play(MACHINE)
    assert (played.tries, ended.error) == (7, "")
    assert ended.path[-2:] == ["Did it come to its end?", "Audit finished"]


@pytest.mark.parametrize("name", tasks(AUDIT))
def test_a_retry_comes_soon_and_its_wait_is_bounded(name: str) -> None:
    """A deployment or a throttle is over in 45 s on average; a person waits for the answer."""
    (retry,) = tasks(AUDIT)[name]["Retry"]
    assert (retry["IntervalSeconds"], retry["BackoffRate"], retry["MaxDelaySeconds"]) == (2, 2, 30)


def test_a_report_after_a_lost_round_is_of_the_last_that_answered() -> None:
    """By the same progress its records of what the first try sent are found."""
    played = cast(round=[NEXT, {"raise": "killed"}])
    ended = played.play(MACHINE)
    assert [one["progress"] for one in played.asked["round"]] == [BEFORE, *[HALFWAY] * 7]
    (report,) = played.asked["report"]
    assert (report["progress"], ended.error) == (HALFWAY, "AuditStoppedEarly")
    why = "A round could not be run: Runtime.HandlerError killed"
    assert report["trouble"] == why
    advice = "Start the audit again when it is cured; the report: "
    assert ended.cause == f"{why}. {advice}{REPORTED['reportUri']}"


@pytest.mark.parametrize("order", [[], "now", 3, None])
def test_an_input_of_any_kind_reaches_the_start(order: object) -> None:
    """Whatever a person types into the console is answered by it, not by a broken state."""
    played = cast(start=[REFUSED])
    ended = played.play(MACHINE, order)
    assert (ended.error, ended.cause) == ("InputRefused", REFUSED["problem"])
    assert played.asked["start"][0]["input"] == order


@pytest.mark.parametrize(
    ("answers", "subject"),
    [
        ({}, "Audit finished"),
        ({"start": [DRY]}, "Dry run of an audit finished"),
        ({"round": [GIVEN_UP]}, "Audit stopped early"),
        ({"report": [NO_NEWS]}, None),
    ],
)
def test_the_operators_are_told_what_is_news(
    answers: Mapping[str, Any], subject: str | None
) -> None:
    """What counts as news the report says, and nobody else."""
    played = cast(**answers)
    played.play(MACHINE)
    notice = {"TopicArn": "topic", "Subject": subject, "Message": REPORTED["notice"]}
    assert played.notices == ([notice] if subject else [])


def test_it_has_two_days() -> None:
    """A round begins within 46 h."""
    assert machine(AUDIT)["TimeoutSeconds"] == 48 * 3_600
