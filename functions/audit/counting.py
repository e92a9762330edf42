"""One run of the audit's count: the windows that are due come in, a record of each leaves, and the
state machine is started for those in which something is missing.

Sources take turns, so that a busy one keeps none waiting, each from its oldest window on; who has
waited longest begins, so that the last is not left out each time. A window
that could not be looked at is due again next time, and keeps no other from being looked at. Run
again at once, it finds nothing due and starts nothing more.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.adapters.telemetry import (
    AUDIT_COUNTED,
    AUDIT_NOT_LOOKED_AT,
    AUDIT_REPAIR_STARTED,
    AUDIT_UNACCOUNTED,
    Telemetry,
)
from functions.audit.audit_figures import AuditFigures
from functions.audit.comparing import Comparing, LogGone
from functions.audit.due_windows import WindowPlan
from functions.audit.equation import WindowRecord
from functions.audit.repair_start import MOST_REPAIRS
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.errors import Retryable, UsageError

# Of one run: each of them meters, and a day's windows would at once.
MOST_STARTS = 10
# A service that does not answer, and what this application raises on purpose; a bug stays loud.
NOT_KNOWN = (BotoCoreError, ClientError, UsageError)


class StartsRepairs(Protocol):
    """functions.audit.repair_start."""

    def start(self, window: AuditWindow, repairs: int) -> str: ...


class NotLookedAt(Retryable):
    """Some windows could not be: the log says which, and why."""


@dataclass(slots=True)
class _Turn:
    """A source, the windows to look at, and the records of those that are open."""

    source: WatchedSource
    waiting: deque[AuditWindow]
    open: dict[AuditWindow, WindowRecord]
    is_new: bool  # nobody has ever looked at it
    is_left: bool = False  # for this run: another try would fail as well, and cost its time


@dataclass(slots=True)
class _Run:
    """What was done so far."""

    figures: AuditFigures = field(default_factory=AuditFigures)
    windows: int = 0
    failed: int = 0
    started: list[str] = field(default_factory=list)


class Counting(NamedTuple):
    """Whom it asks. `clear_until` is that of the comparison, asked once a run."""

    sources: Callable[[], Sequence[WatchedSource]]
    store: WindowStore
    comparing: Comparing
    repairs: StartsRepairs
    plan: WindowPlan
    telemetry: Telemetry
    shard: int | None = None  # of the plan's, whose windows alone are looked at; None: all are

    def run(self, now: datetime, is_time_left: Callable[[], bool]) -> dict[str, object]:
        """What was done. NotLookedAt in the end, where something could not be."""
        run, now_ms = _Run(), int(now.timestamp() * 1000)
        turns = [turn for source in self.sources() if (turn := self._turn(source, now_ms, run))]
        rounds = deque(sorted((turn for turn in turns if turn.waiting), key=_longest_waiting))
        while rounds and is_time_left():
            turn = rounds.popleft()
            self._look(turn, turn.waiting.popleft(), run)
            if turn.waiting and not turn.is_left:
                rounds.append(turn)
        for turn in turns:
            run.figures.open_now(turn.open.values())
            self._repair(turn, run)
        behind = run.failed + sum(len(turn.waiting) for turn in turns)
        run.figures.tell(self.telemetry, behind)
        done: dict[str, object] = {
            "windows": run.windows,
            "behind": behind,
            "failed": run.failed,
            "unaccounted": run.figures.unaccounted,
            "started": run.started,
        }
        self.telemetry.report(AUDIT_COUNTED, **done)
        if run.failed:
            raise NotLookedAt(f"{run.failed} windows or sources: see {AUDIT_NOT_LOOKED_AT}")
        return done

    def _turn(self, source: WatchedSource, now_ms: int, run: _Run) -> _Turn | None:
        """None where its records cannot be read."""
        from_ms, name = self.plan.reach_from_ms(now_ms), source.name
        try:
            known = self.store.states(name, from_ms, now_ms)
            is_new = not known and not self.store.is_known(name)
            open_ = [one for one, closed in known.items() if not closed and self._is_ours(one)]
            records = dict(zip(open_, self.store.records(open_, closed=False), strict=True))
            again = [one for one in open_ if records[one].equation.held and self._is_clear(one)]
        except NOT_KNOWN as error:
            self._failed(run, error, source=name)
            return None
        due = filter(self._is_ours, self.plan.due(name, known, now_ms, is_new=is_new))
        ours = (one for one in [*again, *due] if self.plan.is_in_turn(one, now_ms))
        waiting = deque(sorted(ours, key=_by_time))
        return _Turn(source, waiting, records, is_new)

    def _look(self, turn: _Turn, window: AuditWindow, run: _Run) -> None:
        before = turn.open.get(window)
        try:
            found = self.comparing.compare(turn.source, window).record
            record = found.model_copy(update={"repairs": before.repairs if before else 0})
            # 1. Durable in S3. If we die before, the window is due again; what is missing in it is
            # seen by the next run, which starts the repair.
            self.store.keep(window, record)
        except LogGone:
            # The source check rings for it; nothing of it will ever be looked at.
            self.telemetry.log.warning(AUDIT_NOT_LOOKED_AT, source=turn.source.name, why="log_gone")
            turn.waiting.clear()
            return
        except NOT_KNOWN as error:
            self._failed(run, error, source=turn.source.name, window=str(window))
            turn.is_left = isinstance(error, LogBusy | LogNotReadable)
            return
        run.windows += 1
        run.figures.looked_at(record, before)
        turn.open.pop(window, None)
        if not record.equation.is_closed:
            turn.open[window] = record
        if unaccounted := record.equation.unaccounted:
            self.telemetry.log.warning(
                AUDIT_UNACCOUNTED,
                window=str(window),
                unaccounted=unaccounted,
                repairs=record.repairs,
            )

    def _repair(self, turn: _Turn, run: _Run) -> None:
        for window in sorted(turn.open, key=_by_time):
            record = turn.open[window]
            if not record.equation.unaccounted or record.repairs >= MOST_REPAIRS:
                continue
            if len(run.started) == MOST_STARTS:
                return
            try:
                name = self._is_clear(window) and self.repairs.start(window, record.repairs)
            except NOT_KNOWN as error:
                self._failed(run, error, source=turn.source.name, window=str(window))
                return
            if name:
                run.started.append(name)
                self.telemetry.log.info(AUDIT_REPAIR_STARTED, window=str(window), execution=name)

    def _is_ours(self, window: AuditWindow) -> bool:
        return self.shard is None or self.plan.is_of_shard(window, self.shard)

    def _is_clear(self, window: AuditWindow) -> bool:
        return int(self.comparing.clear_until().timestamp() * 1000) >= window.to_ms

    def _failed(self, run: _Run, error: Exception, source: str, window: str = "") -> None:
        run.failed += 1
        why = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
        self.telemetry.log.error(AUDIT_NOT_LOOKED_AT, source=source, window=window, why=why)


def _longest_waiting(turn: _Turn) -> tuple[bool, int]:
    """A new source first: of it only the latest window is due, and so it never seems to wait."""
    return not turn.is_new, turn.waiting[0].from_ms


def _by_time(window: AuditWindow) -> tuple[int, int]:
    return window.from_ms, window.shard
