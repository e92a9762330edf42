"""What disturbs the counters of a run, drawn from its seed, beside what disturbs its road."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.counters.counter_losses import Emptied, OlderCopy
from tests.simulation.counters.counter_stops import AUTHORIZER, RECONCILIATION, REPAIR
from tests.simulation.counters.decision_link import COUNTERS
from tests.simulation.disturbances import (
    CallGoesWrong,
    Deploy,
    Dies,
    Disturbance,
    PlaceAway,
    Skewed,
    StopAway,
)
from tests.simulation.engine.seam import Mishap
from tests.simulation.scenario import HOUR
from tests.simulation.usage_road.road_places import LEDGER, SETTLED_QUEUE

AWAY_SECONDS = (3.0, 40.0, 200.0, 900.0)
# A failover, three looks of an idle stack, and a snapshot.
OLDER_SECONDS = (2.0, 20.0, 170.0, 600.0, 2_400.0)


@dataclass(frozen=True, slots=True)
class TopUp:
    """From then on Aforo says that a customer may use so many calls (no fewer than before)."""

    at: float
    customer: int
    calls: int


def drawn_troubles(rng: random.Random, hours: float) -> Iterator[Disturbance]:
    """One to four, as a rule; few of them lose what was counted."""
    ends = hours * HOUR
    if rng.random() < 0.3:
        yield OlderCopy(rng.uniform(600, ends - 600), rng.choice(OLDER_SECONDS))
    if rng.random() < 0.1:
        yield Emptied(rng.uniform(600, ends - 600))
    for customer in range(rng.choice([0, 0, 3])):
        yield TopUp(rng.uniform(0, ends), customer, rng.randint(400, 2_000))
    if rng.random() < 0.5:
        at = rng.uniform(0, ends)
        until = min(ends, at + rng.choice(AWAY_SECONDS))
        how = rng.choice([Mishap.REFUSED, Mishap.ANSWER_LOST, Mishap.SLOW])
        stop = rng.choice(["", RECONCILIATION, AUTHORIZER])
        yield PlaceAway(COUNTERS, how, at, until, rng.choice([0.2, 1.0]), stop)
    for _ in range(rng.choice([0, 1, 3])):
        how = rng.choice([Mishap.DIES_BEFORE, Mishap.DIES_AFTER])
        yield Dies(rng.choice([RECONCILIATION, RECONCILIATION, REPAIR]), rng.randrange(400), how)
    for _ in range(rng.randint(0, 2)):
        stop, place = rng.choice(
            [(RECONCILIATION, COUNTERS), (REPAIR, LEDGER), (REPAIR, SETTLED_QUEUE)]
        )
        yield CallGoesWrong(stop, place, rng.randrange(100), rng.choice([*Mishap]))
    if rng.random() < 0.2:
        at = rng.uniform(0, ends)
        yield StopAway(RECONCILIATION, at, min(ends, at + rng.choice([200.0, 1_200.0])))
    if rng.random() < 0.2:
        yield Deploy(rng.choice([RECONCILIATION, REPAIR]), rng.uniform(0, ends))
    if rng.random() < 0.2:
        yield Skewed(rng.choice([RECONCILIATION, REPAIR]), rng.choice([0.5, 5.0]))
