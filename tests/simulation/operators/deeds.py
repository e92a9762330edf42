"""What people do to a deployment, as data: kinds of disturbance that a scenario may hold.

Times are seconds since the run's beginning. `name` is an execution's: stops and redrives mean that
one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StartsReplay:
    """`order` is the execution's input, as JSON."""

    at: float
    name: str
    order: str


@dataclass(frozen=True, slots=True)
class StartsAudit:
    """Of the time from and to, in seconds since the beginning; `to` before `at`."""

    at: float
    name: str
    begins: float
    ends: float
    is_dry: bool = False
    includes_old: bool = False


@dataclass(frozen=True, slots=True)
class StopsExecution:
    """Wherever it is; `redriven_after` seconds later it goes on, or not (0)."""

    at: float
    name: str
    redriven_after: float = 0.0


@dataclass(frozen=True, slots=True)
class SchedulesAway:
    """What EventBridge Scheduler starts is not started for a time."""

    at: float
    until: float


class Document:
    """What a person does with the configuration."""

    BAD = "puts one that cannot be used"
    DELETED = "deletes it"
    SAME = "puts what is in force again"
    CUSTOMERS = "puts one with other customers from a time ahead"
    METER = "puts one with another meter from a time ahead"


@dataclass(frozen=True, slots=True)
class PutsConfiguration:
    """`ahead`: so many seconds later what is new comes into force."""

    at: float
    what: str  # a word of `Document`
    ahead: float = 1_800.0


@dataclass(frozen=True, slots=True)
class BeginsUnconfigured:
    """Nobody has ever put a configuration: the default is in force."""


@dataclass(frozen=True, slots=True)
class RotatesKey:
    """Of Aforo: the one before is taken for some seconds more."""

    at: float
    overlap: float
