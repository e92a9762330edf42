"""One run of the audit's count: the windows that are due come in, a record of each leaves, and the
state machine is started for those in which something is missing.

Sources take turns, so that a busy one keeps none waiting, each from its oldest window on. A window
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
from functions.audit.comparing import Comparing, LogGone, OutOfTime
from functions.audit.due_windows import WindowPlan
from functions.audit.equation import WindowRecord
from functions.audit.reading_time import LAST_LINES_MS, ReadingTime
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.errors import Retryable, UsageError

# Then a person looks: what was metered three times and is not in the ledger needs another cure.
MOST_REPAIRS = 3
# Of one run: each of them meters, and a day's windows would at once.
MOST_STARTS = 10
# A service that does not answer, and what this application raises on purpose.
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
    is_left: bool = False  # for this run: another try would fail as well, and cost its time


@dataclass(slots=True)
class _Run:
    """What was done so far."""

    figures: AuditFigures = field(default_factory=AuditFigures)
    windows: int = 0
    failed: int = 0
    started: list[str] = field(default_factory=list)
    bug: Exception | None = None  # the last one


class Counting(NamedTuple):
    """Whom it asks. `clear_until` is that of the comparison, asked once a run."""

    sources: Callable[[], Sequence[WatchedSource]]
    store: WindowStore
    comparing: Comparing
    repairs: StartsRepairs
    plan: WindowPlan
    telemetry: Telemetry
    reading_time: ReadingTime = ReadingTime(lambda: LAST_LINES_MS + 1)  # for one more, always

    def run(self, now: datetime, is_time_left: Callable[[], bool]) -> dict[str, object]:
        """What was done. NotLookedAt, or a bug as it is, when all others were looked at."""
        run, now_ms = _Run(), int(now.timestamp() * 1000)
        turns = [turn for source in self.sources() if (turn := self._turn(source, now_ms, run))]
        rounds = deque(turn for turn in turns if turn.waiting)
        while rounds and is_time_left():
            turn = rounds.popleft()
            self._look(turn, turn.waiting.popleft(), run, others_wait=bool(rounds))
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
        if run.bug:
            raise run.bug
        if run.failed:
            raise NotLookedAt(f"{run.failed} windows or sources: see {AUDIT_NOT_LOOKED_AT}")
        return done

    def _turn(self, source: WatchedSource, now_ms: int, run: _Run) -> _Turn | None:
        """None where its records cannot be read."""
        from_ms, name = self.plan.reach_from_ms(now_ms), source.name
        try:
            known = self.store.states(name, from_ms, now_ms)
            is_new = not known and not self.store.is_known(name)
            open_ = [window for window, is_closed in known.items() if not is_closed]
            records, torn = self.store.open_records(open_)
            again = [one for one in records if records[one].equation.held and self._is_clear(one)]
        except NOT_KNOWN as error:
            self._failed(run, error, source=name)
            return None
        for window, fault in torn.items():
            self._failed(run, fault, source=name, window=str(window))
            again.append(window)  # and written anew
        due = self.plan.due(name, known, now_ms, is_new=is_new)
        return _Turn(source, deque(sorted([*again, *due], key=_by_time)), records)

    def _look(self, turn: _Turn, window: AuditWindow, run: _Run, *, others_wait: bool) -> None:
        before = turn.open.get(window)
        has_time = self.reading_time.of_a_window(others_wait=others_wait)
        comparing = self.comparing._replace(is_time_left=has_time)
        try:
            found = comparing.compare(turn.source, window).record
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
            turn.is_left = isinstance(error, LogBusy | LogNotReadable | OutOfTime)
            return
        except Exception as error:  # noqa: BLE001 - raised in the end: it must not stop the others
            self._failed(run, error, source=turn.source.name, window=str(window))
            run.bug = error
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

    def _is_clear(self, window: AuditWindow) -> bool:
        return int(self.comparing.clear_until().timestamp() * 1000) >= window.to_ms

    def _failed(self, run: _Run, error: Exception, source: str, window: str = "") -> None:
        run.failed += 1
        why = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
        self.telemetry.log.error(AUDIT_NOT_LOOKED_AT, source=source, window=window, why=why)


def _by_time(window: AuditWindow) -> tuple[int, int]:
    return window.from_ms, window.shard
