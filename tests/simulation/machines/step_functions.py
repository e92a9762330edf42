"""Step Functions in memory: executions on the world's heap, and its client, shaped as boto3's.

An execution is listed some seconds after its start, and still for some seconds after its end: as
ListExecutions is, eventually consistent. What its tasks call is given, by the service's name.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.engine.world import World
from tests.statemachine.walk import (
    TIMED_OUT,
    Asked,
    Call,
    Pause,
    StateFailed,
    Steps,
    Walk,
)

type Done = Callable[[object], None]  # is given the result, or StateFailed
type Service = Callable[[Mapping[str, Any], Done], None]

LISTED_SECONDS = (0.0, 8.0)  # until a listing knows; functions/replay/start.py believes in 10
FAILS = 0.1
OVER = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
REDRIVEN = OVER - {"SUCCEEDED"}


class ExecutionAlreadyExists(ClientError):  # noqa: N818 - boto3's name
    """A name that was used before, by one that is over or was asked for otherwise."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")


@dataclass(eq=False)
class Execution:
    """`walk` is where it is. `turn` grows with each redrive and stop: what was asked before is
    nobody's any more.
    """

    arn: str
    machine: str  # its ARN
    name: str
    input: str
    began: datetime
    walk: Walk
    listed_at: float
    seconds: float
    status: str = "RUNNING"
    turn: int = 0
    unlisted_at: float = float("inf")
    output: Any = None
    failure: StateFailed | None = None

    @property
    def path(self) -> list[str]:
        return self.walk.path


@dataclass
class StepFunctions:
    """`services`: what tasks call. `watch` is told of each execution's end."""

    world: World
    services: Mapping[str, Service]
    watch: Callable[[Execution], None] = lambda _: None
    machines: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)

    def start(self, machine_arn: str, name: str, given: object) -> Execution:
        """ExecutionAlreadyExists, unless the same is running under that name."""
        text = json.dumps(given)
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        if known := self.executions.get(arn):
            if known.status == "RUNNING" and known.input == text:
                return known
            raise ExecutionAlreadyExists
        definition, chance = self.machines[machine_arn], self.world.chance("step functions")
        began = datetime.fromtimestamp(int(self.world.now * 1000) / 1000, UTC)
        context = {
            "Execution": {
                "Id": arn,
                "Name": name,
                "Input": given,
                "StartTime": began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            },
            "StateMachine": {"Id": machine_arn},
        }
        execution = Execution(
            arn=arn,
            machine=machine_arn,
            name=name,
            input=text,
            began=began,
            walk=Walk(definition["States"], definition["StartAt"], given, context, chance.random),
            listed_at=self.world.now + chance.uniform(*LISTED_SECONDS),
            seconds=float(definition["TimeoutSeconds"]),
        )
        self.executions[arn] = execution
        self.world.tell(name, f"starts: {text}")
        self._begin(execution)
        return execution

    def stop(self, execution: Execution) -> None:
        """What it has called runs on, and answers nobody."""
        if execution.status == "RUNNING":
            self._end(execution, "ABORTED")

    def redrive(self, execution: Execution) -> None:
        """From the state on in which it ended."""
        if execution.status not in REDRIVEN:
            raise ValueError(execution.status)
        self.world.tell(execution.name, f"goes on with {execution.walk.at!r}")
        execution.status, execution.failure = "RUNNING", None
        execution.unlisted_at = float("inf")
        self._begin(execution)

    def running(self) -> list[Execution]:
        return [one for one in self.executions.values() if one.status == "RUNNING"]

    def _begin(self, execution: Execution) -> None:
        execution.turn += 1
        turn = execution.turn

        def is_late() -> None:
            if execution.turn == turn and execution.status == "RUNNING":
                self._end(execution, "TIMED_OUT")

        self.world.after(execution.seconds, is_late)
        self._go_on(execution, turn, execution.walk.steps(), None)

    def _go_on(self, execution: Execution, turn: int, steps: Steps, answer: object) -> None:
        if execution.turn != turn:
            return
        try:
            asked = _told(steps, answer)
        except StopIteration as end:
            execution.output = end.value
            self._end(execution, "SUCCEEDED")
            return
        except StateFailed as failure:
            execution.failure = failure
            self._end(execution, "FAILED")
            return
        match asked:
            case Pause(seconds):
                self.world.after(seconds, lambda: self._go_on(execution, turn, steps, None))
            case Call():
                self._call(asked, lambda told: self._go_on(execution, turn, steps, told))

    def _call(self, call: Call, done: Done) -> None:
        """The first of answer and timeout counts."""
        is_answered = False

        def once(told: object) -> None:
            nonlocal is_answered
            if not is_answered:
                is_answered = True
                done(told)

        late = StateFailed(TIMED_OUT, f"no answer in {call.seconds:.0f} s")
        self.world.after(call.seconds, lambda: once(late))
        if call.service == "states:startExecution":
            self._start_another(call.arguments, once)
        else:
            self.services[call.service](call.arguments, once)

    def _start_another(self, asked: Mapping[str, Any], done: Done) -> None:
        """What a state asks for. Now and then it fails, before or after it was done."""
        chance = self.world.chance("executions of executions")
        seconds, luck = chance.uniform(0.02, 0.5), chance.random()
        throttled = StateFailed("StepFunctions.ThrottlingException", "Rate exceeded")

        def start() -> None:
            if luck < FAILS:
                done(throttled)
                return
            try:
                made = self.start(asked["StateMachineArn"], asked["Name"], asked["Input"])
            except ExecutionAlreadyExists:
                done(StateFailed("StepFunctions.ExecutionAlreadyExistsException", asked["Name"]))
                return
            done(throttled if luck < 2 * FAILS else {"ExecutionArn": made.arn})

        self.world.after(seconds, start)

    def _end(self, execution: Execution, status: str) -> None:
        execution.turn += 1
        execution.status = status
        lag = self.world.chance("step functions").uniform(*LISTED_SECONDS)
        execution.unlisted_at = self.world.now + lag
        why = f": {execution.failure}" if execution.failure else ""
        self.world.tell(execution.name, f"{status.lower()} in {execution.walk.at!r}{why}")
        self.watch(execution)


