"""The counters at the end of the usage road: its requests ask the authorizer, and what the road
settles is counted.
"""

import random

from tests.local.aforo.accounts import Customer
from tests.simulation.counters.build_counters import CountersPart, build_counters
from tests.simulation.counters.counter_troubles import TopUp
from tests.simulation.counters.ledger_sums import Account
from tests.simulation.counters.quota_plans import QuotaPlan, drawn_plans
from tests.simulation.gateway_request import GatewayRequest
from tests.simulation.usage_road.api_gateway import customer_name
from tests.simulation.usage_road.build import UsageRoad
from tests.simulation.usage_road.road_places import (
    CONFIGURATION,
    LEDGER,
    LOG,
    METERING,
    QUARANTINE,
    SETTLED_QUEUE,
)

# Of what is there only, no word of the lag can be.
_UNKNOWN_TO_THE_LAG = frozenset({LOG, QUARANTINE})


def add_counters(road: UsageRoad) -> CountersPart:
    """After the road was built."""
    sim = road.sim

    def is_elsewhere(key: str) -> bool:
        places = sim.whereabouts.where(key)
        return bool(places) and key not in sim.whereabouts.at_home and _is_unknown(places)

    part = build_counters(
        sim,
        plans_of(sim.scenario.seed, sim.scenario.customers),
        metering=sim.functions[METERING],
        aforo=road.aforo.client,
        settled_queue=SETTLED_QUEUE,
        ledger_bucket=LEDGER,
        register_bucket=CONFIGURATION,
        is_elsewhere=is_elsewhere,
    )

    def heard(request: GatewayRequest, keys: tuple[str, ...]) -> None:
        for key in keys:
            due = road.oracle.due[key]
            account = Account(due.customer, due.meter)
            part.checks.served(key, account, request.at_ms / 1000, due.quantity)

    sim.arranging[TopUp] = lambda one: _arrange_top_up(road, one)
    road.gateway.heard.append(heard)
    road.gateway.admits = lambda request: part.gateway.admits(request.customer)
    for subscription in road.subscriptions:
        subscription.heard.append(part.checks.delivered)
    return part


def _arrange_top_up(road: UsageRoad, one: object) -> None:
    assert isinstance(one, TopUp)
    name, customers = customer_name(one.customer), road.aforo.accounts.customers

    def state() -> None:
        customers[name] = Customer(limit=one.calls)
        road.sim.world.tell("Aforo", f"says that {name} may use {one.calls}")

    road.sim.world.at(road.sim.begun + one.at, state)


def plans_of(seed: int, customers: int) -> list[QuotaPlan]:
    """Of the customers of a run, by its seed alone: a run that is shrunk has the same."""
    names = [customer_name(number) for number in range(customers)]
    return drawn_plans(random.Random(f"{seed}/plans"), names, 700 // customers)


def _is_unknown(places: list[str]) -> bool:
    return all(place in _UNKNOWN_TO_THE_LAG for place in places)
