"""What a run of the count knows: of each source what is to be looked at, and what was done."""

from collections import deque
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.telemetry import AUDIT_NOT_LOOKED_AT, Telemetry
from functions.audit.counting.audit_figures import AuditFigures
from functions.audit.equation import WindowRecord
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.usage.errors import UsageError

# A service that does not answer, and what this application raises on purpose.
NOT_KNOWN = (BotoCoreError, ClientError, UsageError)


@dataclass(slots=True)
class SourceTurn:
    """A source, the windows to look at, and the records of those that are open."""

    source: WatchedSource
    waiting: deque[AuditWindow]
    open: dict[AuditWindow, WindowRecord]
    is_new: bool  # nobody has ever looked at it
    is_left: bool = False  # for this run: another try would fail as well, and cost its time


@dataclass(slots=True)
class CountRun:
    """What was done so far."""

    figures: AuditFigures = field(default_factory=AuditFigures)
    windows: int = 0
    failed: int = 0
    started: list[str] = field(default_factory=list)
    for_a_person: list[str] = field(default_factory=list)  # of a configuration before this one
    bug: Exception | None = None  # the last one

    def fail(self, telemetry: Telemetry, error: Exception, source: str, window: str = "") -> None:
        """A window, or a whole source, that could not be looked at: counted, and told why."""
        self.failed += 1
        why = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
        telemetry.log.error(AUDIT_NOT_LOOKED_AT, source=source, window=window, why=why)


def longest_waiting(turn: SourceTurn) -> tuple[bool, int]:
    """A new source first: of it only the latest window is due, and so it never seems to wait."""
    return not turn.is_new, turn.waiting[0].from_ms


def by_time(window: AuditWindow) -> tuple[int, int]:
    """The oldest first."""
    return window.from_ms, window.shard
