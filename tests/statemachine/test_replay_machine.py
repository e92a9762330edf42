"""The replay state machine, run for real on ministack with functions that play a part."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.statemachine.definition import states, tasks
from tests.statemachine.scenarios import (
    DOWN,
    LAST,
    METERED,
    MOVED,
    SCENARIOS,
    SCRIPT,
    SECOND_REPLAY,
    Scenario,
    understood,
)
from tests.statemachine.stage import Stage

type SetUp = Callable[..., Stage]


def test_the_scenarios_enter_every_state() -> None:
    """A state that no scenario enters is a state that nobody has seen work."""
    entered = {name for scenario in SCENARIOS.values() for name in scenario.path}
    assert entered | set(SECOND_REPLAY) == set(states())


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_it_takes_the_path_of_the(scenario: Scenario, stage: SetUp) -> None:
    """State by state, to the end that the scenario names."""
    played = stage(scenario.script, scenario.limits)
    played.put_messages(scenario.waiting)
    ended = played.finished(played.start(scenario.order))
    assert ended.path == scenario.path
    assert (ended.status, ended.error) == (
        ("FAILED", scenario.error) if scenario.error else ("SUCCEEDED", "")
    )
    assert scenario.says in (ended.cause or str(ended.output))


# Where a replay passes these, which it does not when it is of usage that was set aside.
OF_QUARANTINE = {"Count what is quarantined", "Meter a round again"}


@pytest.mark.parametrize("name", tasks())
def test_every_retry_and_every_catch_is_exercised(name: str, stage: SetUp) -> None:
    """A call that always fails is made as often as its Retry says; then its Catch is taken, or the
    execution fails.
    """
    source = "quarantine" if name in OF_QUARANTINE else "usage"
    down = {**DOWN, "retryAfterSeconds": 100_000}
    # An older replay whose input is read has to be running for as long as it is looked for.
    waits = {"probe": [down]} if name == "Read its input" else {}
    played = stage({**SCRIPT, "check": understood(source=source), **waits}, {}, broken=name)
    played.put_messages(1)
    if waits:
        older = played.start({}, name="older")
        played.wait_until(older, "Wait for Aforo")
    execution = played.start({})
    ended = played.finished(execution)
    if waits:
        played.sfn.stop_execution(executionArn=older)
    tries = 1 + sum(retry["MaxAttempts"] for retry in tasks()[name]["Retry"])
    if name in states():
        assert played.failures(execution) == tries
        caught = [catch["Next"] for catch in states()[name].get("Catch", [])]
        after = ended.path[ended.path.index(name) + 1 :][:1]
        assert after == caught
    else:
        assert ended.path[-1] == "Ask the older ones for their source"
    assert bool(ended.error) is (name != "Tell the operators")


def test_of_two_replays_started_together_one_works(stage: SetUp) -> None:
    """The other names it and ends at once, as a success: nothing is wrong."""
    played = stage({**SCRIPT, "probe": [{**DOWN, "retryAfterSeconds": 100_000}]})
    played.put_messages(1)
    first = played.start({}, name="first")
    played.wait_until(first, "Wait for Aforo")
    second = played.finished(played.start({}, name="second"))
    assert second.path == SECOND_REPLAY
    assert second.status == "SUCCEEDED"
    assert second.output == {
        "outcome": "another_replay_is_running",
        "replayId": "second",
        "runningReplay": "first",
    }
    played.sfn.stop_execution(executionArn=first)
    assert played.finished(first).status == "ABORTED"


def test_a_person_does_not_wait_for_what_a_schedule_does_quietly(stage: SetUp) -> None:
    """The schedule's own next one does, for both; no replay waits for a younger one."""
    down = {**DOWN, "retryAfterSeconds": 100_000}
    quiet, loud = understood(quiet=True), understood()
    played = stage({**SCRIPT, "probe": [down], "check": [*quiet, *quiet, *loud, *loud]})
    played.put_messages(1)
    scheduled = played.start({"quiet": True}, name="scheduled")
    played.wait_until(scheduled, "Wait for Aforo")
    again = played.finished(played.start({"quiet": True}, name="again"))
    assert again.output["runningReplay"] == "scheduled"
    person = played.start({}, name="person")
    played.wait_until(person, "Wait for Aforo")
    another = played.finished(played.start({}, name="another"))
    assert another.output["runningReplay"] == "person"
    for arn in (scheduled, person):
        played.sfn.stop_execution(executionArn=arn)


def test_replays_of_two_sources_do_not_wait_for_each_other(stage: SetUp) -> None:
    """They share no queue and no object. What an older one takes from stands in its input; one that
    will be refused holds nobody up.
    """
    played = stage({**SCRIPT, "probe": [{**DOWN, "retryAfterSeconds": 100_000}]})
    played.put_messages(1)
    older = [
        played.start(order, name=f"older-{number}")
        for number, order in enumerate([{"source": "quarantine"}, {"source": "nowhere"}, [3]])
    ]
    played.wait_until(older[-1], "Wait for Aforo")
    found = played.finished(played.start({}, name="mine"))
    # `[3]` names no source, so it would be one of the default: it is older, and wins.
    assert found.output["runningReplay"] == "older-2"
    played.sfn.stop_execution(executionArn=older[2])
    again = played.start({}, name="again")
    played.wait_until(again, "Wait for Aforo")
    for arn in (*older[:2], again):
        played.sfn.stop_execution(executionArn=arn)


