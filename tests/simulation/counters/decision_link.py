"""The counters as the authorizer's processes reach them: a `RedisLink` of the run's Valkey."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from functions.authorizer.redis_connection import Command
from functions.authorizer.redis_link import LinkError, Reply
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.engine.process import Process
from tests.simulation.engine.seam import Crossing, Mishap, Seams

COUNTERS = "counters"
_FAULTS = {
    Mishap.REFUSED: "unreachable",
    Mishap.ANSWER_LOST: "timeout",
    Mishap.SLOW: "timeout",  # an answer has 50 ms
}


class Seen(NamedTuple):
    """What was read of a customer for a decision, and when; `cap` is the deployment's."""

    at: float
    values: Sequence[str | None]
    heartbeats: Sequence[str | None]
    cap: float


class ProcessEnded(BaseException):
    """It died at its call."""


class DecisionLink:
    """Of one process. `seen` is by customer."""

    def __init__(self, valkey: SimulatedValkey, seams: Seams, process: Process, cap: float) -> None:
        self._valkey, self._seams, self._process, self._cap = valkey, seams, process, cap
        self.seen: dict[str, Seen] = {}

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        """As `RedisLink.exchange`."""
        del deadline
        self._cross()
        replies = self._valkey.look(commands)
        strict = len(replies) - forgiven
        for place, reply in enumerate(replies):
            if isinstance(reply, Exception):
                if place < strict:
                    raise LinkError(f"redis_{str(reply).partition(' ')[0].lower()}")
                replies[place] = None
        # Without a generation it decides by what it knew before.
        if commands[-1][0] == "HVALS" and replies[0]:
            self._note(commands[1][1], replies)
        return cast("list[Reply]", replies)

    def _cross(self) -> None:
        """A call that takes no time; it goes wrong as all calls to the counters do."""
        seams, process = self._seams, self._process
        number = seams.made[process.stop, COUNTERS]
        seams.made[process.stop, COUNTERS] += 1
        now = seams.world.now
        mishap = seams.mishaps.at(Crossing(process, COUNTERS, "decision", number, now))
        if mishap is None:
            return
        seams.happened[process.stop, COUNTERS, mishap] += 1
        if mishap in _FAULTS:
            raise LinkError(_FAULTS[mishap])
        process.kill(f"before {COUNTERS}.decision")
        raise ProcessEnded

    def _note(self, state_key: str, replies: list[Any]) -> None:
        customer = state_key.partition(":")[2].partition(":")[2].rpartition("}")[0]
        now = self._seams.world.now
        self.seen[customer] = Seen(now, replies[1], replies[-1] or (), self._cap)
