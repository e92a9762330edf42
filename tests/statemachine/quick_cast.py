"""Who answers a quick run: functions that play a part by a script, and write down what they were
asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.statemachine.actors import Script
from tests.statemachine.quick_run import QuickRun, Values
from tests.statemachine.walk import StateFailed

INVOKE, PUBLISH, START = "lambda:invoke", "sns:publish", "states:startExecution"
RAISED = "Runtime.HandlerError"  # as ministack names what a function raises
NOTHING: Values = {}


@dataclass
class Cast:
    """`step_of` tells the step that a function is asked for. `down` are resources, and functions'
    names, that cannot be called at all.
    """

    script: Script
    step_of: Callable[[Values], str]
    down: frozenset[str] = frozenset()
    failure: str = RAISED
    asked: dict[str, list[Values]] = field(default_factory=dict)
    functions: dict[str, set[str]] = field(default_factory=dict)
    notices: list[Values] = field(default_factory=list)
    started: list[Values] = field(default_factory=list)
    tries: int = 0  # at what is down

    def play(self, machine: Values, order: object = NOTHING) -> QuickRun:
        """One execution, to its end."""
        return QuickRun(self, order).through(machine)

    def __call__(self, service: str, arguments: Values) -> Any:
        """What a task is answered."""
        if self.down & {service, arguments.get("FunctionName")}:
            self.tries += 1
            raise StateFailed(self.failure, "it is gone")
        if service == INVOKE:
            return {"Payload": self._answer(arguments["FunctionName"], arguments["Payload"])}
        return self._served(service, arguments)

    def _served(self, service: str, arguments: Values) -> Any:
        if service == START:
            self.started.append(arguments)
            return {"ExecutionArn": "arn:next"}
        if service != PUBLISH:
            raise AssertionError(service)
        self.notices.append(arguments)
        return {"MessageId": "1"}

    def _answer(self, function: str, payload: Values) -> Mapping[str, Any]:
        step = self.step_of(payload)
        book = self.asked.setdefault(step, [])
        self.functions.setdefault(step, set()).add(function)
        answers = self.script[step]
        answer = answers[min(len(book), len(answers) - 1)]
        book.append(payload)
        if "raise" in answer:
            raise StateFailed(RAISED, answer["raise"])
        return answer
