"""A seed comes in; what the other draws seldom bring about leaves: each in some of a hundred seeds,
so that five hundred seeds reach every failure of the catalogue.

Drawn from a stream of its own: what is drawn elsewhere for a seed stays as it was.
"""

import json
import random
from collections.abc import Iterator

from tests.simulation.counters.counter_losses import Emptied
from tests.simulation.disturbances import AforoFault, Disturbance, PlaceAway
from tests.simulation.engine.seam import Mishap
from tests.simulation.operators.deeds import RotatesKey
from tests.simulation.scenario import HOUR
from tests.simulation.usage_road.road_places import METERING, USAGE_QUEUE

SHARE = 0.04  # of seeds, for each of them: 20 of 500, of which some show it
OUTAGE_SECONDS = 2_700.0  # half an hour of answers, with the forwarder's pauses before and after
WRONG_ANSWERS: tuple[dict[str, object], ...] = (
    {"kind": "empty_2xx"},
    {"kind": "wrong_counts", "off_by": 1},
    {"kind": "wrong_counts", "off_by": -1},
)


def draw_rare(seed: int, hours: float) -> tuple[Disturbance, ...]:
    """Always the same for a seed."""
    return tuple(_rare(random.Random(f"{seed}/rare"), hours * HOUR))


def _rare(rng: random.Random, ends: float) -> Iterator[Disturbance]:
    if rng.random() < SHARE:
        at = rng.uniform(0, ends - OUTAGE_SECONDS)
        yield _fault({"kind": "status", "status": rng.choice([500, 503])}, at, OUTAGE_SECONDS)
    if rng.random() < SHARE:
        at = rng.uniform(0, ends - 600)
        yield _fault(rng.choice(WRONG_ANSWERS), at, rng.choice([60.0, 600.0]))
    if rng.random() < SHARE:
        yield RotatesKey(rng.uniform(300, ends - 600), 0.0)
    if rng.random() < SHARE:
        yield Emptied(rng.uniform(600, ends - 600))
    if rng.random() < SHARE:
        at, how = rng.uniform(0, ends - 600), rng.choice([Mishap.REFUSED, Mishap.ANSWER_LOST])
        yield PlaceAway(USAGE_QUEUE, how, at, at + rng.choice([150.0, 600.0]), 1.0, METERING)


def _fault(fault: dict[str, object], at: float, lasts: float) -> AforoFault:
    return AforoFault(json.dumps({"faults": [fault]}), at, at + lasts)
