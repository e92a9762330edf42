"""Defects of earlier versions, planted into today's code: the simulation has to find each, by the
seed that stands with it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from functions.metering.billing import decide, payer
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


def _customers_are_cast() -> Names:
    known: dict[tuple[object, ...], Any] = {}
    found = payer.verified_customer

    def cast(request: Any, version: Any) -> Any:
        who = (request.customer_id, request.api_key_id, request.tenant_id)
        if who not in known:
            known[who] = found(request, version)
        return known[who]

    return {(decide, "verified_customer"): cast}


PLANTED = (
    Planted(
        "moulds",
        "who pays is cast once, whatever is in force",
        89,
        "invariant 3",
        _customers_are_cast,
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
