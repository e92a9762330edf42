"""Puts the road into a simulation."""

from dataclasses import dataclass

from tests.local.aforo.fault_list import Active
from tests.local.aforo.faults import Order
from tests.local.aforo.settings import Settings
from tests.simulation.disturbances import AforoFault
from tests.simulation.oracle import Oracle
from tests.simulation.simulation import Simulation
from tests.simulation.terms import BYTES, CALLS, Term, Terms
from tests.simulation.usage_road.aforo_place import AforoPlace
from tests.simulation.usage_road.api_gateway import ApiGateway, customer_name, key_name
from tests.simulation.usage_road.forwarder_stop import add_forwarder
from tests.simulation.usage_road.metering_stop import add_metering
from tests.simulation.usage_road.promises import Promises
from tests.simulation.usage_road.road_places import (
    CONFIGURATION,
    CONFIGURATION_KEY,
    EXECUTION_LOG_GROUP,
    LOG_GROUP,
    USAGE_QUEUE,
    add_places,
)
from tests.simulation.usage_road.subscription import Subscription


@dataclass(eq=False)
class UsageRoad:
    """What other parts of the simulation may ask for."""

    sim: Simulation
    oracle: Oracle
    gateway: ApiGateway
    subscriptions: tuple[Subscription, ...]  # of the access log, and of the execution log
    aforo: AforoPlace
    promises: Promises

    def is_quiet(self) -> bool:
        """Nothing is on the way; what is parked stays until somebody puts it right."""
        waiting = self.sim.queues[USAGE_QUEUE].messages.values()
        are_quiet = all(one.is_quiet() for one in self.subscriptions)
        return are_quiet and not any(one.keys for one in waiting)


def build_road(sim: Simulation) -> UsageRoad:
    """All of the road, with its traffic on the heap."""
    add_places(sim)
    oracle = Oracle(_terms(sim))
    sim.buckets[CONFIGURATION].put(CONFIGURATION_KEY, oracle.terms.document())
    settings = Settings(dedup_window_seconds=sim.scenario.parameters.dedup_window_seconds)
    aforo = AforoPlace(sim, settings)
    metering = add_metering(sim)
    logs = [sim.logs.groups[LOG_GROUP]]
    if sim.scenario.has_execution_log:
        logs.append(sim.logs.groups[EXECUTION_LOG_GROUP])
    subscriptions = tuple(Subscription(sim, log, metering) for log in logs)
    add_forwarder(sim, aforo)
    gateway = ApiGateway(sim, logs[0], oracle, logs[-1])
    road = UsageRoad(sim, oracle, gateway, subscriptions, aforo, Promises(sim, oracle, aforo))
    gateway.plan(sim.scenario.bursts)
    sim.arranging[AforoFault] = lambda one: _arrange_fault(road, one)
    sim.calming.append(aforo.faults.active.clear)
    sim.is_quiet.append(road.is_quiet)
    return road


def _terms(sim: Simulation) -> Terms:
    meters = (CALLS, BYTES) if sim.scenario.has_bytes else (CALLS,)
    numbers = range(sim.scenario.customers)
    customers = tuple((key_name(one), customer_name(one)) for one in numbers)
    return Terms([Term(0, meters, customers)])


def _arrange_fault(road: UsageRoad, one: object) -> None:
    assert isinstance(one, AforoFault)
    world, faults = road.sim.world, road.aforo.faults
    order = Order.model_validate_json(one.order)
    active = [Active(fault) for fault in order.faults]
    kinds = ", ".join(fault.kind for fault in order.faults)

    def begin() -> None:
        world.tell("Aforo", f"begins to fail: {kinds}")
        faults.active += active

    def end() -> None:
        world.tell("Aforo", f"fails no more: {kinds}")
        faults.active[:] = [other for other in faults.active if other not in active]

    world.at(road.sim.begun + one.at, begin)
    world.at(road.sim.begun + one.until, end)
