"""All parts of the simulation in one run: the road, the counters, and who replays and audits it."""

from collections.abc import Iterable

from tests.simulation.counters.build_counters import CountersPart
from tests.simulation.counters.on_the_road import add_counters
from tests.simulation.disturbances import Disturbance
from tests.simulation.drawing import draw, with_execution_log
from tests.simulation.operators.build_operators import OperatorsPart, build_operators
from tests.simulation.operators.deeds import Document, PutsConfiguration
from tests.simulation.operators.drawn_deeds import draw_deeds
from tests.simulation.rare_troubles import draw_rare
from tests.simulation.scenario import Scenario
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.build import UsageRoad, build_road
from tests.simulation.witnesses import Witnesses


class Whole:
    """The parts of one run, as they are built into a simulation."""

    sim: Simulation
    road: UsageRoad
    witnesses: Witnesses
    counters: CountersPart
    operators: OperatorsPart

    def __call__(self, sim: Simulation) -> object:
        self.sim, self.road = sim, build_road(sim)
        self.witnesses = Witnesses(sim)
        self.witnesses.attend(self.road.aforo)
        self.counters = add_counters(self.road)
        checks = self.counters.checks
        self.road.promises.quarantined.append(checks.quarantined)
        self.operators = build_operators(self.road)
        # An hour is closed hourly, when it is two hours old: asked last, since it asks the server.
        sim.is_quiet.append(lambda: next(checks.differences(), None) is None)
        return self


def draw_whole(seed: int) -> Scenario:
    """A scenario with disturbances of all parts."""
    drawn = draw(seed)
    deeds = draw_deeds(seed, drawn.hours, drawn.customers)
    rare = draw_rare(seed, drawn.hours)
    whole = drawn.with_disturbances((*drawn.disturbances, *deeds, *rare))
    return whole if _has_another_meter(deeds) else with_execution_log(whole)


def _has_another_meter(deeds: Iterable[Disturbance]) -> bool:
    """It counts what is sent back, and no execution log says how much that is."""
    return any(isinstance(one, PutsConfiguration) and one.what == Document.METER for one in deeds)
