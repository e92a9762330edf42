"""A seed comes in; what people do in its run leaves, and what fails around replay and audit."""

import json
import random
from collections.abc import Iterator

from tests.simulation.disturbances import (
    AforoFault,
    CallGoesWrong,
    Chaos,
    ChaosKind,
    Deploy,
    Dies,
    Disturbance,
    PlaceAway,
)
from tests.simulation.engine.seam import Mishap
from tests.simulation.operators.deeds import (
    BeginsUnconfigured,
    Document,
    PutsConfiguration,
    RotatesKey,
    SchedulesAway,
    StartsAudit,
    StartsReplay,
    StopsExecution,
)
from tests.simulation.scenario import HOUR
from tests.simulation.usage_road.api_gateway import customer_name
from tests.simulation.usage_road.road_places import (
    LEDGER,
    LOG_GROUP,
    METERING,
    QUARANTINE,
    USAGE_DEAD_LETTERS,
    USAGE_QUEUE,
)

STOPS = {
    "replay start": 4,
    "replay queue round": 40,
    "replay quarantine round": 30,
    "replay report": 15,
    "audit count": 200,
    "audit step": 60,
}
PLACES = (
    *("Step Functions", "CloudWatch", f"log {LOG_GROUP}", f"invoke {METERING}"),
    *(LEDGER, QUARANTINE, USAGE_DEAD_LETTERS, USAGE_QUEUE),
)
ORDERS: tuple[dict[str, object], ...] = (
    {"source": "usage"},
    {"source": "usage", "filter": {"class": ["exhausted", "auth", "config"]}},
    {"source": "usage", "eventsPerSecond": 5},
    {"source": "usage", "maxMessages": 3},
    {"source": "usage", "dryRun": True},
    {"source": "quarantine"},
    {"source": "quarantine", "eventsPerSecond": 20},
    {"source": "quarantine", "maxMessages": 1},
    {"source": "quarantine", "filter": {"reason": ["failed_delivery"]}},
    {"source": "counters"},
    {"source": "counters", "maxMessages": 2},
)
REFUSALS: tuple[dict[str, object], ...] = (
    {"kind": "poison", "status": 422},
    {"kind": "per_event_errors", "error": "VALIDATION_FAILED: quantity"},
    {"kind": "per_event_errors", "error": "UNKNOWN_METRIC: API Calls"},
    {"kind": "per_event_errors", "error": "INTERNAL: try later"},
    {"kind": "per_event_errors", "error": "SERVICE_UNAVAILABLE: try later"},
)
LONG_FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "reset_after_commit"},
    {"kind": "hang", "commit": True},
    {"kind": "unauthorized"},
)


def draw_deeds(seed: int, hours: float, customers: int) -> tuple[Disturbance, ...]:
    """Always the same for a seed."""
    rng, ends = random.Random(f"{seed}/deeds"), hours * HOUR
    return (
        *_people(rng, ends),
        *_configurations(rng, ends),
        *_around(rng, ends),
        *_at_aforo(rng, ends, customers),
    )


def _people(rng: random.Random, ends: float) -> Iterator[Disturbance]:
    for number in range(rng.choice([0, 0, 1, 2, 4])):
        at, order = rng.uniform(ends / 5, ends), json.dumps(rng.choice(ORDERS))
        yield StartsReplay(at, f"replay-{number}", order)
        if rng.random() < 0.4:
            yield StartsReplay(at + rng.choice([0.1, 3, 20]), f"again-{number}", order)
        if rng.random() < 0.5:
            redriven = rng.choice([0.0, 30.0, 600.0])
            yield StopsExecution(at + rng.choice([1, 4, 15, 90]), f"replay-{number}", redriven)
    for number in range(rng.choice([0, 0, 1, 2])):
        at = rng.uniform(ends / 2, ends)
        begins = rng.uniform(0, at - 1_700)
        lasts = rng.choice([300.0, 900.0, 3_000.0])
        is_dry, includes_old = rng.random() < 0.3, rng.random() < 0.3
        yield StartsAudit(at, f"audit-{number}", begins, begins + lasts, is_dry, includes_old)
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        yield StopsExecution(rng.uniform(ends / 5, ends), "*", rng.choice([0.0, 60.0]))
    if rng.random() < 0.1:
        at = rng.uniform(60, ends)
        yield SchedulesAway(at, min(ends, at + rng.choice([1_200.0, 5_000.0])))
    if rng.random() < 0.12:
        yield RotatesKey(rng.uniform(0, ends), rng.choice([0.0, 20.0, 600.0]))


