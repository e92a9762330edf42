"""A state machine in this process: its definition and what its functions answer come in; where it
went, what it asked, how long it waited and how it ended leave, in milliseconds.

Only what our machines use of the language: Task, Choice, Wait, Pass, Fail and an inline Map, with
Assign, Retry and Catch. JSONata is ministack's own engine. What AWS does with time it does not do:
a wait is written down, and so is a timeout.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonata  # type: ignore[import-untyped]

type Values = Mapping[str, Any]
# Takes a task's Resource and its arguments; raises `TaskError`.
type Call = Callable[[str, Values], Any]

CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:eu-central-1:000000000000:execution:machine:by-hand",
        "Name": "by-hand",
        "StartTime": "2026-11-29T10:00:00Z",
    },
    "StateMachine": {"Id": "arn:aws:states:eu-central-1:000000000000:stateMachine:machine"},
    "State": {"EnteredTime": "2026-11-29T11:00:00Z"},
}
UNDEFINED = "States.QueryEvaluationError"
# Our longest scenario enters some thirty: more is a loop without an end.
MOST_STATES = 300


class TaskError(Exception):
    """What a task failed with, by its name."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass
class QuickRun:
    """One execution. `path` are the states that were entered, those of a Map left out."""

    call: Call
    input: Any
    path: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    output: Any = None
    error: str = ""
    cause: str = ""

    def through(self, machine: Values) -> "QuickRun":
        """Itself, at its end."""
        context = {**CONTEXT["Execution"], "Input": self.input}
        try:
            scope = _Scope(self.input, {}, {**CONTEXT, "Execution": context})
            self.output = self._walk(machine, scope)
        except TaskError as failure:
            self.error, self.cause = failure.error, failure.cause
        return self

    def _walk(self, machine: Values, scope: "_Scope", depth: int = 0) -> Any:
        name, given = machine["StartAt"], scope.given
        while True:
            if not depth:
                self.path.append(name)
                assert len(self.path) < MOST_STATES, self.path[-6:]
            here = _Scope(given, scope.variables, scope.context)
            following, given = self._step(machine["States"][name], here, depth)
            if not following:
                return given
            name = following

    def _step(self, state: Values, scope: "_Scope", depth: int) -> tuple[str, Any]:
        match state["Type"]:
            case "Choice":
                return self._chosen(state, scope), scope.given
            case "Wait":
                self.waits.append(scope.value(state["Seconds"]))
                return state["Next"], scope.given
            case "Fail":
                raise TaskError(scope.value(state["Error"]), scope.value(state["Cause"]))
            case "Pass":
                return _after(state), scope.value(state.get("Output", scope.given))
        try:
            return self._done(state, scope, self._tried(state, scope, depth))
        except TaskError as failure:
            return _caught(state, scope, failure)

    def _chosen(self, state: Values, scope: "_Scope") -> str:
        for rule in state["Choices"]:
            if scope.value(rule["Condition"]) is True:
                return str(rule["Next"])
        return str(state["Default"])  # KeyError: AWS fails the execution

    def _tried(self, state: Values, scope: "_Scope", depth: int) -> Any:
        """What a task or a map gives, after as many tries as its Retry allows."""
        tries = [0 for _ in state.get("Retry", [])]
        while True:
            try:
                return self._made(state, scope, depth)
            except TaskError as failure:
                place = _matching(state.get("Retry", []), failure)
                if place is None or tries[place] >= state["Retry"][place]["MaxAttempts"]:
                    raise
                tries[place] += 1

    def _made(self, state: Values, scope: "_Scope", depth: int) -> Any:
        if state["Type"] == "Map":
            variables, context = scope.variables, scope.context
            inside = (_Scope(one, {**variables}, context) for one in scope.value(state["Items"]))
            return [self._walk(state["ItemProcessor"], one, depth + 1) for one in inside]
        return self.call(state["Resource"], scope.value(state["Arguments"]))

    def _done(self, state: Values, scope: "_Scope", result: Any) -> tuple[str, Any]:
        scope.result = result
        output = scope.value(state["Output"]) if "Output" in state else result
        scope.assign(state)
        return _after(state), output


@dataclass
class _Scope:
    """What an expression of a state sees."""

    given: Any
    variables: dict[str, Any]
    context: Values
    result: Any = None
    error_output: Any = None

    def value(self, written: Any) -> Any:
        """Expressions in it evaluated."""
        if isinstance(written, Mapping):
            return {name: self.value(one) for name, one in written.items()}
        if isinstance(written, list):
            return [self.value(one) for one in written]
        is_expression = isinstance(written, str) and written.startswith("{%")
        return self._evaluated(written[2:-2].strip()) if is_expression else written

    def assign(self, part: Values) -> None:
        """All at once: each sees what was before."""
        self.variables |= self.value(part.get("Assign", {}))

    def _evaluated(self, expression: str) -> Any:
        states = {
            "input": self.given,
            "result": self.result,
            "errorOutput": self.error_output,
            "context": self.context,
        }
        found = jsonata.Jsonata(expression).evaluate(None, {**self.variables, "states": states})
        if found is None and not expression.endswith(".Input"):  # of an execution it may be null
            raise TaskError(UNDEFINED, expression)
        return found


def _after(state: Values) -> str:
    return str(state.get("Next", ""))


def _matching(handlers: Sequence[Values], failure: TaskError) -> int | None:
    # States.TaskFailed is any error but a timeout.
    names = {failure.error, "States.ALL"}
    if failure.error != "States.Timeout":
        names.add("States.TaskFailed")
    return next((n for n, one in enumerate(handlers) if names & {*one["ErrorEquals"]}), None)


def _caught(state: Values, scope: _Scope, failure: TaskError) -> tuple[str, Any]:
    place = _matching(state.get("Catch", []), failure)
    if place is None:
        raise failure
    catch = state["Catch"][place]
    scope.error_output = {"Error": failure.error, "Cause": failure.cause}
    output = scope.value(catch["Output"]) if "Output" in catch else scope.error_output
    scope.assign(catch)
    return str(catch["Next"]), output
