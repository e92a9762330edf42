"""A promise about refusals: what Aforo refuses in words that do not blame the event is set aside
only when it has said so for five minutes, or at the end of the hold. Else a hiccup of Aforo's would
wait for a person.
"""

import json
from collections.abc import Iterator
from typing import Any

from functions.forwarder.blame import ASK_AGAIN_SECONDS, blames_the_event
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass
from tests.simulation.aws.simulated_queue import Message
from tests.simulation.disturbances import AforoFault
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import USAGE_DEAD_LETTERS

CLOCKS_DIFFER = 60.0  # seconds, as scenarios have it
INVOCATION = 130.0  # what was posted in one is set aside at its end


def promise_patience(sim: Simulation) -> None:
    """From now on each message that is set aside is looked at."""
    queue = sim.queues[USAGE_DEAD_LETTERS]
    enter = queue._enter

    def entered(message: Message) -> None:
        found = json.loads(message.body)
        record = found.get("setAside") or {}
        is_poison = record.get("setAsideClass") == SetAsideClass.POISON
        if is_poison and not blames_the_event(record["reason"]) and _is_hasty(sim, found):
            sim.accuse(f"invariant 7: a refusal that blames nobody is poison: {record['reason']}")
        enter(message)

    queue._enter = entered  # type: ignore[method-assign]


def _is_hasty(sim: Simulation, message: dict[str, Any]) -> bool:
    """Neither has Aforo been at fault for so long, nor is the hold over."""
    waited = sim.world.now - epoch_ms_from_iso(message["meteredAt"]) / 1000
    is_over = waited >= sim.scenario.parameters.hold_seconds - CLOCKS_DIFFER * 2
    return not is_over and max(_at_fault(sim), default=0.0) < ASK_AGAIN_SECONDS - CLOCKS_DIFFER


def _at_fault(sim: Simulation) -> Iterator[float]:
    """For how long each fault has lasted that may have made this answer."""
    for one in sim.scenario.disturbances:
        if isinstance(one, AforoFault) and one.at <= sim.elapsed <= one.until + INVOCATION:
            yield sim.elapsed - one.at
