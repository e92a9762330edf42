"""What disturbs a run, as data: a scenario holds some of these, and can be shrunk to fewer.

Times are seconds since the run's beginning. Whoever builds a part of the simulation may add kinds
of its own: `Simulation.arranging` says how each kind is put to work.
"""

from dataclasses import dataclass

from tests.simulation.engine.seam import Mishap


@dataclass(frozen=True, slots=True)
class PlaceAway:
    """Of the calls to a place, this share goes wrong for a time; of one stop, or of all ("")."""

    place: str
    how: Mishap
    at: float
    until: float
    share: float = 1.0
    stop: str = ""


@dataclass(frozen=True, slots=True)
class CallGoesWrong:
    """The n-th call of a stop to a place (from 0)."""

    stop: str
    place: str
    number: int
    how: Mishap


@dataclass(frozen=True, slots=True)
class Dies:
    """A process of a stop dies at the stop's n-th call to anywhere (from 0)."""

    stop: str
    number: int
    how: Mishap  # DIES_BEFORE or DIES_AFTER


@dataclass(frozen=True, slots=True)
class Chaos:
    """For a time, a share of what a place that is there does goes another way (`ChaosKind`)."""

    kind: str
    at: float
    until: float
    share: float


@dataclass(frozen=True, slots=True)
class Skewed:
    """The clocks of a stop's processes differ by up to so many seconds."""

    stop: str
    seconds: float


@dataclass(frozen=True, slots=True)
class AforoFault:
    """A fault of the stand-in (tests/local/aforo/faults.py), as JSON, for a time."""

    order: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class StopAway:
    """The pollers of a stop do not run for a time."""

    stop: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Deploy:
    """All processes of a stop are replaced."""

    stop: str
    at: float


class ChaosKind:
    """What `Chaos.kind` may be: whoever does such a thing asks `Troubles.happens(kind)`."""

    DELIVERY_LOST = "the subscription filter is away"
    DELIVERY_TWICE = "a delivery comes twice"
    DELIVERY_REGROUPED = "a delivery comes again among other lines"
    DELIVERY_LATE = "a delivery comes minutes late"
    INVOKED_TWICE = "Lambda invokes twice"
    RECEIVED_TWICE = "a message is received twice"
    ENTRY_FAILS = "an entry of a batch is refused"


type Disturbance = object  # one of the above, or a kind that another part of the simulation adds
