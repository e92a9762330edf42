"""The open windows of a source come in; executions of the audit's state machine, which meter again
what is missing in them, are begun, the oldest window first.

Not for windows of which usage may still be on its way, nor for those of before the configuration in
use: what seems to be missing there may only be called otherwise now, by a meter with another id, a
new meter, a source that nobody had declared. To bill that is for a person to decide.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from functions.adapters.telemetry import AUDIT_REPAIR_STARTED, Telemetry
from functions.audit.comparison.comparing import Comparing, LogGone
from functions.audit.counting.count_run import NOT_KNOWN, CountRun, SourceTurn, by_time
from functions.audit.counting.repair_start import MOST_REPAIRS
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore

# Of one run: each of them meters, and a day's windows would at once.
MOST_STARTS = 10


class StartsRepairs(Protocol):
    """functions.audit.counting.repair_start."""

    def start(self, window: AuditWindow, repairs: int) -> str: ...


class RepairsBegun(NamedTuple):
    """Whom it asks. `configured_at`: when the configuration in use was put into S3."""

    store: WindowStore
    comparing: Comparing
    repairs: StartsRepairs
    telemetry: Telemetry
    configured_at: Callable[[], datetime | None] = lambda: None

    def begin(self, turn: SourceTurn, run: CountRun, is_time_left: Callable[[], bool]) -> None:
        """At most `MOST_STARTS` of a run; `is_time_left` for looking at a window again."""
        for window in sorted(turn.open, key=by_time):
            record = turn.open[window]
            if not record.equation.unaccounted or record.repairs >= MOST_REPAIRS:
                continue
            if len(run.started) == MOST_STARTS:
                return
            if not self.comparing.is_clear(window):
                continue
            if self._is_reconfigured(window):
                run.for_a_person.append(str(window))
                continue
            try:
                name = self.repairs.start(window, record.repairs)
            except NOT_KNOWN as error:
                run.fail(self.telemetry, error, source=turn.source.name, window=str(window))
                return
            if name:
                run.started.append(name)
                self.telemetry.log.info(AUDIT_REPAIR_STARTED, window=str(window), execution=name)
            elif is_time_left():
                self._correct(turn, window, run)

    def _correct(self, turn: SourceTurn, window: AuditWindow, run: CountRun) -> None:
        """The repair is over, and the record does not say so: somebody stopped it, or a run of the
        count that looked before its end wrote after it.
        """
        record = turn.open[window]
        try:
            found = self.comparing.compare(turn.source, window).record
            if found.equation == record.equation:
                return
            found = found.model_copy(update={"repairs": record.repairs + 1})
            self.store.keep(window, found)
        except NOT_KNOWN as error:
            if not isinstance(error, LogGone):
                run.fail(self.telemetry, error, source=turn.source.name, window=str(window))
            return
        turn.open[window] = found

    def _is_reconfigured(self, window: AuditWindow) -> bool:
        changed = self.configured_at()
        return changed is not None and int(changed.timestamp() * 1000) > window.from_ms
