"""One run, as data: everything that is drawn is drawn before it begins."""

from dataclasses import dataclass, replace

from tests.simulation.disturbances import Disturbance

HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Burst:
    """So many requests of one customer, at one time (seconds since the beginning), whose lines go
    to one stream. `kind` is a name of `RequestKind`. `is_execution`: to the stage that has an
    execution log.
    """

    at: float
    customer: int
    requests: int
    stream: int = 0
    kind: str = "token"
    is_execution: bool = False


class RequestKind:
    """What a burst's requests are."""

    TOKEN = "token"  # our authorizer verified who calls
    API_KEY = "api key"  # the customer map of the configuration says whose it is
    REFUSED = "refused"  # by API Gateway, 429
    HEALTH = "health"
    SERVER_ERROR = "server error"
    UNVERIFIED = "unverified"  # nobody knows who pays
    BROKEN = "broken"  # the line is no JSON


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of the stack; short, so that windows pass within a run."""

    hold_seconds: int = 3_600
    dedup_window_seconds: int = 7_200
    forwarder_window_seconds: int = 5
    forwarder_concurrency: int = 3
    aforo_events_per_minute: int = 10_000
    events_per_post: int = 100


@dataclass(frozen=True, slots=True)
class Scenario:
    """`begun` is in epoch seconds; traffic and disturbances last for `hours`."""

    seed: int
    begun: float
    hours: float
    customers: int
    has_bytes: bool  # a second meter counts what is sent back
    bursts: tuple[Burst, ...]
    disturbances: tuple[Disturbance, ...]
    parameters: Parameters = Parameters()

    has_execution_log: bool = False  # a second stage of which it is metered

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.bursts)

    def with_disturbances(self, some: tuple[Disturbance, ...]) -> "Scenario":
        return replace(self, disturbances=some)

    def with_bursts(self, some: tuple[Burst, ...]) -> "Scenario":
        return replace(self, bursts=some)
