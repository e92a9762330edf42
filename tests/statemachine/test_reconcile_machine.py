"""The reconcile state machine, run for real on ministack with functions that play a part."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from functions.reconciliation.due import DueQuestion
from functions.usage.heartbeat import read_heartbeat
from tests.statemachine.reconcile_stage import ReconcileStage, machine

type SetUp = Callable[..., ReconcileStage]
type Answers = Mapping[str, Sequence[Mapping[str, Any]]]

FOUND = {"outcome": "found", "customers": ["cus_1"]}
ANSWERS = {"meter": "api_calls", "customers": [{"customerId": "cus_1", "askedAtMs": 1}]}
ANSWERED = {"outcome": "answered", "answers": ANSWERS}
UNANSWERED = {"outcome": "unanswered", "answers": {"meter": "api_calls", "customers": []}}
APPLIED = {"outcome": "applied", "changed": {"limit": 1}}
AWAY = {"outcome": "counters_unreachable"}
NO_SOURCES: Mapping[str, Any] = {"sources": []}
SCRIPT: Answers = {
    "listSources": [NO_SOURCES],
    "due": [FOUND],
    "ask": [ANSWERED],
    "apply": [APPLIED],
}

BEGIN = ["List the sources", "Put the heartbeats", "Find who is due"]
FIND = [*BEGIN, "Could the counters be read?"]
ASK = [*FIND, "Ask Aforo", "Did Aforo answer?"]
APPLY = [*ASK, "Apply what it said", "Could it be applied?"]
PATHS: dict[str, tuple[Answers, list[str], str]] = {
    "all is well": ({}, [*APPLY, "Reconciled"], "reconciled"),
    "nobody is due": (
        {"due": [{**FOUND, "customers": []}], "ask": [UNANSWERED]},
        [*ASK, "Nothing answered"],
        "nothing_answered",
    ),
    "Redis is away": (
        {"due": [AWAY]},
        [*FIND, "Counters do not answer"],
        "counters_do_not_answer",
    ),
    "Redis goes away in the middle": (
        {"apply": [AWAY]},
        [*APPLY, "Counters do not answer"],
        "counters_do_not_answer",
    ),
    "Aforo is away": ({"ask": [UNANSWERED]}, [*ASK, "Nothing answered"], "nothing_answered"),
    "each function fails once": (
        {name: [{"raise": "once"}, answers[0]] for name, answers in SCRIPT.items()},
        [*APPLY, "Reconciled"],
        "reconciled",
    ),
    "metering has nothing to meter by": (
        {"listSources": [{"raise": "no configuration"}]},
        [*APPLY, "Reconciled"],
        "reconciled",
    ),
}
BUGS = {
    "due": [*BEGIN, "Reconcile failed"],
    "ask": [*FIND, "Ask Aforo", "Reconcile failed"],
    "apply": [*ASK, "Apply what it said", "Reconcile failed"],
}


def listing(*groups: str) -> dict[str, Any]:
    """As metering answers."""
    return {"sources": [{"name": group.strip("/"), "logGroup": group} for group in groups]}


@pytest.fixture
def stage(stage_folder: Path) -> SetUp:
    """Sets a stage for a script."""

    def set_up(answers: Answers, **options: Any) -> ReconcileStage:
        return ReconcileStage(stage_folder, {**SCRIPT, **answers}, **options)

    return set_up


def test_the_paths_enter_every_state() -> None:
    """A state that no path enters is a state that nobody has seen work."""
    paths = [*(path for _, path, _ in PATHS.values()), *BUGS.values()]
    assert {name for path in paths for name in path} == set(machine()["States"])


@pytest.mark.parametrize("name", PATHS)
def test_it_succeeds_with_an_outcome_when(name: str, stage: SetUp) -> None:
    """Whatever does not answer is told, and fails nothing."""
    answers, path, outcome = PATHS[name]
    ended = stage(answers).run()
    assert ended.path == path
    assert ended.status == "SUCCEEDED"
    assert ended.output["outcome"] == outcome


@pytest.mark.parametrize("step", BUGS)
def test_a_bug_in_a_step_fails_it(step: str, stage: SetUp) -> None:
    """Loudly, with the step's name and what it said."""
    ended = stage({step: [{"raise": "a bug"}]}).run()
    assert (ended.path, ended.status, ended.error) == (BUGS[step], "FAILED", "ReconcileFailed")
    assert ended.cause.startswith(BUGS[step][-2])
    assert "a bug" in ended.cause


def test_each_step_is_asked_with_what_it_needs(stage: SetUp) -> None:
    """Inside, outside, inside; one customer stays a list of one."""
    sources = listing("/none/1", "/none/2")
    played = stage({"listSources": [sources]})
    assert played.run().output["changed"] == {"limit": 1}
    (due,), (ask,), (apply,) = (played.asked(step) for step in ("due", "ask", "apply"))
    assert due.pop("function") == apply.pop("function") == f"{played.name}-inside"
    assert ask.pop("function") == f"{played.name}-outside"
    known = {**sources, "areSourcesKnown": True}
    assert due == {"due": {"meter": "api_calls", "most": 50, **known}}
    DueQuestion.model_validate(due["due"])
    assert ask == {"meter": "api_calls", "customers": ["cus_1"]}
    assert apply == {"apply": ANSWERS}


@pytest.mark.parametrize("groups", [[], ["/one"]])
def test_no_group_and_one_group_are_lists(groups: list[str], stage: SetUp) -> None:
    """JSONata makes nothing of an empty list, and a single thing of a list of one."""
    answers = {"listSources": [listing(*groups)], "due": [{**FOUND, "customers": []}]}
    played = stage(answers)
    ended = played.run()
    assert ended.status == "SUCCEEDED"
    assert {"sources": played.asked("due")[0]["due"]["sources"]} == listing(*groups)
    assert played.asked("ask")[0]["customers"] == []
    assert ended.output["heartbeats"] == ["not put"] * len(groups)


def test_every_metered_group_gets_a_heartbeat(stage: SetUp) -> None:
    """The stream is made when it is missing; a group that is gone takes nothing from the others."""
    here, there, gone = (f"/{uuid4().hex}" for _ in range(3))
    answers = {"listSources": [listing(here, gone, there)], "due": [AWAY]}
    played = stage(answers, groups=[here, there])
    began_ms = time.time_ns() // 1_000_000
    assert played.run().output["heartbeats"] == ["put", "not put", "put"]
    assert played.run().output["heartbeats"] == ["put", "not put", "put"]
    for group in (here, there):
        times = [read_heartbeat(line) for line in played.heartbeat_lines(group)]
        assert len(times) == 2
        assert all(at_ms is not None and at_ms >= began_ms for at_ms in times)


def test_sources_that_metering_cannot_list_get_no_heartbeat(stage: SetUp) -> None:
    """Usage does not pass there, so nothing says that it does; all else goes on."""
    played = stage({"listSources": [{"raise": "no configuration"}]})
    ended = played.run()
    assert (ended.output["outcome"], ended.output["heartbeats"]) == ("reconciled", [])
    (due,) = played.asked("due")
    assert (due["due"]["sources"], due["due"]["areSourcesKnown"]) == ([], False)
