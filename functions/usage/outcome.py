"""What becomes of data: returned, counted, never thrown.

Of a request in the log: usage events, `Excluded` or `Quarantined`. Of a usage event at the
forwarder: `Confirmed`, `SetAside` or `Held`. Reasons are slugs: the same in metrics, logs,
messages and docs.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideMeaning:
    """What a class of what was set aside means to whoever meets it. No field has a default: whoever
    adds a class says all of it. The tables in the docs hold the two sentences.
    """

    means: str
    operator_does: str
    replayed_by_default: bool  # by a replay whose filter names no class
    replayed_by_schedule: bool  # each hour with AutomaticReplay: nothing but an outage was wrong
    doubtful_if_unsaid: bool  # Aforo may have it, unless its record says that it has not
    needs_decision: bool  # replaying it again changes nothing: a person decides


class SetAsideClass(StrEnum):
    """Why Aforo will not take an event now (architecture.md 2); replay filters by it."""

    POISON = "poison"
    CONFIG = "config"
    AUTH = "auth"
    FUTURE = "future"
    LATE = "late"
    AMBIGUOUS = "ambiguous"
    EXHAUSTED = "exhausted"

    @property
    def meaning(self) -> SetAsideMeaning:  # noqa: PLR0911 - one for each class
        """A class that has none does not type-check: "Missing return statement"."""
        match self:
            case SetAsideClass.POISON:
                return _POISON
            case SetAsideClass.CONFIG:
                return _CONFIG
            case SetAsideClass.AUTH:
                return _AUTH
            case SetAsideClass.FUTURE:
                return _FUTURE
            case SetAsideClass.LATE:
                return _LATE
            case SetAsideClass.AMBIGUOUS:
                return _AMBIGUOUS
            case SetAsideClass.EXHAUSTED:
                return _EXHAUSTED


_POISON = SetAsideMeaning(
    means="the event itself is wrong",
    operator_does="Mend what Aforo refused, then replay it by its class",
    replayed_by_default=False,  # it comes back unless something was mended
    replayed_by_schedule=False,
    doubtful_if_unsaid=False,
    needs_decision=False,
)
_CONFIG = SetAsideMeaning(
    means="Aforo lacks something: an unknown metric, a missing customer",
    operator_does="Create at Aforo what it lacks, then replay",
    replayed_by_default=True,
    replayed_by_schedule=False,  # time alone creates no metric
    doubtful_if_unsaid=False,
    needs_decision=False,
)
_AUTH = SetAsideMeaning(
    means="our credential or tenant was refused for longer than the hold",
    operator_does="Mend the credential, then replay",
    replayed_by_default=True,
    replayed_by_schedule=True,
    doubtful_if_unsaid=False,  # refused at the door
    needs_decision=False,
)
_FUTURE = SetAsideMeaning(
    means="`occurredAt` is ahead of Aforo's clock",
    operator_does="Mend the clock, and replay when its time has come",
    replayed_by_default=True,
    replayed_by_schedule=False,
    doubtful_if_unsaid=False,
    needs_decision=False,
)
_LATE = SetAsideMeaning(
    means="too old for Aforo to take",
    operator_does="Hand it to Aforo's historical import",
    replayed_by_default=True,
    replayed_by_schedule=False,
    doubtful_if_unsaid=False,
    needs_decision=True,
)
_AMBIGUOUS = SetAsideMeaning(
    means="Aforo may already have it, and no longer remembers keys that old: a person decides",
    operator_does="Ask Aforo about every key, and send those that it lacks",
    replayed_by_default=True,  # without that word it comes back; what the ledger has does not
    replayed_by_schedule=False,
    doubtful_if_unsaid=True,
    needs_decision=True,
)
_EXHAUSTED = SetAsideMeaning(
    means="waited longer than the hold, or was received too often",
    operator_does="Wait until Aforo is back, then replay",
    replayed_by_default=True,
    replayed_by_schedule=True,
    doubtful_if_unsaid=True,
    needs_decision=False,
)


# A reason of AMBIGUOUS with a cure of its own: the ledger that would know is another one.
BEFORE_THE_LEDGER = "before_the_ledger"
BEFORE_THE_LEDGER_CURE = (
    "it is older than this stack's ledger: adopt the older ledger (LedgerBucketName) and replay it;"
    " was nothing metered before, replay it with sendAmbiguous"
)


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
    refusal: SetAside | None = None  # what it becomes when Aforo gives the same answer again


type ForwardingOutcome = Confirmed | SetAside | Held
