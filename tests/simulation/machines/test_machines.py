"""The state machines as the simulation walks them: the same ways as on the emulator, by the same
scenarios, and what Step Functions does around them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.world import World
from tests.simulation.machines.expression import by_evaluator, value_of
from tests.simulation.machines.state_machine import StateFailed, definition
from tests.simulation.machines.step_functions import (
    Done,
    Execution,
    StepFunctions,
    StepFunctionsClient,
)
from tests.statemachine.audit_scenarios import AUDITS
from tests.statemachine.definition import AUDIT, states, substitutions, tasks
from tests.statemachine.definition import FILE as REPLAY
from tests.statemachine.reconcile_stage import FILE as RECONCILE
from tests.statemachine.scenarios import FOREVER, SCENARIOS, SCRIPT, Scenario, started
from tests.statemachine.test_reconcile_machine import BUGS, PATHS
from tests.statemachine.test_reconcile_machine import SCRIPT as RECONCILE_SCRIPT

BEGUN = 1_791_014_400.0
PREFIX = "arn:aws:states:eu-central-1:123456789012:stateMachine:"
FILES = {"replay": REPLAY, "audit": AUDIT, "reconcile": RECONCILE}
STEPS = {"input": "start", "trouble": "report", "progress": "round"}  # of a replay
RECONCILE_STEPS = {"listSources": "listSources", "due": "due", "apply": "apply"}


@dataclass
class Actors:
    """Functions that answer from a script, the last answer for ever."""

    script: Mapping[str, Any]
    broken: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    notices: list[Mapping[str, Any]] = field(default_factory=list)

    def invoke(self, arguments: Mapping[str, Any], done: Done) -> None:
        payload = arguments["Payload"]
        step = payload.get("step") or self._step(payload)
        played = sum(name == step for name, _ in self.asked)
        self.asked.append((step, payload))
        answers = self.script[step]
        answer = answers[min(played, len(answers) - 1)]
        if "raise" in answer or self.broken == step:
            done(StateFailed("Runtime.HandlerError", answer.get("raise", "broken")))
        else:
            done({"Payload": answer})

    def _step(self, payload: Mapping[str, Any]) -> str:
        steps = STEPS if "replayId" in payload else RECONCILE_STEPS
        return next((step for name, step in steps.items() if name in payload), "ask")

    def publish(self, arguments: Mapping[str, Any], done: Done) -> None:
        self.notices.append(arguments)
        done({"MessageId": "1"})


@pytest.fixture
def world() -> Iterator[World]:
    """A world at its beginning."""
    with MachineClock(BEGUN) as clock:
        yield World(7, BEGUN, clock)


def served(world: World, machine: str, actors: Actors) -> StepFunctions:
    """Step Functions with one machine."""
    functions = StepFunctions(
        world, {"lambda:invoke": actors.invoke, "sns:publish": actors.publish}
    )
    values = dict.fromkeys(substitutions(FILES[machine]), "50")
    functions.machines[PREFIX + machine] = definition(machine, values)
    return functions


def ended(world: World, machine: str, actors: Actors, given: object = None) -> Execution:
    """One execution, to its end."""
    execution = served(world, machine, actors).start(PREFIX + machine, "one", given or {})
    world.run(BEGUN + 1_000_000)
    return execution


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_replay_takes_the_path_of(name: str, world: World) -> None:
    """State by state, as on the emulator."""
    scenario = SCENARIOS[name]
    holds(scenario, ended(world, "replay", Actors(scenario.script), scenario.order))


@pytest.mark.parametrize("name", AUDITS)
def test_an_audit_takes_the_path_of(name: str, world: World) -> None:
    """State by state, as on the emulator."""
    scenario = AUDITS[name]
    holds(scenario, ended(world, "audit", Actors(scenario.answers), scenario.order))


def holds(scenario: Scenario, execution: Execution) -> None:
    """It went as the scenario says."""
    assert execution.path == scenario.path
    failure = execution.failure
    assert (execution.status, failure.error if failure else "") == (
        ("FAILED", scenario.error) if scenario.error else ("SUCCEEDED", "")
    )
    assert scenario.says in (failure.cause if failure else str(execution.output))


@pytest.mark.parametrize("name", [*PATHS, *BUGS])
def test_a_reconcile_takes_the_path_of(name: str, world: World) -> None:
    """State by state, as on the emulator."""
    answers, path, outcome = PATHS.get(name, ({name: [{"raise": "a bug"}]}, BUGS.get(name), ""))
    execution = ended(world, "reconcile", Actors({**RECONCILE_SCRIPT, **answers}))
    assert execution.path == path
    assert (execution.status == "SUCCEEDED") is bool(outcome)
    assert not outcome or execution.output["outcome"] == outcome


@pytest.mark.parametrize("step", ["start", "round", "report"])
def test_a_task_is_tried_as_often_as_it_says(step: str, world: World) -> None:
    """With pauses that grow, and its Catch after the last."""
    actors = Actors({**SCRIPT, "start": started(source="usage")}, broken=step)
    execution = ended(world, "replay", actors)
    task = {"start": "Start the replay", "round": "Run a round", "report": "Write the report"}[step]
    most = 1 + tasks()[task]["Retry"][0]["MaxAttempts"]
    assert sum(name == step for name, _ in actors.asked) == most
    after = execution.path[execution.path.index(task) + 1 :][:1]
    assert after == [catch["Next"] for catch in states()[task].get("Catch", [])]
    assert execution.status == "FAILED"


def test_a_call_that_does_not_answer_is_a_timeout_and_tried_again(world: World) -> None:
    """After the state's own seconds; an answer that comes later is nobody's."""
    actors = Actors(SCRIPT)
    late: list[Done] = []

    def slow_once(arguments: Mapping[str, Any], done: Done) -> None:
        if late:
            actors.invoke(arguments, done)
        else:
            late.append(done)

    functions = StepFunctions(world, {"lambda:invoke": slow_once, "sns:publish": actors.publish})
    functions.machines[PREFIX + "replay"] = definition(
        "replay", dict.fromkeys(substitutions(REPLAY), "50")
    )
    execution = functions.start(PREFIX + "replay", "one", {})
    world.run(BEGUN + 312.001)
    assert execution.path[-1] == "Start the replay"
    late[0]({"Payload": {"outcome": "nothing_to_replay"}})
    world.run(BEGUN + 1_000)
    assert execution.path[-1] == "Replay finished"


def test_a_stopped_one_goes_on_where_it_was_when_it_is_redriven(world: World) -> None:
    """Its variables are what they were; the wait that it was in begins again."""
    actors = Actors({**SCRIPT, "round": [{**FOREVER, "waitSeconds": 100}, *SCRIPT["round"]]})
    functions = served(world, "replay", actors)
    execution = functions.start(PREFIX + "replay", "one", {})
    world.run(BEGUN + 50)
    functions.stop(execution)
    world.run(BEGUN + 1_000)
    assert (execution.status, execution.path[-1]) == ("ABORTED", "Wait for the next round")
    functions.redrive(execution)
    world.run(BEGUN + 2_000)
    assert (execution.status, execution.path[-1]) == ("SUCCEEDED", "Replay finished")
    assert len(actors.notices) == 1


def test_an_execution_ends_at_the_machines_time(world: World) -> None:
    """Two days."""
    actors = Actors({**SCRIPT, "round": [FOREVER]})
    execution = ended(world, "replay", actors)
    assert execution.status == "TIMED_OUT"


def test_a_listing_lags_and_a_name_is_used_once(world: World) -> None:
    """The same again while it runs is the same execution."""
    functions = served(world, "replay", Actors({**SCRIPT, "round": [FOREVER]}))
    client, machine = StepFunctionsClient(functions), PREFIX + "replay"

    def listed() -> list[str]:
        found = client.list_executions(
            stateMachineArn=machine, statusFilter="RUNNING", maxResults=9
        )
        return [one["name"] for one in found["executions"]]

    first = client.start_execution(stateMachineArn=machine, name="first", input="{}")
    again = client.start_execution(stateMachineArn=machine, name="first", input="{ }")
    assert again == first
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=machine, name="first", input='{"dryRun": true}')
    assert listed() == []
    world.run(BEGUN + 9)
    client.start_execution(stateMachineArn=machine, name="second", input="{}")
    world.run(BEGUN + 18)
    assert listed() == ["second", "first"]
    found = client.describe_execution(executionArn=first["executionArn"])
    assert (found["status"], found["input"]) == ("RUNNING", "{}")
    functions.stop(functions.executions[first["executionArn"]])
    assert listed() == ["second", "first"]
    world.run(BEGUN + 27)
    assert listed() == ["second"]


@pytest.mark.parametrize("value", [{"a": 1}, "text", 5, 0, True, False, {}, {"b": []}, ""])
def test_a_name_is_read_as_the_evaluator_reads_it(value: object) -> None:
    """The short way is the evaluator's way."""
    variables = {"one": value, "states": {"result": {"Payload": {"progress": value}}}}
    for name in ("$one", "$states.result.Payload.progress"):
        assert value_of(f"{{% {name} %}}", variables) == by_evaluator(name, variables) == value
