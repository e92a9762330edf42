"""A state machine in this process: its definition and what its functions answer come in; where it
went, what it asked, how long it waited and how it ended leave, in milliseconds.

What AWS does with time it does not do: a wait is written down, and so is a timeout.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.statemachine.walk import Asked, Pause, StateFailed, Steps, Walk

type Values = Mapping[str, Any]
# Takes a task's service and its arguments; raises `StateFailed`.
type Answering = Callable[[str, Values], Any]

CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:eu-central-1:000000000000:execution:machine:by-hand",
        "Name": "by-hand",
        "StartTime": "2026-11-29T10:00:00Z",
    },
    "StateMachine": {"Id": "arn:aws:states:eu-central-1:000000000000:stateMachine:machine"},
    "State": {"EnteredTime": "2026-11-29T11:00:00Z"},
}
# Our longest scenario enters some thirty: more is a loop without an end.
MOST_STATES = 300


@dataclass
class QuickRun:
    """One execution. `path` are the states that were entered, those of a Map left out."""

    answer: Answering
    input: Any
    path: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    output: Any = None
    error: str = ""
    cause: str = ""

    def through(self, machine: Values) -> "QuickRun":
        """Itself, at its end."""
        context = {**CONTEXT, "Execution": {**CONTEXT["Execution"], "Input": self.input}}
        walk = Walk(
            machine["States"], machine["StartAt"], self.input, context, lambda: 1.0, path=self.path
        )
        try:
            self.output = self._walked(walk.steps())
        except StateFailed as failure:
            self.error, self.cause = failure.error, failure.cause
        return self

    def _walked(self, steps: Steps) -> Any:
        told: object = None
        while True:
            assert len(self.path) < MOST_STATES, self.path[-6:]
            try:
                asked = steps.throw(told) if isinstance(told, StateFailed) else steps.send(told)
            except StopIteration as end:
                return end.value
            told = self._told(asked)

    def _told(self, asked: Asked) -> object:
        if isinstance(asked, Pause):
            if not asked.is_retry:
                self.waits.append(asked.seconds)
            return None
        try:
            return self.answer(asked.service, asked.arguments)
        except StateFailed as failure:
            return failure
