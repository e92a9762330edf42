"""One run of the audit's count: the windows that are due come in, a record of each leaves, and the
state machine is started for those in which something is missing.

Sources take turns, so that a busy one keeps none waiting, each from its oldest window on; who has
waited longest begins, so that the last is not left out each time. A window
that could not be looked at is due again next time, and keeps no other from being looked at. Run
again at once, it finds nothing due and starts nothing more.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.adapters.telemetry import (
    AUDIT_COUNTED,
    AUDIT_NOT_LOOKED_AT,
    AUDIT_UNACCOUNTED,
    Telemetry,
)
from functions.audit.comparison.comparing import Comparing, LogGone, OutOfTime
from functions.audit.counting.count_run import (
    NOT_KNOWN,
    CountRun,
    SourceTurn,
    by_time,
    longest_waiting,
)
from functions.audit.counting.due_windows import RUNS_APART_MS, WindowPlan
from functions.audit.counting.repairs_begun import RepairsBegun
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.errors import Retryable

# One run of four begins with who waited least, one source after the other: a window that takes
# longer than an invocation has waits longest, and would take the time of all in each run.
_TURNED = 4
# Windows in a line of the log.
MOST_NAMED = 10


class NotLookedAt(Retryable):
    """Some windows could not be: the log says which, and why."""


class Counting(NamedTuple):
    """Whom it asks. The comparison asks the road once a run."""

    sources: Callable[[], Sequence[WatchedSource]]
    store: WindowStore
    comparing: Comparing
    repairs: RepairsBegun
    plan: WindowPlan
    telemetry: Telemetry
    shard: int | None = None  # of the plan's, whose windows alone are looked at; None: all are

    def run(self, now: datetime, is_time_left: Callable[[], bool]) -> dict[str, object]:
        """What was done. NotLookedAt, or a bug as it is, when all others were looked at."""
        run, now_ms = CountRun(), int(now.timestamp() * 1000)
        turns = [turn for source in self.sources() if (turn := self._turn(source, now_ms, run))]
        rounds = deque(sorted((turn for turn in turns if turn.waiting), key=longest_waiting))
        if is_turned := now_ms // RUNS_APART_MS % _TURNED == _TURNED - 1:
            rounds.reverse()
        while rounds and is_time_left():
            turn = rounds.popleft()
            self._look(turn, turn.waiting.popleft(), run)
            if turn.waiting and not turn.is_left:
                (rounds.appendleft if is_turned else rounds.append)(turn)
        for turn in turns:
            self.repairs.begin(turn, run, is_time_left)
            run.figures.open_now(turn.open.values())
        behind = run.failed + sum(len(turn.waiting) for turn in turns)
        run.figures.tell(self.telemetry, behind)
        done: dict[str, object] = {
            "windows": run.windows,
            "behind": behind,
            "failed": run.failed,
            "unaccounted": run.figures.unaccounted,
            "started": run.started,
        }
        waiting = run.for_a_person[:MOST_NAMED]
        self.telemetry.report(AUDIT_COUNTED, **done, waiting_for_a_person=waiting)
        if run.bug:
            raise run.bug
        if run.failed:
            raise NotLookedAt(f"{run.failed} windows or sources: see {AUDIT_NOT_LOOKED_AT}")
        return done

    def _turn(self, source: WatchedSource, now_ms: int, run: CountRun) -> SourceTurn | None:
        """None where its records cannot be read."""
        from_ms, name = self.plan.reach_from_ms(now_ms), source.name
        try:
            known = self.store.states(name, from_ms, now_ms)
            is_new = not known and not self.store.is_known(name)
            open_ = [one for one, closed in known.items() if not closed and self._is_ours(one)]
            records, torn = self.store.open_records(open_)
            again = [
                one
                for one in records
                if records[one].equation.held and self.comparing.is_clear(one)
            ]
        except NOT_KNOWN as error:
            run.fail(self.telemetry, error, source=name)
            return None
        for window, fault in torn.items():
            run.fail(self.telemetry, fault, source=name, window=str(window))
            again.append(window)  # and written anew
        due = filter(self._is_ours, self.plan.due(name, known, now_ms, is_new=is_new))
        ours = (one for one in [*again, *due] if self.plan.is_in_turn(one, now_ms))
        waiting = deque(sorted(ours, key=by_time))
        return SourceTurn(source, waiting, records, is_new)

    def _look(self, turn: SourceTurn, window: AuditWindow, run: CountRun) -> None:
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
            run.fail(self.telemetry, error, source=turn.source.name, window=str(window))
            turn.is_left = isinstance(error, LogBusy | LogNotReadable | OutOfTime)
            return
        except Exception as error:  # noqa: BLE001 - raised in the end: it must not stop the others
            run.fail(self.telemetry, error, source=turn.source.name, window=str(window))
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

    def _is_ours(self, window: AuditWindow) -> bool:
        return self.shard is None or self.plan.is_of_shard(window, self.shard)
