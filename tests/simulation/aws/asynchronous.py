"""Invocations that nobody waits for: Lambda tries three times, and then the OnFailure destination
keeps the event. At times it invokes twice.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulation.aws.function import Function
from tests.simulation.aws.versioned_bucket import VersionedBucket
from tests.simulation.engine.process import Died, Raised
from tests.simulation.engine.world import World
from tests.simulation.whereabouts import Whereabouts

RETRIES = (60.0, 120.0)  # seconds; AWS waits one minute, then two
IN_LAMBDA = "in Lambda's hands"


@dataclass(eq=False)
class Asynchronous:
    """`whereabouts` hears which keys Lambda holds. `twice`: whether one is invoked once more."""

    world: World
    function: Function
    on_failure: VersionedBucket
    whereabouts: Whereabouts
    twice: Callable[[], bool] = lambda: False
    waiting: int = 0  # events that are not done
    kept: list[str] = field(default_factory=list)  # the names of OnFailure's records

    def invoke(self, event: object, keys: tuple[str, ...]) -> None:
        self.waiting += 1
        self.whereabouts.enter(IN_LAMBDA, keys)
        if self.twice():
            self._call(event, keys, len(RETRIES), is_copy=True)
        self._call(event, keys, 0, is_copy=False)

    def _call(self, event: object, keys: tuple[str, ...], tries: int, *, is_copy: bool) -> None:
        def done(answer: object) -> None:
            if is_copy:
                return
            if not isinstance(answer, Raised | Died):
                self._leave(keys)
            elif tries < len(RETRIES):
                again = lambda: self._call(event, keys, tries + 1, is_copy=False)  # noqa: E731
                seconds = self.world.chance("Lambda's retries").uniform(0.9, 1.4) * RETRIES[tries]
                self.world.after(seconds, again)
            else:
                self._keep(event, answer)
                self._leave(keys)

        self.function.call(event, done)

    def _leave(self, keys: tuple[str, ...]) -> None:
        self.waiting -= 1
        self.whereabouts.leave(IN_LAMBDA, keys)

    def _keep(self, event: object, answer: Raised | Died) -> None:
        at = datetime.fromtimestamp(self.world.now, UTC)
        number = self.world.chance("OnFailure").getrandbits(64)
        function = self.function.stop.replace(" ", "-")
        name = f"aws/lambda/async/{function}/{at:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{number:016x}"
        why = type(answer.error).__name__ if isinstance(answer, Raised) else answer.why
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": at.isoformat(),
            "requestContext": {"functionArn": self.function.arn, "condition": "RetriesExhausted"},
            "requestPayload": event,
            "responsePayload": {"errorType": why},
        }
        self.world.tell(self.function.stop, f"failed three times: OnFailure keeps {name}")
        self.kept.append(name)
        self.on_failure.put(name, json.dumps(record).encode())
