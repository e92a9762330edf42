"""The reconcile state machine in this process: the same paths as on ministack, in milliseconds;
and what it asks, puts and hands on.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.reconciliation.due import DueQuestion
from functions.usage.heartbeat import HEARTBEAT_STREAM, read_heartbeat
from tests.statemachine.definition import FOLDER, filled_in
from tests.statemachine.quick_cast import RAISED, Cast
from tests.statemachine.quick_run import Values
from tests.statemachine.test_reconcile_machine import (
    ANSWERS,
    APPLIED,
    AWAY,
    BUGS,
    FOUND,
    PATHS,
    SCRIPT,
    UNANSWERED,
    Answers,
    listing,
)
from tests.statemachine.walk import StateFailed

FILE = FOLDER / "reconcile.asl.yaml"
NAMES = {
    "Partition": "aws",
    "QuotaMeter": "api_calls",
    "CustomersPerReconcile": "50",
    "MeteringFunctionArn": "metering",
    "ReconciliationFunctionArn": "inside",
    "ReconciliationFetchFunctionArn": "outside",
}
MACHINE = filled_in(NAMES, FILE)
STEPS = ("listSources", "due", "apply")


def step_of(payload: Mapping[str, Any]) -> str:
    """A fetch has no name."""
    return next((name for name in STEPS if name in payload), "ask")


@dataclass
class LoggingCast(Cast):
    """With log groups: `groups` are there, those in `streams` with a heartbeat's stream."""

    groups: Sequence[str] = ()
    streams: set[str] = field(default_factory=set)
    lines: list[tuple[str, str, int]] = field(default_factory=list)

    def _served(self, service: str, arguments: Values) -> Any:
        group = arguments["LogGroupName"]
        assert arguments["LogStreamName"] == HEARTBEAT_STREAM
        if group not in self.groups:
            raise StateFailed("CloudWatchLogs.ResourceNotFoundException", group)
        if service.endswith(":createLogStream"):
            if group in self.streams:
                raise StateFailed("CloudWatchLogs.ResourceAlreadyExistsException", group)
            self.streams.add(group)
            return {}
        assert service.endswith(":putLogEvents")
        if group not in self.streams:
            raise StateFailed("CloudWatchLogs.ResourceNotFoundException", group)
        self.lines += [(group, one["Message"], one["Timestamp"]) for one in arguments["LogEvents"]]
        return {}


def cast(answers: Answers, *groups: str) -> LoggingCast:
    return LoggingCast({**SCRIPT, **answers}, step_of, groups=groups)


@pytest.mark.parametrize("name", PATHS)
def test_it_succeeds_with_an_outcome_when(name: str) -> None:
    """Whatever does not answer is told, and fails nothing."""
    answers, path, outcome = PATHS[name]
    ended = cast(answers).play(MACHINE)
    assert (ended.path, ended.error) == (path, "")
    assert ended.output["outcome"] == outcome


@pytest.mark.parametrize("step", BUGS)
def test_a_bug_in_a_step_fails_it(step: str) -> None:
    """Loudly, after a second try, with the step's name and what it said."""
    played = cast({step: [{"raise": "a bug"}]})
    ended = played.play(MACHINE)
    assert (ended.path, ended.error) == (BUGS[step], "ReconcileFailed")
    assert ended.cause == f"{BUGS[step][-2]}: {RAISED} a bug"
    assert len(played.asked[step]) == 2


def test_each_step_is_asked_with_what_it_needs() -> None:
    """Inside, outside, inside; one customer stays a list of one."""
    sources = listing("/none/1", "/none/2")
    played = cast({"listSources": [sources]})
    ended = played.play(MACHINE)
    known = {**sources, "areSourcesKnown": True}
    assert played.asked == {
        "listSources": [{"listSources": True}],
        "due": [{"due": {"meter": "api_calls", "most": 50, **known}}],
        "ask": [{"meter": "api_calls", "customers": ["cus_1"]}],
        "apply": [{"apply": ANSWERS}],
    }
    DueQuestion.model_validate(played.asked["due"][0]["due"])
    assert played.functions == {
        "listSources": {"metering"},
        "due": {"inside"},
        "ask": {"outside"},
        "apply": {"inside"},
    }
    assert ended.output == {
        "outcome": "reconciled",
        "heartbeats": ["not put"] * 2,
        "due": 1,
        "changed": APPLIED["changed"],
    }


