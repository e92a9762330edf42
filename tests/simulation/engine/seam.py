"""The calls of a process to a place outside it. At each one the process may die before or after
the effect, the place may refuse without an effect, or have the effect and lose its answer.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from tests.simulation.engine.process import Process, current_process
from tests.simulation.engine.world import World


class Mishap(Enum):
    """What may go wrong with one call."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    REFUSED = "is refused"
    ANSWER_LOST = "has its effect and no answer"
    SLOW = "is slow"


@dataclass(frozen=True, slots=True)
class Crossing:
    """One call, as it is about to be made. `number` counts from 0, of this stop and place."""

    process: Process
    place: str
    operation: str
    number: int
    now: float


class Mishaps(Protocol):
    """What the run has in store."""

    def at(self, crossing: Crossing) -> Mishap | None: ...


class Place(Protocol):
    """How the outside fails, in the words of its client."""

    name: str
    latency: tuple[float, float]  # seconds of one call, from and to

    def refused(self, operation: str) -> Exception: ...

    def lost(self, operation: str) -> Exception: ...


SLOW_SECONDS = (2.0, 20.0)


@dataclass
class Seams:
    """All calls of all processes."""

    world: World
    mishaps: Mishaps
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    happened: Counter[tuple[str, str, Mishap]] = field(default_factory=Counter)

    def cross[T](self, place: Place, operation: str, effect: Callable[[], T]) -> T:
        """By a process: takes time, and may go wrong. By the world itself: only the effect."""
        process = current_process()
        if process is None:
            return effect()
        number = self.made[process.stop, place.name]
        self.made[process.stop, place.name] += 1
        chance = self.world.chance(f"latency of {place.name}")
        process.sleep(chance.uniform(*place.latency))
        crossing = Crossing(process, place.name, operation, number, self.world.now)
        mishap = self.mishaps.at(crossing)
        if mishap is None:
            return effect()
        return self._go_wrong(crossing, place, mishap, effect, chance)

    def _go_wrong[T](
        self,
        crossing: Crossing,
        place: Place,
        mishap: Mishap,
        effect: Callable[[], T],
        chance: random.Random,
    ) -> T:
        process, operation = crossing.process, crossing.operation
        self.happened[process.stop, place.name, mishap] += 1
        call = f"{place.name}.{operation}"
        if mishap is Mishap.DIES_BEFORE:
            process.kill(f"before {call}")
        if mishap is Mishap.SLOW:
            seconds = chance.uniform(*SLOW_SECONDS)
            self.world.tell(process.name, f"waits {seconds:.0f} s for {call}")
            process.sleep(seconds)
        if mishap is Mishap.REFUSED:
            self.world.tell(process.name, f"{call} is refused")
            raise place.refused(operation)
        result = effect()
        if mishap is Mishap.DIES_AFTER:
            process.kill(f"after {call}")
        if mishap is Mishap.ANSWER_LOST:
            self.world.tell(process.name, f"{call} is done, and its answer lost")
            raise place.lost(operation)
        return result


class Client:
    """A client of a place, as boto3 makes them: each method of `served` is one call."""

    def __init__(self, served: object, place: Place, seams: Seams, direct: Sequence[str]) -> None:
        """`direct`: the names that are no call (`get_paginator`)."""
        self._served, self._place, self._seams = served, place, seams
        self._direct = frozenset(direct)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._served, name)
        if name in self._direct or not callable(found):
            return found

        def call(*given: Any, **asked: Any) -> Any:
            return self._seams.cross(self._place, name, lambda: found(*given, **asked))

        setattr(self, name, call)
        return call
