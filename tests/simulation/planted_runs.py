"""The scenarios in which planted defects are found, written out: as few bursts and disturbances as
it takes, so that a person can follow them. Without the defect each of them keeps every promise.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.disturbances import (
    AforoFault,
    Chaos,
    ChaosKind,
    Deploy,
    Disturbance,
    PlaceAway,
    StopAway,
)
from tests.simulation.engine.seam import Mishap
from tests.simulation.operators.deeds import Document, PutsConfiguration, StartsReplay
from tests.simulation.scenario import Burst, Parameters, RequestKind, Scenario
from tests.simulation.usage_road.road_places import FORWARDER, METERING, QUARANTINE

BEGUN = 1_791_014_400.0  # 08:00 UTC on a Saturday
CUSTOMERS = 2
HOLD_SECONDS, WINDOW_SECONDS = 900, 2_000
BUSY: dict[str, object] = {"kind": "status", "status": 429}


def deliveries_that_fail() -> Scenario:
    """The quarantine refuses, so that each delivery fails, with the usage in it. Heartbeats have no
    line to quarantine.
    """
    away = PlaceAway(QUARANTINE, Mishap.REFUSED, 0, 900, stop=METERING)
    return _scenario(0.25, tuple(_mixed(range(400, 640, 60))), away)


def a_passing_refusal() -> Scenario:
    """413 for a post of one event, for two and a half minutes."""
    return _scenario(0.25, (Burst(60, 0, 1),), _aforo(50, 200, {"kind": "status", "status": 413}))


def a_key_that_changes_hands() -> Scenario:
    """One request before its new owner has it, and one after."""
    bursts = (
        Burst(60, 0, 1, kind=RequestKind.API_KEY),
        Burst(1_000, 0, 1, kind=RequestKind.API_KEY),
    )
    return _scenario(0.4, bursts, PutsConfiguration(120, Document.CUSTOMERS, 600))


def usage_that_a_forwarder_holds() -> Scenario:
    """Aforo is away; the process that holds the usage is replaced, and the next one has none."""
    down = _aforo(50, 700, {"kind": "status", "status": 503})
    return _scenario(0.25, (Burst(60, 0, 1),), down, Deploy(FORWARDER, 100))


def two_copies_given_up() -> Scenario:
    """The first copy was refused each time, for certain. The second one comes beside a later line;
    Aforo takes it and does not answer. Past the hold of both the forwarder gives them up together.
    When Aforo has forgotten the key, a person replays one message: with this seed the certain one.
    """
    bursts = Burst(200, 0, 1), Burst(690, 0, 1, kind=RequestKind.HEALTH)
    return replace(
        _scenario(
            0.8,
            bursts,
            _aforo(190, 685, BUSY),
            Chaos(ChaosKind.DELIVERY_REGROUPED, 690, 720, 1.0),
            _aforo(685, 1_700, {"kind": "reset_after_commit", "count": 1}, BUSY),
            StopAway(FORWARDER, 1_000, 1_650),
            StartsReplay(2_800, "of-one", json.dumps({"source": "usage", "maxMessages": 1})),
        ),
        seed=8,
    )


def _mixed(times: range) -> Iterator[Burst]:
    """A request to bill, and one in the same delivery of which nobody knows who pays."""
    for at in times:
        yield Burst(at, 0, 1)
        yield Burst(at, 0, 1, kind=RequestKind.UNVERIFIED)


def _aforo(at: float, until: float, *faults: dict[str, object]) -> AforoFault:
    return AforoFault(json.dumps({"faults": faults}), at, until)


def _scenario(hours: float, bursts: tuple[Burst, ...], *disturbances: Disturbance) -> Scenario:
    return Scenario(
        seed=1,
        begun=BEGUN,
        hours=hours,
        customers=CUSTOMERS,
        has_bytes=False,
        bursts=bursts,
        disturbances=disturbances,
        parameters=Parameters(HOLD_SECONDS, WINDOW_SECONDS),
    )
