"""Defects of earlier versions, planted into today's code: the simulation has to find each, in the
scenario that stands with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from functions.forwarder import problem, settled_rows
from functions.forwarder.heartbeats import HeartbeatRelay
from functions.metering.billing import decide, payer
from functions.metering.failed_deliveries import FailedDeliveries
from functions.metering.heartbeats import read_heartbeats
from functions.metering.intake import Intake
from functions.metering.metered_again import MeteredDelivery
from tests.simulation import planted_runs
from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Scenario

type Names = Mapping[tuple[object, str], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Planted:
    """`names` are those of the code, with what stood there; `breaks` is in the fault that is found
    in the scenario.
    """

    name: str
    what: str
    scenario: Scenario
    breaks: str
    names: Callable[[], Names]


def _heartbeats_pass_alone() -> Names:
    def pass_on(self: Any, delivery: Any, _replay: object) -> MeteredDelivery:
        self._queue.send(read_heartbeats(delivery, self._now_ms()).bodies)
        return MeteredDelivery()

    def note(_self: object, _delivery: object) -> None:
        """Nobody was told of a delivery that failed."""

    return {(Intake, "_pass_on_heartbeats"): pass_on, (FailedDeliveries, "note"): note}


def _refusals_are_final() -> Names:
    return {(problem, "refused_once"): lambda refusal: refusal}


def _customers_are_cast() -> Names:
    known: dict[tuple[object, ...], Any] = {}
    found = payer.verified_customer

    def cast(request: Any, version: Any) -> Any:
        who = (request.customer_id, request.api_key_id, request.tenant_id)
        if who not in known:
            known[who] = found(request, version)
        return known[who]

    return {(decide, "verified_customer"): cast}


def _the_first_copy_speaks() -> Names:
    return {(settled_rows, "_more_doubtful"): lambda known, _other: known}


def _nobody_tells() -> Names:
    return {(HeartbeatRelay, "tell"): lambda _self, _received, _own: []}


LAST_LINES = 12
OVERTAKEN = "is counted, it is said since"
PLANTED = (
    Planted(
        "D1",
        "metering passes heartbeats on, whatever fails beside them",
        planted_runs.deliveries_that_fail(),
        OVERTAKEN,
        _heartbeats_pass_alone,
    ),
    Planted(
        "D3",
        "any refusal is final",
        planted_runs.a_passing_refusal(),
        "invariant 7",
        _refusals_are_final,
    ),
    Planted(
        "moulds",
        "who pays is cast once, whatever is in force",
        planted_runs.a_key_that_changes_hands(),
        "invariant 3",
        _customers_are_cast,
    ),
    Planted(
        "copies",
        "of two copies that are given up together, the ledger has the first one's doubt",
        planted_runs.two_copies_given_up(),
        "invariant 2",
        _the_first_copy_speaks,
    ),
    Planted(
        "overtaking",
        "what a forwarder holds, no other process knows of",
        planted_runs.usage_that_a_forwarder_holds(),
        OVERTAKEN,
        _nobody_tells,
    ),
)


@contextmanager
def planted(one: Planted) -> Iterator[None]:
    """The defect is in, for as long as this lasts."""
    with ExitStack() as patches:
        for (owner, name), stood_there in one.names().items():
            patches.enter_context(patch.object(owner, name, stood_there))
        yield


def found_by(one: Planted) -> Outcome:
    """What its scenario comes to with the defect."""
    with planted(one):
        return run(one.scenario, lines=LAST_LINES)
