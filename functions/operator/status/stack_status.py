"""How a deployment is at one moment: what `aforo-metering status` shows.

Pure. Times are ISO 8601 in UTC; None is what nobody says. A part that could not be read stands in
`not_read`, with why, and its figures are as if there were nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum

ALARM, OK = "ALARM", "OK"
RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """`name` is the template's; `hidden` are in somebody's hands, or held and not yet shown."""

    name: str
    visible: int
    hidden: int
    oldest_seconds: float | None = None

    @property
    def messages(self) -> int:
        return self.visible + self.hidden


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """`name` is the template's; `section_url` says what the alarm means and what to do."""

    name: str
    state: str
    since: str | None
    reason: str
    section_url: str


@dataclass(frozen=True, slots=True)
class ForwarderStatus:
    """Its last report of work. `stopped`: why it posted no further, if it did; `outcomes` count
    events by metric and reason.
    """

    at: str | None
    messages: int
    stopped: str | None
    outcomes: Mapping[str, int]
    oldest_held_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The last run of a state machine; `summary` is of its report, empty while it runs."""

    name: str
    status: str
    started_at: str
    stopped_at: str | None
    summary: Mapping[str, object]

    @property
    def is_running(self) -> bool:
        return self.status == RUNNING


@dataclass(frozen=True, slots=True)
class AuditedStatus:
    """What the audit knows of the last hour, and of older windows that are open: `requests` by
    where they are.
    """

    until: str
    windows: int
    open_windows: int
    requests: Mapping[str, int]


class StatusPart(StrEnum):
    """What `not_read` may begin with, of what a screen has a line for."""

    ALARMS = "alarms"
    FORWARDER = "the forwarder"
    QUARANTINE = "the quarantine"
    SET_ASIDE = "what was set aside, by class"
    LAG = "lag and ages"
    REPLAY = "the last replay"
    AUDIT = "the last audit"
    AUDITED = "what was audited"


@dataclass(frozen=True, slots=True)
class KeptStatus:
    """Objects of the quarantine, and messages of UsageDeadLetterQueue; not more than were looked
    at.
    """

    quarantined_objects: int = 0
    quarantined_by_reason: Mapping[str, int] = field(default_factory=dict)
    set_aside_by_class: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackStatus:
    """`place` is what the deployment is called in a sentence."""

    place: str
    region: str | None
    taken_at: str
    queues: tuple[QueueStatus, ...] = ()
    alarms: tuple[AlarmStatus, ...] = ()
    forwarder: ForwarderStatus | None = None
    kept: KeptStatus = field(default_factory=KeptStatus)
    lag_seconds: float | None = None
    last_replay: RunStatus | None = None
    last_audit: RunStatus | None = None
    not_read: tuple[str, ...] = ()
    audited: AuditedStatus | None = None

    def queue(self, name: str) -> QueueStatus:
        """By the template's name; empty where it was not read."""
        return next((one for one in self.queues if one.name == name), QueueStatus(name, 0, 0))

    @property
    def ringing(self) -> tuple[AlarmStatus, ...]:
        return tuple(one for one in self.alarms if one.state == ALARM)


def as_json(status: StackStatus) -> dict[str, object]:
    """All of it, in JSON's own types; fields in camel case, reasons and classes as they are."""
    return _fields(status)


def _fields(one: object) -> dict[str, object]:
    names = (each.name for each in fields(one))  # type: ignore[arg-type]
    return {_camel(name): _plain(getattr(one, name)) for name in names}


def _plain(value: object) -> object:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