def _told(steps: Steps, answer: object) -> Asked:
    if isinstance(answer, StateFailed):
        return steps.throw(answer)
    return steps.send(answer)


class StepFunctionsClient:
    """What boto3's client answers of it."""

    class exceptions:  # noqa: N801 - boto3's
        """By name."""

        ExecutionAlreadyExists = ExecutionAlreadyExists

    def __init__(self, served: StepFunctions) -> None:
        self._served = served

    def start_execution(self, **asked: str) -> dict[str, Any]:
        started = self._served.start(
            asked["stateMachineArn"], asked["name"], json.loads(asked["input"])
        )
        return {"executionArn": started.arn, "startDate": started.began}

    def describe_execution(self, **asked: str) -> dict[str, Any]:
        found = self._served.executions.get(asked["executionArn"])
        if found is None:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        told = {"name": found.name, "status": found.status, "input": found.input}
        if found.status == "SUCCEEDED":
            told["output"] = json.dumps(found.output)
        return {**told, "executionArn": found.arn, "startDate": found.began}

    def list_executions(self, **asked: Any) -> dict[str, Any]:
        """Those that run, as far as it knows yet; the newest first."""
        machine = asked["stateMachineArn"]
        now = self._served.world.now
        found = [
            one
            for one in self._served.executions.values()
            if one.machine == machine and one.listed_at <= now < one.unlisted_at
        ]
        found.sort(key=lambda one: (one.began, one.name), reverse=True)
        told = [
            {"executionArn": one.arn, "name": one.name, "startDate": one.began, "status": "RUNNING"}
            for one in found
        ]
        return {"executions": told[: asked["maxResults"]]}
