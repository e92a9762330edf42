"""What becomes of the counters' server in a run: it fails over, an older copy of it is used again,
or it is emptied. What is observed of it goes back with it.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from tests.simulation.counters.counted_checks import CountedChecks
from tests.simulation.counters.observed_counters import CountedHours
from tests.simulation.counters.simulated_valkey import Kept, SimulatedValkey
from tests.simulation.engine.world import World


@dataclass(frozen=True, slots=True)
class OlderCopy:
    """From `at` on the server holds what it held `older` seconds before: a failover for seconds,
    a restored snapshot for minutes. Seconds since the run's beginning.
    """

    at: float
    older: float


@dataclass(frozen=True, slots=True)
class Emptied:
    """Everything that the server held is gone."""

    at: float


@dataclass
class CounterLosses:
    """`then` is called after each loss, with how old what is left is (None: nothing is left)."""

    world: World
    valkey: SimulatedValkey
    checks: CountedChecks
    then: Callable[[float | None], None] = lambda _: None
    happened: list[OlderCopy | Emptied] = field(default_factory=list)

    def arrange(self, one: object, begun: float) -> None:
        """Puts it on the heap."""
        match one:
            case OlderCopy(at, older):
                self.world.at(begun + max(0.0, at - older), lambda: self._copy(one, begun + at))
            case Emptied(at):
                self.world.at(begun + at, lambda: self._empty(one))

    def _copy(self, one: OlderCopy, restored_at: float) -> None:
        copy, hours = self.valkey.copy(), deepcopy(self.checks.observed.hours)
        self.world.at(restored_at, lambda: self._restore(one, copy, hours))

    def _restore(self, one: OlderCopy, copy: Sequence[Kept], hours: CountedHours) -> None:
        self.valkey.restore(copy)
        self.checks.lost(hours)
        self.world.tell("counters", f"are as they were {one.older:.0f} s ago")
        self.happened.append(one)
        self.then(one.older)

    def _empty(self, one: Emptied) -> None:
        self.valkey.flush()
        self.checks.lost(CountedHours())
        self.world.tell("counters", "are empty")
        self.happened.append(one)
        self.then(None)
