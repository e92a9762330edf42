"""All that the local page shows at one moment. Data only: what is read comes in, pictures and words
are made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.local.page.request_book import Billing, ServedRequest


@dataclass(frozen=True, slots=True)
class QueueLevel:
    """Messages that show, and those in somebody's hands or held."""

    visible: int = 0
    hidden: int = 0

    @property
    def messages(self) -> int:
        return self.visible + self.hidden


@dataclass(frozen=True, slots=True)
class AforoSide:
    """The stand-in's book; `faults` are its orders to go wrong, in words."""

    accepted: int = 0
    faults: tuple[str, ...] = ()
    is_down: bool = False


@dataclass(frozen=True, slots=True)
class GatewaySide:
    """What the gateway's witness counts."""

    served: int = 0
    unwritten: int = 0  # their lines are not in the log yet
    by_status: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerBar:
    """A customer at the counters; None: nothing was granted."""

    customer_id: str
    used: int | None
    limit: int | None
    remaining: int | None
    status: str | None


@dataclass(frozen=True, slots=True)
class KeptReason:
    """So many things for one reason, and what a person does about it."""

    reason: str
    times: int
    cure: str = ""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """`name` is the template's, `section` where the docs tell what to do."""

    name: str
    state: str
    means: str
    reason: str
    section: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """The last run of a state machine: the lines that matter, and all of its report."""

    name: str
    status: str
    started_at: str
    facts: tuple[tuple[str, str], ...] = ()
    report: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """`metrics` are sums since the start, by the names and services that the dashboard asks for."""

    taken_at: str
    gateway: GatewaySide = GatewaySide()
    aforo: AforoSide = AforoSide()
    queues: Mapping[str, QueueLevel] = field(default_factory=dict)
    billing: Mapping[Billing, int] = field(default_factory=dict)
    unmetered: int = 0  # requests of stages that are not metered
    ledger: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[tuple[str, str], int] = field(default_factory=dict)
    held: tuple[KeptReason, ...] = ()
    set_aside: tuple[KeptReason, ...] = ()
    quarantined: tuple[KeptReason, ...] = ()
    excluded: tuple[KeptReason, ...] = ()
    customers: tuple[CustomerBar, ...] = ()
    requests: tuple[ServedRequest, ...] = ()
    alarms: tuple[AlarmRow, ...] = ()
    last_replay: RunReport | None = None
    last_audit: RunReport | None = None
    lag_seconds: float | None = None
    not_read: tuple[str, ...] = ()

    def queue(self, name: str) -> QueueLevel:
        """By the name in endpoints.json."""
        return self.queues.get(name, QueueLevel())

    def metric(self, name: str, service: str) -> int:
        return self.metrics.get((name, service), 0)

    @property
    def served(self) -> int:
        """Requests of metered stages."""
        return sum(self.billing.values())
