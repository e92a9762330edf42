"""What a local cloud had before a drill: its last request, and what nobody had put right yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.local.demo.accounting import last_sequence
from tests.local.demo.depth import waiting
from tests.local.drill.kept_lines import kept_objects
from tests.local.endpoints import Endpoints

DEAD_LETTERS = ("usage_dead_letter", "counter_dead_letter")


@dataclass(frozen=True, slots=True)
class Before:
    """`last_call` is the gateway's number of it; messages by queue; objects of the quarantine."""

    last_call: int
    dead_letters: Mapping[str, int]
    kept: list[str]


def before(endpoints: Endpoints) -> Before:
    return Before(last_sequence(endpoints), dead_letters(endpoints), kept_objects(endpoints))


def dead_letters(endpoints: Endpoints) -> Mapping[str, int]:
    """Messages by queue."""
    return {queue: waiting(endpoints, queue) for queue in DEAD_LETTERS}
