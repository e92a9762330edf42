"""A scenario comes in; what became of it leaves: which promise was broken, and the story."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time

from tests.simulation.broken_promise import BrokenPromiseError
from tests.simulation.catalogue import reached
from tests.simulation.counters.valkey_socket import valkey_socket
from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.world import World
from tests.simulation.scenario import HOUR, Scenario
from tests.simulation.simulation import Simulation
from tests.simulation.whole import Whole

STEP_SECONDS = 60.0
# What waits for Aforo waits for at most the hold, and then for a visibility timeout or two.
CALM_SECONDS, RIGHT_SECONDS = 6 * HOUR, 12 * HOUR

type Part = Callable[[Simulation], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`fault` is empty where every promise was kept."""

    seed: int
    fault: str
    requests: int
    events: int
    simulated_hours: float
    cpu_seconds: float
    story: str
    reached: tuple[str, ...] = ()  # names of tests.simulation.catalogue


def run(scenario: Scenario, parts: Sequence[Part] = (), lines: int = 60) -> Outcome:
    """All of it, or some parts only. `lines`: of its story, the last ones; 0 is all of it."""
    valkey_socket()  # it has to be there before the clock stands still
    begun_cpu = process_time()
    with MachineClock(scenario.begun) as clock:
        world = World(scenario.seed, scenario.begun, clock)
        world.story.begun = scenario.begun
        sim, whole = Simulation(scenario, world), Whole()
        with sim.patches:
            fault = _fault(sim, parts or [whole])
    return Outcome(
        scenario.seed,
        fault,
        scenario.requests,
        world.events,
        sim.elapsed / HOUR,
        process_time() - begun_cpu,
        world.story.text(lines),
        () if parts else reached(whole),
    )


def _fault(sim: Simulation, parts: Sequence[Part]) -> str:
    """The first promise that is broken."""
    try:
        for part in parts:
            part(sim)
        sim.arrange(sim.scenario.disturbances)
        _live(sim)
    except BrokenPromiseError as error:
        return f"{_clock(sim)}: {error}"
    faults = [fault for check in sim.end_checks for fault in check()]
    return f"at the end: {faults[0]} ({len(faults)} in all)" if faults else ""


def _live(sim: Simulation) -> None:
    world = sim.world
    world.run(sim.begun + sim.scenario.hours * HOUR)
    world.tell("the world", "all troubles are over")
    sim.calm()
    _until_quiet(sim, CALM_SECONDS)
    for put_right in sim.putting_right:
        put_right()
        _until_quiet(sim, RIGHT_SECONDS)


def _until_quiet(sim: Simulation, at_most: float) -> None:
    ends = sim.world.now + at_most
    while sim.world.now < ends:
        sim.world.run(sim.world.now + STEP_SECONDS)
        if all(is_quiet() for is_quiet in sim.is_quiet):
            return


def _clock(sim: Simulation) -> str:
    return f"after {sim.elapsed:.3f} s"
