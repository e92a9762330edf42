"""The counters' part of the simulation, on a road of one step: what it watches holds, through
losses of the counters, and it finds out what breaks it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from functions.usage.quota import state_key
from tests.simulation.broken_promise import BrokenPromiseError
from tests.simulation.counters import build_counters
from tests.simulation.counters.build_counters import TENANT, is_trusted
from tests.simulation.counters.counter_losses import Emptied, OlderCopy
from tests.simulation.counters.ledger_sums import Account
from tests.simulation.counters.quota_plans import PLENTY, QUOTA_METER, QuotaPlan
from tests.simulation.counters.short_road import ShortRoad
from tests.simulation.disturbances import Disturbance
from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.world import World
from tests.simulation.scenario import HOUR, Scenario
from tests.simulation.simulation import Simulation

BEGUN = 1_791_014_400.0 + 1_800.0
pytestmark = pytest.mark.usefixtures("counters_socket")
PLANS = [QuotaPlan("cus_small", 150, 2.0, 20), QuotaPlan("cus_large", PLENTY, 20.0, 100)]


@pytest.fixture(autouse=True)
def each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reconcile, all the time."""
    monkeypatch.setattr(build_counters, "SELDOM_SECONDS", 60.0)


@contextmanager
def running(*disturbances: Disturbance) -> Iterator[ShortRoad]:
    """Bursts of both customers for 40 minutes."""
    scenario = Scenario(1, BEGUN, 1.0, 2, False, (), disturbances)  # noqa: FBT003
    with MachineClock(BEGUN) as clock:
        sim = Simulation(scenario, World(1, BEGUN, clock))
        with sim.patches:
            road = ShortRoad(sim)
            road.build(PLANS)
            sim.arrange(disturbances)
            for number in range(120):
                customer = PLANS[number % 2].customer
                at = BEGUN + 60 + 20 * number
                sim.world.at(at, lambda who=customer: road.burst(who, 8))  # type: ignore[misc]
            yield road


def ended(road: ShortRoad) -> list[str]:
    """What is different an hour after the closing of the last hour."""
    road.sim.world.run(BEGUN + 2.8 * HOUR)
    return [fault for check in road.sim.end_checks for fault in check()]


@pytest.mark.parametrize(
    "losses",
    [
        (),
        (OlderCopy(1_000, 20),),
        (OlderCopy(1_200, 600),),
        (Emptied(1_500),),
        (Emptied(700), OlderCopy(2_000, 30)),
    ],
)
def test_counters_are_the_ledger_in_the_end(losses: tuple[Disturbance, ...]) -> None:
    """Whatever was lost is closed or rebuilt; what holds after every event held all along."""
    with running(*losses) as road:
        assert ended(road) == []
        assert road.part.losses.happened == list(losses)
        assert is_trusted(road.part.valkey)
        assert road.part.checks.waiting == {}
        gateway = road.part.gateway
        assert gateway.answered["QUOTA_EXCEEDED"] > 0
        assert len(gateway.served["cus_small"]) >= 0.95 * PLANS[0].limit
        assert gateway.nearest <= 0
        assert road.part.machine.failed == []
        assert road.part.checks.watched > 20


def test_a_counter_that_is_too_high_is_found_at_once() -> None:
    """Used beyond what the ledger has."""
    with running() as road:
        key, field = state_key(TENANT, "cus_large"), f"{QUOTA_METER}:used"

        def write() -> None:
            road.part.valkey.look([("HSET", key, field, 9_999)])
            road.part.checks.observed.touched.add(Account("cus_large", QUOTA_METER))

        road.sim.world.at(BEGUN + 700, write)
        with pytest.raises(BrokenPromiseError, match="9999 are used"):
            road.sim.world.run(BEGUN + HOUR)


def test_usage_that_the_watermark_overtakes_is_found() -> None:
    """It was served, and no word of it ever came."""
    with running() as road:
        road._settle = lambda rows: None  # type: ignore[method-assign]  # noqa: ARG005
        with pytest.raises(BrokenPromiseError, match="waits, and all before"):
            road.sim.world.run(BEGUN + HOUR)


def test_a_customer_that_is_served_beyond_the_bound_is_found() -> None:
    """An authorizer whose counters say that nothing is used."""
    with running() as road:
        key, field = state_key(TENANT, "cus_small"), f"{QUOTA_METER}:used"

        def write() -> None:
            road.part.valkey.look([("HSET", key, field, 0)])

        road.sim.world.every(1.0, write, first=61)
        with pytest.raises(BrokenPromiseError, match="beyond it and the bound"):
            road.sim.world.run(BEGUN + HOUR)
