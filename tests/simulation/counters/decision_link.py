"""The counters as the authorizer's processes reach them: a `RedisLink` of the run's Valkey."""

from collections.abc import Sequence
from typing import cast

from functions.authorizer.redis_connection import Command
from functions.authorizer.redis_link import LinkError, Reply
from tests.simulation.counters.simulated_valkey import SimulatedValkey
from tests.simulation.engine.seam import Seams


class DecisionPlace:
    """How it fails, in the link's words."""

    name = "counters"
    latency = (0.0003, 0.002)

    def refused(self, operation: str) -> Exception:
        del operation
        return LinkError("unreachable")

    def lost(self, operation: str) -> Exception:
        del operation
        return LinkError("timeout")


class DecisionLink:
    """Of one process. Only reads, so the effect of a lost answer is none."""

    def __init__(self, valkey: SimulatedValkey, seams: Seams) -> None:
        self._valkey, self._seams, self._place = valkey, seams, DecisionPlace()

    def exchange(
        self, commands: Sequence[Command], deadline: float, *, forgiven: int = 0
    ) -> list[Reply]:
        """As `RedisLink.exchange`."""
        del deadline
        replies = self._seams.cross(self._place, "decision", lambda: self._valkey.look(commands))
        strict = len(replies) - forgiven
        for place, reply in enumerate(replies):
            if isinstance(reply, Exception):
                if place < strict:
                    raise LinkError(f"redis_{str(reply).partition(' ')[0].lower()}")
                replies[place] = None
        return cast("list[Reply]", replies)