def _configurations(rng: random.Random, ends: float) -> Iterator[Disturbance]:
    if rng.random() < 0.06:
        at = rng.uniform(600, ends / 2)
        yield BeginsUnconfigured()
        yield PutsConfiguration(at, Document.BAD)
        yield Deploy(METERING, at + 60)
        yield PutsConfiguration(at + rng.uniform(300, 2_400), Document.DELETED)
        return
    changes = (Document.CUSTOMERS, Document.METER, Document.SAME, Document.BAD, Document.DELETED)
    for _ in range(rng.choice([0, 0, 1, 3])):
        yield PutsConfiguration(rng.uniform(0, ends), rng.choice(changes))


def _around(rng: random.Random, ends: float) -> Iterator[Disturbance]:
    if rng.random() < 0.35:
        at = rng.uniform(0, ends * 0.9)
        until = min(ends, at + rng.choice([60.0, 600.0, 2_400.0]))
        yield Chaos(ChaosKind.DELIVERY_LOST, at, until, rng.choice([0.2, 1.0]))
    if rng.random() < 0.1:
        at = rng.uniform(0, ends)
        how = rng.choice([Mishap.REFUSED, Mishap.ANSWER_LOST, Mishap.DIES_AFTER])
        until = min(ends, at + rng.choice([300.0, 1_200.0]))
        yield PlaceAway(rng.choice([USAGE_QUEUE, QUARANTINE]), how, at, until, 1.0, METERING)
    for _ in range(rng.choice([0, 1, 2, 4])):
        stop = rng.choice([*STOPS])
        how = rng.choice([Mishap.DIES_BEFORE, Mishap.DIES_AFTER])
        yield Dies(stop, rng.randrange(STOPS[stop]), how)
    for _ in range(rng.choice([0, 1, 2])):
        stop, place = rng.choice([*STOPS]), rng.choice(PLACES)
        yield CallGoesWrong(stop, place, rng.randrange(12), rng.choice([*Mishap]))
    if rng.random() < 0.2:
        at = rng.uniform(0, ends)
        until = min(ends, at + rng.choice([40.0, 600.0, 1_800.0]))
        how = rng.choice([Mishap.REFUSED, Mishap.ANSWER_LOST, Mishap.SLOW])
        yield PlaceAway(rng.choice(PLACES), how, at, until, rng.choice([0.3, 1.0]))
    if rng.random() < 0.2:
        yield Deploy(rng.choice([*STOPS]), rng.uniform(0, ends))


def _at_aforo(rng: random.Random, ends: float, customers: int) -> Iterator[Disturbance]:
    if rng.random() < 0.25:
        at = rng.uniform(0, ends)
        match = {"customerId": customer_name(rng.randrange(customers))}
        fault = {**rng.choice(REFUSALS), "match": match}
        until = min(ends, at + rng.choice([40.0, 400.0, 1_500.0]))
        yield AforoFault(json.dumps({"faults": [fault]}), at, until)
    if rng.random() < 0.15:
        at = rng.uniform(0, ends / 2)
        until = at + rng.uniform(ends / 3, ends - at)
        yield AforoFault(json.dumps({"faults": [rng.choice(LONG_FAULTS)]}), at, until)
