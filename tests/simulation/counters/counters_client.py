"""The counters as their writer's processes reach them: redis-py's own client, whose every round
trip is one call through the seams, made once more when it met nobody (`RECONNECTS`).
"""

from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as NoAnswer

from functions.reconciliation.counters.redis_scripts import RECONNECTS, Script, digest
from tests.simulation.counters.decision_link import COUNTERS
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.counters.valkey_socket import Command
from tests.simulation.engine.seam import Seams

_NAMES = {digest(script): str(script) for script in Script}


class CountersPlace:
    """How Valkey fails, in redis-py's words."""

    name = COUNTERS
    latency = (0.0004, 0.003)

    def refused(self, operation: str) -> Exception:
        return LostConnection(f"nobody takes {operation}")

    def lost(self, operation: str) -> Exception:
        return NoAnswer(operation)


class CountersClient(Redis):
    """As `connect` makes it, for all processes of a run."""

    def __init__(self, valkey: SimulatedValkey, seams: Seams) -> None:
        super().__init__(decode_responses=True, protocol=2)
        self._valkey, self._seams, self._place = valkey, seams, CountersPlace()

    def execute_command(self, *words: Any, **options: Any) -> Any:
        (reply,) = self.round_trip([words])
        if isinstance(reply, Exception):
            raise reply
        return self.understood(words, reply, options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:  # noqa: FBT001, FBT002 - as redis-py's
        return _OneRoundTrip(self, self.connection_pool, {}, transaction, shard_hint)

    def round_trip(self, commands: Sequence[Command]) -> list[object]:
        """The replies, after at most one more try."""
        for again in range(RECONNECTS, -1, -1):
            try:
                return self._seams.cross(
                    self._place, operation_of(commands[0]), lambda: self._valkey.do(commands)
                )
            except (LostConnection, NoAnswer):
                if not again:
                    for told in self._valkey.missers:
                        told(commands)
                    raise
        raise AssertionError("the last try returns or raises")

    def understood(self, words: Command, reply: Any, options: dict[str, Any]) -> Any:
        """As redis-py gives it."""
        callbacks: dict[Any, Any] = self.response_callbacks
        callback = callbacks.get(words[0])
        options.pop("keys", None)  # redis-py's own, for its cache
        return callback(reply, **options) if callback else reply


class _OneRoundTrip(Pipeline):
    """Collects as redis-py does."""

    def __init__(self, client: CountersClient, *given: Any) -> None:
        super().__init__(*given)
        self._client = client

    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - as redis-py's
        stack, self.command_stack = self.command_stack, []
        if not stack:
            return []
        replies = self._client.round_trip([words for words, _ in stack])
        answers: list[Any] = []
        for (words, options), reply in zip(stack, replies, strict=True):
            if isinstance(reply, Exception):
                if raise_on_error:
                    raise reply
                answers.append(reply)
            else:
                answers.append(self._client.understood(words, reply, options))
        return answers


def operation_of(command: Command) -> str:
    """`settle` says more than `EVALSHA`."""
    return _NAMES.get(str(command[1]), str(command[0]).lower()) if len(command) > 1 else "ask"
