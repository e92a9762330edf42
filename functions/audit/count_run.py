"""What a run of the count knows: of each source what is to be looked at, and what was done."""

from collections import deque
from dataclasses import dataclass, field

from functions.audit.audit_figures import AuditFigures
from functions.audit.equation import WindowRecord
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow


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


def longest_waiting(turn: SourceTurn) -> tuple[bool, int]:
    """A new source first: of it only the latest window is due, and so it never seems to wait."""
    return not turn.is_new, turn.waiting[0].from_ms
