"""The state machines as the simulation walks them: the same ways as on the emulator, by the same
scenarios, and what Step Functions does around them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.world import World
from tests.simulation.machines.step_functions import (
    Done,
    Execution,
    Service,
    StepFunctions,
    StepFunctionsClient,
)
from tests.statemachine import test_quick_audit, test_quick_reconcile, test_quick_replay
from tests.statemachine.audit_scenarios import AUDITS
from tests.statemachine.definition import states, tasks
from tests.statemachine.expression import by_evaluator, value_of
from tests.statemachine.quick_cast import INVOKE, PUBLISH, Cast
from tests.statemachine.scenarios import FOREVER, SCENARIOS, SCRIPT, Scenario, started
from tests.statemachine.test_reconcile_machine import BUGS, PATHS
from tests.statemachine.test_reconcile_machine import SCRIPT as RECONCILE_SCRIPT
from tests.statemachine.walk import StateFailed

BEGUN = 1_791_014_400.0
PREFIX = "arn:aws:states:eu-central-1:123456789012:stateMachine:"
MACHINES = {
    "replay": test_quick_replay.MACHINE,
    "audit": test_quick_audit.MACHINE,
    "reconcile": test_quick_reconcile.MACHINE,
}


def replaying(**answers: Any) -> Cast:
    """Functions of a replay that answers so, and else as usual."""
    return Cast({**SCRIPT, **answers}, test_quick_replay.step_of)


@pytest.fixture
def world() -> Iterator[World]:
    """A world at its beginning."""
    with MachineClock(BEGUN) as clock:
        yield World(7, BEGUN, clock)


def serving(cast: Cast) -> Mapping[str, Service]:
    """What tasks call is answered by the cast, at once."""

    def service(name: str) -> Service:
        def serve(arguments: Mapping[str, Any], done: Done) -> None:
            told: object
            try:
                told = cast(name, arguments)
            except StateFailed as failure:
                told = failure
            done(told)

        return serve

    return {name: service(name) for name in (INVOKE, PUBLISH)}


def served(world: World, machine: str, cast: Cast) -> StepFunctions:
    """Step Functions with one machine."""
    functions = StepFunctions(world, serving(cast))
    functions.machines[PREFIX + machine] = MACHINES[machine]
    return functions


def ended(world: World, machine: str, cast: Cast, given: object = None) -> Execution:
    """One execution, to its end."""
    execution = served(world, machine, cast).start(PREFIX + machine, "one", given or {})
    world.run(BEGUN + 1_000_000)
    return execution


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_replay_takes_the_path_of(name: str, world: World) -> None:
    """State by state, as on the emulator."""
    scenario = SCENARIOS[name]
    holds(scenario, ended(world, "replay", replaying(**scenario.script), scenario.order))


@pytest.mark.parametrize("name", AUDITS)
def test_an_audit_takes_the_path_of(name: str, world: World) -> None:
    """State by state, as on the emulator."""
    scenario = AUDITS[name]
    cast = Cast(scenario.answers, test_quick_audit.step_of)
    holds(scenario, ended(world, "audit", cast, scenario.order))


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
    cast = Cast({**RECONCILE_SCRIPT, **answers}, test_quick_reconcile.step_of)
    execution = ended(world, "reconcile", cast)
    assert execution.path == path
    assert (execution.status == "SUCCEEDED") is bool(outcome)
    assert not outcome or execution.output["outcome"] == outcome


@pytest.mark.parametrize("step", ["start", "round", "report"])
def test_a_task_is_tried_as_often_as_it_says(step: str, world: World) -> None:
    """With pauses that grow, and its Catch after the last."""
    answers = {"start": started(source="usage"), step: [{"raise": "broken"}]}
    cast = replaying(**answers)
    execution = ended(world, "replay", cast)
    task = {"start": "Start the replay", "round": "Run a round", "report": "Write the report"}[step]
    most = 1 + tasks()[task]["Retry"][0]["MaxAttempts"]
    assert len(cast.asked[step]) == most
    after = execution.path[execution.path.index(task) + 1 :][:1]
    assert after == [catch["Next"] for catch in states()[task].get("Catch", [])]
    assert execution.status == "FAILED"


def test_a_call_that_does_not_answer_is_a_timeout_and_tried_again(world: World) -> None:
    """After the state's own seconds; an answer that comes later is nobody's."""
    usual = serving(replaying())
    late: list[Done] = []

    def slow_once(arguments: Mapping[str, Any], done: Done) -> None:
        if late:
            usual[INVOKE](arguments, done)
        else:
            late.append(done)

    functions = StepFunctions(world, {**usual, INVOKE: slow_once})
    functions.machines[PREFIX + "replay"] = MACHINES["replay"]
    execution = functions.start(PREFIX + "replay", "one", {})
    world.run(BEGUN + 312.001)
    assert execution.path[-1] == "Start the replay"
    late[0]({"Payload": {"outcome": "nothing_to_replay"}})
    world.run(BEGUN + 1_000)
    assert execution.path[-1] == "Replay finished"


def test_a_stopped_one_goes_on_where_it_was_when_it_is_redriven(world: World) -> None:
    """Its variables are what they were; the wait that it was in begins again."""
    cast = replaying(round=[{**FOREVER, "waitSeconds": 100}, *SCRIPT["round"]])
    functions = served(world, "replay", cast)
    execution = functions.start(PREFIX + "replay", "one", {})
    world.run(BEGUN + 50)
    functions.stop(execution)
    world.run(BEGUN + 1_000)
    assert (execution.status, execution.path[-1]) == ("ABORTED", "Wait for the next round")
    functions.redrive(execution)
    world.run(BEGUN + 2_000)
    assert (execution.status, execution.path[-1]) == ("SUCCEEDED", "Replay finished")
    assert len(cast.notices) == 1


def test_an_execution_ends_at_the_machines_time(world: World) -> None:
    """Two days."""
    execution = ended(world, "replay", replaying(round=[FOREVER]))
    assert execution.status == "TIMED_OUT"


def test_a_listing_lags_and_a_name_is_used_once(world: World) -> None:
    """The same again while it runs is the same execution."""
    functions = served(world, "replay", replaying(round=[FOREVER]))
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


def test_the_time_is_that_of_the_evaluation(world: World) -> None:
    """Also where an expression was parsed before, and another one since."""
    for moment in (BEGUN + 5, BEGUN + 60):
        world.clock.set(moment)
        assert value_of("{% $millis() %}", {}) == moment * 1000
        value_of("{% 1 + 1 %}", {})
