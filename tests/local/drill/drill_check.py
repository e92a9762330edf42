"""Whether an incident is resolved, by what the system has: calls, book, queues, quarantine."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from tests.local.demo.depth import unwritten, waiting
from tests.local.drill.before import Before, dead_letters
from tests.local.drill.drill_calls import Billed, billed_since, call_each, callers
from tests.local.drill.incident import Incident
from tests.local.drill.kept_lines import kept_objects
from tests.local.endpoints import Endpoints
from tests.local.waiting import until

# What is on its way arrives in a few seconds; a new Lambda process of two loaded cores takes more.
ARRIVAL_SECONDS = 25.0
LOOK_EVERY_SECONDS = 0.5
SERVED_SECONDS = 8.0  # a decision that Redis was too slow for, once, is asked for again


class Finding(NamedTuple):
    """What must be, whether it is, and what was seen; `may_come` by itself, in a moment. What was
    there before the drill does not count.
    """

    what: str
    holds: bool
    seen: str
    may_come: bool = False


def check(endpoints: Endpoints, incident: Incident, before: Before) -> list[Finding]:
    """Calls each customer once more: a cause that is still there keeps that out of the book."""
    served = Finding("customers are served", *_served(endpoints))
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while True:
        findings = [served, *_findings(endpoints, incident, before)]
        missing = [one for one in findings if not one.holds]
        may_come = bool(missing) and all(one.may_come for one in missing)
        if not may_come or time.monotonic() > deadline:
            return findings
        time.sleep(LOOK_EVERY_SECONDS)


def on_its_way(endpoints: Endpoints, before: Before) -> list[Finding]:
    """What is not billed yet of what was served since, and what waits."""
    return [
        one for one in (*_billed(endpoints, before), *_waiting(endpoints, before)) if not one.holds
    ]


def _served(endpoints: Endpoints) -> tuple[bool, str]:
    seen = ""

    def look() -> bool:
        nonlocal seen
        answered = call_each(endpoints)
        seen = ", ".join(f"{times} x {what}" for what, times in sorted(answered.items()))
        return set(answered) == {"200"}

    try:
        return until(look, SERVED_SECONDS, every=1.0), seen
    except TimeoutError:
        return False, seen


def _findings(endpoints: Endpoints, incident: Incident, before: Before) -> Iterator[Finding]:
    yield from _billed(endpoints, before)
    yield from _waiting(endpoints, before)
    faults = incident.left(endpoints)
    seen = "; ".join(faults) or "nothing"
    yield Finding("nothing else is left", not faults, seen, may_come=incident.left_settles)


def _billed(endpoints: Endpoints, before: Before) -> Iterator[Finding]:
    lines = unwritten(endpoints)
    yield Finding("the log has every request", lines == 0, f"{lines} to be written", may_come=True)
    found = billed_since(endpoints, before.last_call)
    for one in callers(endpoints):
        billed = found.get(one.customer_id, Billed(0, 0, 0))
        yield Finding(
            f"{one.customer_id}: each request is billed once",
            billed.once == billed.served,
            f"{billed.served} served, {billed.once} billed once, {billed.more} more often",
            may_come=not billed.more,
        )


def _waiting(endpoints: Endpoints, before: Before) -> Iterator[Finding]:
    for queue in ("usage", "settled"):
        depth = waiting(endpoints, queue)
        yield Finding(f"queue {queue} is empty", depth == 0, f"{depth} messages", may_come=True)
    for queue, depth in dead_letters(endpoints).items():
        new = max(0, depth - before.dead_letters[queue])
        yield Finding(f"queue {queue} is empty", new == 0, f"{new} messages")
    kept = len(set(kept_objects(endpoints)) - set(before.kept))
    yield Finding("the quarantine is empty", kept == 0, f"{kept} objects")
