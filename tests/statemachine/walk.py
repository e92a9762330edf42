"""A state machine's definition, as `statemachine/*.asl.yaml` has it, walked state by state.

What is outside is asked of whoever drives the walk: `Call` for a task, `Pause` for a wait; so a
walk knows neither clock nor services. A quick run answers at once, the simulation on its clock; the
scenarios that the emulator is shown hold for both. Only what our machines use of the language:
Task, Choice, Wait, Pass, Fail and an inline Map, with Assign, Retry and Catch.
"""

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.statemachine.expression import NothingFound, value_of

_SERVICE = re.compile(r"arn:[^:]+:states:::(.+)")
TASK_FAILED, TIMED_OUT, ALL = "States.TaskFailed", "States.Timeout", "States.ALL"


class Call(NamedTuple):
    """A task: `service` is what follows `states:::` in its resource."""

    service: str
    arguments: Mapping[str, Any]
    seconds: float


class Pause(NamedTuple):
    """Before the next state, or the next try."""

    seconds: float
    is_retry: bool = False


class StateFailed(Exception):  # noqa: N818 - a state's end, not a fault of ours
    """A task's call failed; or, uncaught, the execution."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


type Asked = Call | Pause
type Steps = Generator[Asked, Any, Any]


@dataclass
class Walk:
    """One execution. `at` and `given` are the state that it is in, and its input; a walk that is
    begun again begins there. `draw` is the jitter's chance.
    """

    states: Mapping[str, Any]
    at: str
    given: Any
    context: Mapping[str, Any]
    draw: Any
    variables: dict[str, Any] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)

    def steps(self) -> Steps:
        """What the last state leaves; StateFailed where the execution fails."""
        while True:
            state = self.states[self.at]
            self.path.append(self.at)
            output, after = yield from self._state(state)
            if after is None:
                return output
            self.at, self.given = after, output

    def _state(self, state: Mapping[str, Any]) -> Generator[Asked, Any, tuple[Any, str | None]]:
        match state["Type"]:
            case "Task" | "Map":
                return (yield from self._tried(state))
            case "Wait":
                yield Pause(float(self._value(state["Seconds"])))
            case "Choice":
                return self.given, self._chosen(state)
            case "Fail":
                raise StateFailed(self._value(state["Error"]), self._value(state["Cause"]))
        output = self._value(state["Output"]) if "Output" in state else self.given
        return output, state.get("Next")

    def _chosen(self, state: Mapping[str, Any]) -> str:
        for choice in state["Choices"]:
            if self._value(choice["Condition"]) is True:
                return str(choice["Next"])
        if "Default" not in state:
            raise StateFailed("States.NoChoiceMatched", self.at)
        return str(state["Default"])

    def _tried(self, state: Mapping[str, Any]) -> Generator[Asked, Any, tuple[Any, str | None]]:
        tries = [0] * len(state.get("Retry", ()))
        while True:
            try:
                result = yield from self._once(state)
                return self._leave(state, {"result": result}, result), state.get("Next")
            except StateFailed as failed:
                if (seconds := self._retried(state, failed, tries)) is None:
                    return self._caught(state, failed)
            yield Pause(seconds, is_retry=True)

    def _once(self, state: Mapping[str, Any]) -> Steps:
        if state["Type"] == "Map":
            return (yield from self._each(state))
        found = _SERVICE.fullmatch(state["Resource"])
        if found is None:
            raise ValueError(state["Resource"])
        arguments = self._value(state["Arguments"])
        return (yield Call(found[1], arguments, float(state["TimeoutSeconds"])))

    def _each(self, state: Mapping[str, Any]) -> Steps:
        """One item after the other: they do not know of each other."""
        inside, results = state["ItemProcessor"], []
        for item in self._value(state["Items"]):
            walk = Walk(
                inside["States"], inside["StartAt"], item, self.context, self.draw, self.variables
            )
            results.append((yield from walk.steps()))
        return results

    def _retried(
        self, state: Mapping[str, Any], failed: StateFailed, tries: list[int]
    ) -> float | None:
        """How long until the next try; None for no more."""
        for number, retrier in enumerate(state.get("Retry", ())):
            if _matches(retrier, failed.error):
                if tries[number] == retrier["MaxAttempts"]:
                    return None
                seconds = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** tries[number]
                tries[number] += 1
                return float(min(seconds, retrier["MaxDelaySeconds"]) * self.draw())
        return None

    def _caught(self, state: Mapping[str, Any], failed: StateFailed) -> tuple[Any, str]:
        for catcher in state.get("Catch", ()):
            if _matches(catcher, failed.error):
                told = {"Error": failed.error, "Cause": failed.cause}
                return self._leave(catcher, {"errorOutput": told}, told), catcher["Next"]
        raise failed

    def _leave(self, part: Mapping[str, Any], learned: Mapping[str, Any], otherwise: Any) -> Any:
        """A state's output; its variables are assigned, by what they were before."""
        output = self._value(part["Output"], learned) if "Output" in part else otherwise
        assigned = self._value(part.get("Assign", {}), learned)
        self.variables = {**self.variables, **assigned}
        return output

    def _value(self, written: Any, learned: Mapping[str, Any] | None = None) -> Any:
        states = {"input": self.given, "context": self.context, **(learned or {})}
        try:
            return value_of(written, {**self.variables, "states": states})
        except NothingFound as error:
            raise StateFailed("States.QueryEvaluationError", str(error)) from error


def _matches(part: Mapping[str, Any], error: str) -> bool:
    named = part["ErrorEquals"]
    return error in named or ALL in named or (TASK_FAILED in named and error != TIMED_OUT)
