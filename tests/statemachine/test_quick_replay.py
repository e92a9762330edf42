"""The replay state machine in this process: the same scenarios as on ministack, in milliseconds;
and what it asks, hands on and waits for.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from functions.replay.book import ReportTask
from functions.replay.chain import HandedOn, next_input
from functions.replay.progress import RoundTask
from functions.replay.start import StartTask
from tests.statemachine.definition import filled_in, functions_of, machine, states, tasks
from tests.statemachine.quick_cast import PUBLISH, START, Cast
from tests.statemachine.quick_run import CONTEXT
from tests.statemachine.scenarios import (
    BEFORE,
    COUNTING,
    DONE,
    GIVEN_UP,
    HALFWAY,
    HAND_ON,
    MOVED,
    ORDER,
    PACED,
    REFUSED,
    REPORTED,
    SCENARIOS,
    SCRIPT,
    STARTED,
    WAIT,
    Scenario,
    started,
)
from tests.template.stack import resources

PARTS = ("Start", "QueueRound", "QuarantineRound", "Report")
NAMES = {
    **{f"Replay{part}FunctionArn": part for part in PARTS},
    "ReplayReportTopicArn": "topic",
    "Partition": "aws",
}
MACHINE = filled_in(NAMES)
NAME = CONTEXT["Execution"]["Name"]
STARTED_AT = CONTEXT["Execution"]["StartTime"]


def step_of(payload: Mapping[str, Any]) -> str:
    """Only the start is given the input, and only the report the trouble."""
    return "start" if "input" in payload else "report" if "trouble" in payload else "round"


def cast(down: str = "", failure: str = "Lambda.Unknown", **answers: Any) -> Cast:
    return Cast({**SCRIPT, **answers}, step_of, frozenset({down} - {""}), failure)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_it_takes_the_path_of(scenario: Scenario) -> None:
    """State by state, to the end that the scenario names."""
    ended = Cast(scenario.script, step_of).play(MACHINE, scenario.order)
    assert (ended.path, ended.error) == (scenario.path, scenario.error)
    assert scenario.says in (ended.cause or str(ended.output))


@pytest.mark.parametrize("source", ["usage", "quarantine", "counters"])
def test_each_function_is_asked_with_what_it_needs(source: str) -> None:
    """To the start the input and who we are; to a round what the one before it handed on, as it
    was; to the report how far the last one came. The quarantine has a function of its own.
    """
    order = {**ORDER, "source": source, "maxMessages": 7}
    played = cast(start=started(source=source, maxMessages=7))
    ended = played.play(MACHINE, {"maxMessages": 7})
    whose = {"replayId": STARTED["replayId"], "startedAt": STARTED["startedAt"]}
    who = {
        "replayId": NAME,
        "startedAt": STARTED_AT,
        "executionArn": CONTEXT["Execution"]["Id"],
        "stateMachineArn": CONTEXT["StateMachine"]["Id"],
    }
    assert played.asked == {
        "start": [{**who, "input": {"maxMessages": 7}}],
        "round": [
            {**whose, "executionStartedAt": STARTED_AT, "order": order, "progress": one}
            for one in (BEFORE, HALFWAY)
        ],
        "report": [
            {**whose, "order": order, "progress": DONE["progress"], "trouble": "", "part": 0}
        ],
    }
    round_ = "QuarantineRound" if source == "quarantine" else "QueueRound"
    assert played.functions == {"start": {"Start"}, "round": {round_}, "report": {"Report"}}
    StartTask.model_validate(played.asked["start"][0])
    ReportTask.model_validate({**played.asked["report"][0], "order": {"source": source}})
    RoundTask.model_validate({**played.asked["round"][0], "order": {"source": source}})
    assert ended.output == {
        "outcome": "replay_finished",
        "report": REPORTED["report"],
        "reportUri": REPORTED["reportUri"],
    }


def test_what_remains_is_handed_on_by_the_output_alone() -> None:
    """The next execution is told whose replay it goes on with; what to go on with is the output of
    this one, in the words of who reads it. The operators are told at the end of the chain.
    """
    played = cast(round=[MOVED, HAND_ON])
    ended = played.play(MACHINE)
    (asked,) = played.started
    assert (asked["StateMachineArn"], asked["Name"]) == (
        CONTEXT["StateMachine"]["Id"],
        "first-part-2",
    )
    assert asked["Input"] == {"continues": NAME, "source": "usage", "quiet": False}
    assert next_input(asked["Input"]) is not None
    assert ended.output == {
        "outcome": "handed_on",
        "next": "first-part-2",
        "replayId": STARTED["replayId"],
        "startedAt": STARTED["startedAt"],
        "order": ORDER,
        "progress": HAND_ON["progress"],
    }
    assert HandedOn.model_validate(ended.output).progress.executions_before == 1
    assert "report" not in played.asked
    assert played.notices == []


def test_what_cannot_be_handed_on_is_reported() -> None:
    """What was moved is told, and nothing is left hidden."""
    played = cast(START, round=[MOVED, HAND_ON])
    ended = played.play(MACHINE)
    (report,) = played.asked["report"]
    assert report["trouble"].startswith("What remains could not be handed on: Lambda.Unknown ")
    assert (report["progress"], ended.error) == (HAND_ON["progress"], "ReplayStoppedEarly")


def test_a_report_is_counted_part_after_part() -> None:
    """Each is told which it is; the operators are told once, of the whole."""
    played = cast(report=[COUNTING, {**COUNTING, "part": 2}, REPORTED])
    ended = played.play(MACHINE)
    assert [one["part"] for one in played.asked["report"]] == [0, 1, 2]
    assert ended.output["report"] == REPORTED["report"]
    assert len(played.notices) == 1


def test_it_waits_as_long_as_each_round_says() -> None:
    """First until the listing shows another replay; then for what the round waits for."""
    played = cast(round=[MOVED, PACED, WAIT, DONE])
    assert played.play(MACHINE).waits == [2, 0, 10, 30]


def test_the_listing_is_given_time_at_each_look() -> None:
    """ListExecutions is eventually consistent: a look at once would see the same again."""
    played = cast(start=[{"outcome": "look_again"}, *SCRIPT["start"]])
    assert played.play(MACHINE).waits[:2] == [2, 2]


@pytest.mark.parametrize("failure", ["Lambda.Unknown", "States.Timeout", "Runtime.ExitError"])
@pytest.mark.parametrize("name", tasks())
def test_what_fails_is_tried_seven_times(name: str, failure: str) -> None:
    """Whatever it fails by, killed and timed out included; then its Catch, or the end."""
    called = functions_of(tasks()[name])
    quarantine = {"ReplayQuarantineRoundFunction"} & called
    services = {"Tell the operators": PUBLISH, "Hand on what remains": START}
    down = services.get(name, "QuarantineRound")
    if not quarantine and called:
        (function,) = called
        down = NAMES[f"{function}Arn"]
    answers: dict[str, Any] = {"start": started(source="quarantine" if quarantine else "usage")}
    if down == START:
        answers["round"] = [HAND_ON]
    played = cast(down, failure, **answers)
    ended = played.play(MACHINE)
    assert played.tries == 7
    caught = [catch["Next"] for catch in states()[name].get("Catch", [])]
    assert ended.path[ended.path.index(name) + 1 :][:1] == caught
    assert bool(ended.error) is (name != "Tell the operators")


@pytest.mark.parametrize("name", tasks())
def test_a_retry_comes_soon_and_its_wait_is_bounded(name: str) -> None:
    """A deployment or a throttle is over in 45 s on average; a person waits for the answer."""
    (retry,) = tasks()[name]["Retry"]
    assert (retry["IntervalSeconds"], retry["BackoffRate"], retry["MaxDelaySeconds"]) == (2, 2, 30)


def test_a_report_after_a_lost_round_is_of_the_last_that_answered() -> None:
    """By the same progress its records of what the first try moved are found."""
    played = cast(round=[MOVED, {"raise": "killed"}])
    ended = played.play(MACHINE)
    assert [one["progress"] for one in played.asked["round"]] == [BEFORE, *[HALFWAY] * 7]
    (report,) = played.asked["report"]
    assert (report["progress"], ended.error) == (HALFWAY, "ReplayStoppedEarly")
    assert report["trouble"] == "Messages could not be moved: Runtime.HandlerError killed"


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
        ({}, "Replay (usage) finished"),
        ({"start": started(dryRun=True)}, "Dry run of a replay (usage) finished"),
        ({"round": [GIVEN_UP]}, "Replay (usage) stopped early"),
        ({"start": started(quiet=True), "round": [GIVEN_UP]}, "Replay (usage) stopped early"),
        ({"start": started(quiet=True)}, None),
    ],
)
def test_the_operators_are_told(answers: Mapping[str, Any], subject: str | None) -> None:
    """One notice per replay, also of one that stopped early; none of a quiet one that did not."""
    played = cast(**answers)
    played.play(MACHINE)
    notice = {"TopicArn": "topic", "Subject": subject, "Message": REPORTED["notice"]}
    assert played.notices == ([notice] if subject else [])


def test_a_replay_that_gave_up_says_why_and_where_its_report_is() -> None:
    """In the words that the console shows in red."""
    ended = cast(round=[GIVEN_UP]).play(MACHINE)
    advice = "Start another replay when it is cured; the report: "
    assert ended.cause == f"{GIVEN_UP['trouble']}. {advice}{REPORTED['reportUri']}"


@pytest.mark.parametrize("name", [name for name, one in tasks().items() if functions_of(one)])
def test_a_state_waits_longer_than_its_function_may_take(name: str) -> None:
    """By a cold start. Given up sooner, a round would run beside its own second try."""
    functions = resources("AWS::Serverless::Function")
    longest = max(functions[one]["Properties"]["Timeout"] for one in functions_of(tasks()[name]))
    assert tasks()[name]["TimeoutSeconds"] == longest + 10


def test_it_has_two_days() -> None:
    """A round begins within 40 h, and may pace 4.2 h and wait for the forwarder 3.7 h."""
    assert machine()["TimeoutSeconds"] == 48 * 3_600