def test_the_quarantine_is_read_on_from_its_marker(stage: SetUp) -> None:
    """The first round begins at the front, the next where it ended."""
    order = understood(source="quarantine", maxMessages=7)
    last = {**METERED, "marker": "quarantine/b", "isQueueEmpty": True}
    played = stage({**SCRIPT, "check": order, "move": [METERED, last]})
    played.finished(played.start({}))
    asked = played.asked("move")
    assert [one["marker"] for one in asked] == ["", METERED["marker"]]
    assert [one["seeAtMost"] for one in asked] == [5, 2]
    assert {one["function"] for one in asked} == {f"{played.name}-MeterAgain"}
    (counted,) = played.asked("count")
    assert counted["order"] == order[0]["order"]


def test_a_replay_may_start_once_the_running_one_is_stopped(stage: SetUp) -> None:
    """Stopping leaves nothing locked."""
    played = stage({**SCRIPT, "settled": [{"outcome": "waiting", "outstanding": 1}]})
    played.put_messages(1)
    first = played.start({})
    played.wait_until(first, "Wait for the forwarder")
    played.sfn.stop_execution(executionArn=first)
    second = played.start({})
    played.wait_until(second, "Move a round")
    played.sfn.stop_execution(executionArn=second)


def test_each_function_is_asked_with_what_it_needs(stage: SetUp) -> None:
    """The input as it came to the check; to the mover what is left of the limits."""
    order: Mapping[str, Any] = understood(maxMessages=7)[0]["order"]
    last = {**LAST, "seen": 2}
    played = stage({**SCRIPT, "check": understood(maxMessages=7), "move": [MOVED, last]})
    played.put_messages(5)
    ended = played.finished(played.start({"maxMessages": 7}, name="by-hand"))

    asked = {step: played.asked(step) for step in SCRIPT if step != "count"}
    functions = {step: {one.pop("function") for one in all_} for step, all_ in asked.items()}
    assert functions == {
        "check": {f"{played.name}-Move"},
        "probe": {f"{played.name}-Probe"},
        "move": {f"{played.name}-Move"},
        "settled": {f"{played.name}-Report"},
        "report": {f"{played.name}-Report"},
    }
    (started_at,) = {
        asked["report"][0].pop("startedAt"),
        *(one.pop("startedAt") for one in asked["move"]),
    }
    assert started_at.endswith("Z")
    assert asked == {
        "check": [{"step": "check", "input": {"maxMessages": 7}}],
        "probe": [{"replayId": "by-hand"}] * 2,
        "move": [
            {
                "step": "move",
                "replayId": "by-hand",
                "round": number,
                "order": order,
                "seeAtMost": see_at_most,
                "moveAtMost": move_at_most,
            }
            for number, see_at_most, move_at_most in ((1, 5, 7), (2, 2, 5))
        ],
        "settled": [
            {
                "step": "settled",
                "replayId": "by-hand",
                "moveId": MOVED["moveId"],
                "startedAt": MOVED["startedAt"],
            }
        ]
        * 2,
        "report": [
            {
                "step": "report",
                "replayId": "by-hand",
                "order": order,
                "trouble": "",
                "waitingAtStart": 5,
                "hiddenAtStart": 0,
                "messagesMoved": 4,
            }
        ],
    }
    assert ended.output["reportUri"] == SCRIPT["report"][0]["reportUri"]


@pytest.mark.parametrize("order", [[], "now", 3, None])
def test_an_input_of_any_kind_reaches_the_check(order: object, stage: SetUp) -> None:
    """Whatever a person types into the console is answered by the check, not by a broken state."""
    played = stage({**SCRIPT, "check": [{"outcome": "not_understood", "problem": "input: ..."}]})
    ended = played.finished(played.start(order))
    assert ended.error == "InputRefused"
    assert played.asked("check")[0]["input"] == order


@pytest.mark.parametrize(
    ("answers", "subject"),
    [
        ({}, "Replay (usage) finished"),
        ({"check": understood(dryRun=True)}, "Dry run of a replay (usage) finished"),
        ({"probe": [{**DOWN, "outcome": "refused"}]}, "Replay (usage) stopped early"),
        (
            {
                "check": understood(quiet=True),
                "probe": [{**DOWN, "outcome": "refused"}],
            },
            "Replay (usage) stopped early",
        ),
    ],
)
def test_the_operators_are_told(answers: Mapping[str, Any], subject: str, stage: SetUp) -> None:
    """One notice per replay, also of one that stopped early."""
    played = stage({**SCRIPT, **answers})
    played.put_messages(1)
    played.finished(played.start({}))
    (notice,) = played.notices()
    assert notice["Subject"] == subject
    assert notice["Message"] == SCRIPT["report"][0]["notice"]


def test_a_notice_that_does_not_get_through_fails_nothing(stage: SetUp) -> None:
    """The report stands in S3 all the same."""
    played = stage(SCRIPT)
    played.put_messages(1)
    played.drop_topic()
    ended = played.finished(played.start({}))
    assert ended.status == "SUCCEEDED"
    assert ended.path[-2:] == ["Did it come to its end?", "Replay finished"]
