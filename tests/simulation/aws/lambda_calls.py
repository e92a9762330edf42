"""boto3's client of Lambda: a function is invoked, and waited for, or not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.simulation.aws.asynchronous import Asynchronous
from tests.simulation.aws.aws_place import AwsPlace
from tests.simulation.aws.function import Function
from tests.simulation.aws.s3_calls import StreamedBody
from tests.simulation.engine.process import Died, Raised, current_process
from tests.simulation.engine.seam import Seams

ANSWER_SECONDS = 75.0  # as functions.replay.metering_call waits; the client asks only once
ACCEPTED = 202


@dataclass
class LambdaCalls:
    """Every function is a place of its own, `invoke <its stop>`."""

    seams: Seams
    functions: dict[str, Function] = field(default_factory=dict)  # by ARN
    asynchronous: dict[str, Asynchronous] = field(default_factory=dict)
    places: dict[str, AwsPlace] = field(default_factory=dict)

    def add(self, function: Function, asynchronous: Asynchronous | None = None) -> None:
        self.functions[function.arn] = function
        self.places[function.arn] = AwsPlace(f"invoke {function.stop}")
        if asynchronous is not None:
            self.asynchronous[function.arn] = asynchronous

    def invoke(self, **asked: Any) -> dict[str, Any]:
        arn = asked["FunctionName"]
        event = json.loads(asked["Payload"])
        if asked.get("InvocationType") == "Event":
            return self._cross(arn, lambda: self._event(arn, event))
        return self._cross(arn, lambda: self._answer(arn, event))

    def _cross(self, arn: str, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return self.seams.cross(self.places[arn], "Invoke", effect)

    def _event(self, arn: str, event: object) -> dict[str, Any]:
        self.asynchronous[arn].invoke(event, ())
        return {"StatusCode": ACCEPTED}

    def _answer(self, arn: str, event: object) -> dict[str, Any]:
        process = current_process()
        if process is None:
            raise RuntimeError("only a process may wait for a function")
        answers: list[object] = []

        def begin(told: Callable[[], None]) -> None:
            def done(answer: object) -> None:
                answers.append(answer)
                told()

            self.functions[arn].call(event, done)

        if not process.wait(begin, ANSWER_SECONDS):
            raise ReadTimeoutError(endpoint_url=arn)
        return answered(answers[0])


def answered(answer: object) -> dict[str, Any]:
    """As Lambda says it to who waits."""
    match answer:
        case Raised(error):
            said = {"errorType": type(error).__name__, "errorMessage": str(error)}
        case Died(why):
            said = {"errorType": f"Sandbox.{why}", "errorMessage": why}
        case _:
            return {"StatusCode": 200, "Payload": StreamedBody(json.dumps(answer).encode())}
    payload = StreamedBody(json.dumps(said).encode())
    return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
