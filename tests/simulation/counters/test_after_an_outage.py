"""An outage of Aforo, and no new usage after it: heartbeats come through again by themselves."""

from datetime import UTC, datetime

import pytest

from functions.forwarder.holding import MOST_SECONDS
from functions.forwarder.stalling import LATER_SHARE, TRY_SECONDS
from tests.simulation.counters import build_counters
from tests.simulation.counters.build_counters import CountersPart
from tests.simulation.counters.on_the_road import add_counters
from tests.simulation.disturbances import AforoFault
from tests.simulation.run import run
from tests.simulation.scenario import HOUR, Burst, Parameters, Scenario
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.build import build_road

BEGUN = datetime(2026, 10, 3, 8, 20, tzinfo=UTC).timestamp()
BEGINS, ENDS = 600.0, 1_500.0
DOWN = '{"faults": [{"kind": "status", "status": 503}]}'
# What was held last says how long it is no news that it waits; then a heartbeat is put, and walks.
AGAIN_SECONDS = MOST_SECONDS * (1 + LATER_SHARE) + TRY_SECONDS + 60 + 120


@pytest.mark.parametrize("seed", [0, 2])
def test_the_lag_ends_without_new_usage(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A breaker that no post shuts lets heartbeats pass when all that was held has been tried."""
    monkeypatch.setattr(build_counters, "SELDOM_SECONDS", 60.0)
    lags: dict[float, float] = {}

    def parts(sim: Simulation) -> None:
        counters = add_counters(build_road(sim))
        sim.world.every(60, lambda: _note(sim, counters, lags), first=60)

    bursts = tuple(Burst(60.0 * minute, 0, 5) for minute in range(3, 12))
    scenario = Scenario(
        seed=seed,
        begun=BEGUN,
        hours=1.2,
        customers=1,
        has_bytes=False,
        bursts=bursts,
        disturbances=(AforoFault(DOWN, BEGINS, ENDS),),
        parameters=Parameters(hold_seconds=50_400, dedup_window_seconds=86_400),
    )
    assert run(scenario, [parts]).fault == ""
    assert lags[ENDS] > 300
    assert max(lag for at, lag in lags.items() if ENDS + AGAIN_SECONDS < at < 1.2 * HOUR) < 180


def _note(sim: Simulation, counters: CountersPart, lags: dict[float, float]) -> None:
    lags[round(sim.elapsed, 3)] = sim.world.now - counters.checks.watermark
