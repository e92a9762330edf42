"""A seed comes in, a scenario leaves: traffic, parameters and what disturbs them."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from tests.simulation.counters.counter_troubles import drawn_troubles
from tests.simulation.disturbances import (
    AforoFault,
    CallGoesWrong,
    Chaos,
    ChaosKind,
    Deploy,
    Dies,
    Disturbance,
    PlaceAway,
    Skewed,
    StopAway,
)
from tests.simulation.engine.seam import Mishap
from tests.simulation.scenario import HOUR, Burst, Parameters, RequestKind, Scenario
from tests.simulation.usage_road.road_places import (
    AFORO,
    CONFIGURATION,
    FORWARDER,
    LEDGER,
    METERING,
    QUARANTINE,
    SECRETS,
    SETTLED_QUEUE,
    USAGE_DEAD_LETTERS,
    USAGE_QUEUE,
)

LEAST_REQUESTS = 1_000
MOST_IN_A_BURST = 50
HOURS = 1.25
# The middle of an hour, of a month; and before the ends of both.
BEGINNINGS = (
    datetime(2026, 10, 3, 8, 20, tzinfo=UTC),
    datetime(2026, 10, 31, 23, 10, tzinfo=UTC),
    datetime(2026, 11, 15, 23, 50, tzinfo=UTC),
)
KINDS = (
    *((RequestKind.TOKEN, 70), (RequestKind.API_KEY, 20), (RequestKind.SERVER_ERROR, 4)),
    *((RequestKind.REFUSED, 3), (RequestKind.HEALTH, 2), (RequestKind.UNVERIFIED, 2)),
    (RequestKind.BROKEN, 1),
)
# By stop, the places that it calls, and about how many calls it makes in a run.
CALLED = {
    METERING: ((USAGE_QUEUE, 120), (QUARANTINE, 12), (CONFIGURATION, 60)),
    FORWARDER: (
        *((AFORO, 120), (LEDGER, 150), (SETTLED_QUEUE, 120), (USAGE_QUEUE, 60)),
        *((USAGE_DEAD_LETTERS, 6), (SECRETS, 8)),
    ),
}
# Of runs and of their traffic: a request there is 20 lines.
EXECUTION_RUNS, EXECUTION_SHARE = 0.25, 0.2
LOGGED_KINDS = frozenset(
    {RequestKind.TOKEN, RequestKind.API_KEY, RequestKind.SERVER_ERROR, RequestKind.HEALTH}
)
AWAY_SECONDS = (3.0, 40.0, 200.0, 600.0, 1_500.0)
MISHAPS = (Mishap.REFUSED, Mishap.ANSWER_LOST, Mishap.SLOW)
CHAOS = (
    *((ChaosKind.DELIVERY_TWICE, 0.3), (ChaosKind.DELIVERY_REGROUPED, 0.3)),
    *((ChaosKind.DELIVERY_LATE, 0.3), (ChaosKind.INVOKED_TWICE, 0.3)),
    *((ChaosKind.RECEIVED_TWICE, 0.2), (ChaosKind.ENTRY_FAILS, 0.3)),
)
FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "retry_after": "30"},
    {"kind": "status", "status": 429, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"},
    {"kind": "status", "status": 429, "retry_after": "99999"},
    {"kind": "status", "status": 429, "retry_after": "20"},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 403},
    {"kind": "unauthorized"},
    {"kind": "reset_before"},
    {"kind": "hang"},
    {"kind": "hang", "commit": True},
    {"kind": "slow", "seconds": 5},
    {"kind": "slow", "seconds": 15},
    {"kind": "redirect"},
    {"kind": "commit_then_status", "status": 500},
    {"kind": "commit_then_status", "status": 502},
    {"kind": "reset_after_commit"},
    {"kind": "empty_2xx"},
    {"kind": "wrong_counts", "off_by": 1},
    {"kind": "wrong_counts", "off_by": -1},
    {"kind": "huge_body"},
    {"kind": "not_json"},
    {"kind": "truncated"},
    {"kind": "per_event_errors", "indexes": [0, 3], "error": "INTERNAL: try later"},
    {"kind": "status", "status": 413},
)


def draw(seed: int) -> Scenario:
    """The scenario of a seed, always the same."""
    rng = random.Random(f"{seed}/scenario")
    customers = rng.randint(2, 6)
    return Scenario(
        seed=seed,
        begun=rng.choice(BEGINNINGS).timestamp() + rng.uniform(0, 300),
        hours=HOURS,
        customers=customers,
        has_bytes=rng.random() < 0.15,
        bursts=tuple(_traffic(rng, customers)),
        disturbances=(
            *_disturbances(rng),
            *drawn_troubles(random.Random(f"{seed}/counters"), HOURS),
        ),
        parameters=_parameters(rng),
    )


def with_execution_log(drawn: Scenario) -> Scenario:
    """In some runs a part of the traffic goes to a second stage, of which the execution log is
    metered: where no meter needs more than that says.
    """
    rng = random.Random(f"{drawn.seed}/execution log")
    if drawn.has_bytes or rng.random() >= EXECUTION_RUNS:
        return drawn
    bursts = tuple(
        replace(one, is_execution=one.kind in LOGGED_KINDS and rng.random() < EXECUTION_SHARE)
        for one in drawn.bursts
    )
    return replace(drawn, bursts=bursts, has_execution_log=True)


def _parameters(rng: random.Random) -> Parameters:
    window = rng.choice([2_700, 3_600, 86_400])  # the audit reaches back for 1,500
    return Parameters(
        hold_seconds=rng.choice([600, 900, 1_200]),
        dedup_window_seconds=window,
        forwarder_window_seconds=rng.choice([1, 5, 20]),
        forwarder_concurrency=rng.choice([2, 3, 5]),
        aforo_events_per_minute=rng.choice([300, 2_000, 10_000]),
        events_per_post=rng.choice([10, 50, 100]),
    )


def _traffic(rng: random.Random, customers: int) -> Iterator[Burst]:
    streams, made = rng.randint(1, 4), 0
    kinds, weights = zip(*KINDS, strict=True)
    while made < LEAST_REQUESTS + 40:
        kind = rng.choices(kinds, weights)[0]
        most = MOST_IN_A_BURST if kind in {RequestKind.TOKEN, RequestKind.API_KEY} else 5
        requests = rng.randint(1, most)
        at = rng.uniform(0, HOURS * HOUR * 0.95)
        yield Burst(at, rng.randrange(customers), requests, rng.randrange(streams), kind)
        made += requests


def _disturbances(rng: random.Random) -> Iterator[Disturbance]:
    ends = HOURS * HOUR
    for _ in range(rng.randint(0, 3)):
        yield _place_away(rng, ends)
    for _ in range(rng.randint(0, 4)):
        stop = rng.choice([METERING, FORWARDER])
        place, calls = rng.choice(CALLED[stop])
        yield CallGoesWrong(stop, place, rng.randrange(calls), rng.choice([*Mishap]))
    for _ in range(rng.choice([0, 1, 3, 6])):
        stop = rng.choice([METERING, FORWARDER])
        how = rng.choice([Mishap.DIES_BEFORE, Mishap.DIES_AFTER])
        yield Dies(stop, rng.randrange(300), how)
    for kind, share in CHAOS:
        if rng.random() < 0.3:
            at, until = _times(rng, ends)
            yield Chaos(kind, at, until, rng.uniform(0, share))
    for _ in range(rng.randint(0, 3)):
        at = rng.uniform(0, ends)
        until = min(ends, at + rng.choice(AWAY_SECONDS))
        order = {"faults": [{**rng.choice(FAULTS), **_count(rng)}]}
        yield AforoFault(json.dumps(order), at, until)
    yield from _of_the_stack(rng, ends)


def _of_the_stack(rng: random.Random, ends: float) -> Iterator[Disturbance]:
    if rng.random() < 0.3:
        yield Skewed(rng.choice([METERING, FORWARDER]), rng.choice([0.5, 5, 60]))
    if rng.random() < 0.2:
        at, until = _times(rng, ends)
        yield StopAway(FORWARDER, at, min(until, at + 2_000))
    if rng.random() < 0.3:
        yield Deploy(rng.choice([METERING, FORWARDER]), rng.uniform(0, ends))


def _count(rng: random.Random) -> dict[str, int]:
    return {"count": rng.randint(1, 5)} if rng.random() < 0.4 else {}


def _place_away(rng: random.Random, ends: float) -> PlaceAway:
    stop = rng.choice([METERING, FORWARDER])
    place, _ = rng.choice(CALLED[stop])
    at = rng.uniform(0, ends)
    until = min(ends, at + rng.choice(AWAY_SECONDS))
    how = rng.choice([*MISHAPS, Mishap.DIES_BEFORE, Mishap.DIES_AFTER])
    share = rng.choice([0.1, 0.5, 1.0])
    return PlaceAway(place, how, at, until, share, rng.choice(["", stop]))


def _times(rng: random.Random, ends: float) -> tuple[float, float]:
    at, until = sorted((rng.uniform(0, ends), rng.uniform(0, ends)))
    return at, until
