"""What becomes of data: returned, counted, never thrown.

Of a request in the log: usage events, `Excluded` or `Quarantined`. Of a usage event at the
forwarder: `Confirmed`, `SetAside` or `Held`. Reasons are slugs: the same in metrics, logs,
messages and docs.
"""

from dataclasses import dataclass
from enum import StrEnum


class SetAsideClass(StrEnum):
    """Why Aforo will not take an event now (architecture.md 2); replay filters by it."""

    POISON = "poison"  # the event itself is wrong
    CONFIG = "config"  # Aforo lacks something: an unknown metric, a missing customer
    AUTH = "auth"  # our credential or tenant was refused for longer than the hold
    FUTURE = "future"  # occurredAt is ahead of Aforo's clock
    LATE = "late"  # too old for Aforo to take
    AMBIGUOUS = "ambiguous"  # Aforo may already have it, and no longer remembers keys that old
    EXHAUSTED = "exhausted"  # waited longer than the hold, or received too often


@dataclass(frozen=True, slots=True)
class Excluded:
    """Understood and not billable."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Not understood or not trustworthy: kept raw, metered again after a fix."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Aforo answered accepted or duplicate. `verified` is False after two empty 2xx answers."""

    verified: bool = True


@dataclass(frozen=True, slots=True)
class SetAside:
    """Aforo will not take it, or it waited longer than the hold."""

    set_aside_class: SetAsideClass
    reason: str
    status: int | None = None
    instance: str | None = None  # Aforo's id of its answer: its support asks for it
    maybe_billed_since_ms: int | None = None  # since when Aforo may have it; None: it has not


@dataclass(frozen=True, slots=True)
class Held:
    """Stays in the usage queue until its next try."""

    reason: str
    wait_seconds: float
    ambiguous: bool = False  # Aforo may have it


type ForwardingOutcome = Confirmed | SetAside | Held