@pytest.mark.parametrize("groups", [[], ["/one"], ["/one", "/two"]])
def test_no_group_and_one_group_are_lists(groups: list[str]) -> None:
    """JSONata makes nothing of an empty list, and a single thing of a list of one."""
    answers = {"listSources": [listing(*groups)], "due": [{**FOUND, "customers": []}]}
    played = cast({**answers, "ask": [UNANSWERED]})
    ended = played.play(MACHINE)
    assert {"sources": played.asked["due"][0]["due"]["sources"]} == listing(*groups)
    assert played.asked["ask"][0]["customers"] == []
    assert ended.output == {
        "outcome": "nothing_answered",
        "heartbeats": ["not put"] * len(groups),
        "due": 0,
    }


def test_every_metered_group_gets_a_heartbeat_of_now() -> None:
    """The stream is made when it is missing; a group that is gone takes nothing from the others,
    and a Redis that is away takes nothing from the heartbeats.
    """
    played = cast({"listSources": [listing("/a", "/gone", "/b")], "due": [AWAY]}, "/a", "/b")
    began_ms = time.time_ns() // 1_000_000
    for _ in range(2):
        ended = played.play(MACHINE)
        assert ended.output == {
            "outcome": "counters_do_not_answer",
            "heartbeats": ["put", "not put", "put"],
        }
    assert [group for group, _, _ in played.lines] == ["/a", "/b"] * 2
    now_ms = time.time_ns() // 1_000_000 + 1  # the evaluator rounds where we cut
    for _, line, stamp in played.lines:
        at_ms = read_heartbeat(line)
        assert at_ms is not None
        assert began_ms <= at_ms <= now_ms
        assert began_ms <= stamp <= now_ms


@pytest.mark.parametrize("why", ["no configuration", "a bug"])
def test_sources_that_metering_cannot_list_get_no_heartbeat(why: str) -> None:
    """Usage does not pass there, so nothing says that it does; that nobody knows them is told, so
    that what was heard of them is not forgotten; all else goes on.
    """
    played = cast({"listSources": [{"raise": why}]}, "/a")
    ended = played.play(MACHINE)
    assert (ended.output["outcome"], ended.output["heartbeats"]) == ("reconciled", [])
    assert len(played.asked["listSources"]) == 2
    (due,) = played.asked["due"]
    assert (due["due"]["sources"], due["due"]["areSourcesKnown"]) == ([], False)
    assert played.lines == []


def test_how_long_each_step_may_take() -> None:
    """A function's own 60 s and its cold start; metering's list comes from its memory. All of them
    fit into the five minutes after which AWS ends an EXPRESS execution.
    """
    tasks = {name: one for name, one in MACHINE["States"].items() if one["Type"] == "Task"}
    assert {name: one["TimeoutSeconds"] for name, one in tasks.items()} == {
        "List the sources": 25,
        "Find who is due": 65,
        "Ask Aforo": 65,
        "Apply what it said": 65,
    }
    assert MACHINE["TimeoutSeconds"] == 290
    for one in tasks.values():
        (retry,) = one["Retry"]
        assert (retry["MaxAttempts"], retry["IntervalSeconds"]) == (1, 1)
        # Not States.Timeout: what took its whole time would take it again.
        assert retry["ErrorEquals"] == ["States.TaskFailed"]


def test_what_may_be_one_thing_is_in_brackets() -> None:
    """AWS's JSONata makes a single thing of a list of one, and nothing of an empty one; the engine
    here does not. In brackets it stays a list everywhere.
    """
    states = MACHINE["States"]
    assert {
        states["List the sources"]["Assign"]["sources"],
        states["Put the heartbeats"]["Assign"]["heartbeats"],
        states["Ask Aforo"]["Arguments"]["Payload"]["customers"],
    } == {
        "{% [$states.result.Payload.sources] %}",
        "{% [$states.result] %}",
        "{% [$due.customers] %}",
    }
