"""Five defects of earlier versions, planted into today's code: the simulation has to find each, by
the seed that stands with it.
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
from tests.simulation.run import Outcome, run
from tests.simulation.whole import draw_whole

type Names = Mapping[tuple[object, str], Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Planted:
    """`names` are those of the code, with what stood there; `breaks` is a word of the fault that is
    found with the seed.
    """

    name: str
    what: str
    seed: int
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


PLANTED = (
    Planted(
        "D1",
        "metering passes heartbeats on, whatever fails beside them",
        0,
        "waits",
        _heartbeats_pass_alone,
    ),
    Planted("D3", "any refusal is final", 0, "invariant 7", _refusals_are_final),
    Planted(
        "moulds",
        "who pays is cast once, whatever is in force",
        0,
        "invariant 3",
        _customers_are_cast,
    ),
    Planted(
        "copies",
        "of two copies that are given up, the first one's doubt is kept",
        0,
        "invariant 2",
        _the_first_copy_speaks,
    ),
    Planted(
        "overtaking",
        "what a forwarder holds, no other process knows of",
        0,
        "waits",
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


def found_by(one: Planted, seed: int) -> Outcome:
    """What a run with the defect comes to."""
    with planted(one):
        return run(draw_whole(seed))
