"""One round of an audit: how far it is comes in, the round's result leaves.

First window after window is compared with the ledger, and what is missing is metered again; then
what was sent is waited for, and those windows are compared once more. Guaranteed: only metering
again changes anything outside, and that is on record before; so a round whose answer was lost is
run again with the same progress, and sends nothing twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from functions.audit.repair.audit_bounds import (
    LEDGER,
    LONGEST_RETRY_SECONDS,
    MOST_WORDS,
    RETRY,
    reached_bound,
    reached_end,
    wait_seconds,
    what_failed,
)
from functions.audit.repair.audit_order import AuditOrder, AuditPlace, places_from
from functions.audit.repair.audit_progress import AuditProgress, AuditTask, plus
from functions.audit.repair.window_repair import LookedAt
from functions.usage.errors import Permanent, Retryable
from functions.usage.moment import iso_from_epoch_ms


class AuditOutcome(StrEnum):
    """What the state machine decides on."""

    NEXT = "next"
    WAIT = "wait"
    FINISHED = "finished"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The round is over. `trouble` is why it stopped, else empty."""

    outcome: AuditOutcome
    progress: AuditProgress
    wait_seconds: int = 0
    trouble: str = ""

    def as_json(self) -> dict[str, object]:
        """Counts only: lines of logs never pass through state."""
        return {
            "outcome": self.outcome,
            "waitSeconds": self.wait_seconds,
            "trouble": self.trouble,
            "progress": self.progress.as_json(),
        }


class RepairsWindows(Protocol):
    """Who compares a window and meters again; `functions.audit.repair.window_repair`."""

    def obstacle(self, order: AuditOrder, place: AuditPlace) -> str: ...
    def look(self, order: AuditOrder, place: AuditPlace) -> LookedAt: ...


class SettlesSent(Protocol):
    """Who waits for what was sent; `functions.audit.repair.settlement`."""

    def has_arrived(self, progress: AuditProgress) -> bool: ...
    def settle(
        self, order: AuditOrder, progress: AuditProgress, has_time: Callable[[], bool]
    ) -> AuditProgress: ...
    def is_over(self, progress: AuditProgress) -> bool: ...
    def gives_up(self, progress: AuditProgress) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRound:
    """`has_time` says whether another window may be begun in this invocation."""

    repairs: RepairsWindows
    settlement: SettlesSent
    now_ms: Callable[[], int]
    has_time: Callable[[], bool]

    def run(self, task: AuditTask) -> AuditResult:
        """Raises what another try may cure, and is not a question of waiting."""
        progress = task.progress.but(calls=task.progress.calls + 1)
        elapsed_ms = self.now_ms() - int(task.started_at.timestamp() * 1000)
        if trouble := reached_end(progress, elapsed_ms):
            return self._stopped(task, progress, trouble)
        if not progress.sent_by_ms:
            cut = reached_bound(progress, elapsed_ms) or progress.cut
            if progress.place < task.order.windows and not cut:
                return self._compare(task.order, progress)
            progress = progress.on_its_way().but(sent_by_ms=self.now_ms(), cut=cut)
        return self._settle(task, progress)

    def _compare(self, order: AuditOrder, progress: AuditProgress) -> AuditResult:
        for place in places_from(order, progress.place, self.has_time):
            # Asked again before the log is read again.
            if progress.waiting_for and (why := self.repairs.obstacle(order, place)):
                return _waiting(order, progress, why)
            try:
                looked = self.repairs.look(order, place)
            except Retryable as error:
                return self._again(order, progress, error)
            except Permanent as error:
                progress = _unread(progress, place, error)
                continue
            progress = progress.working("compare", looked.seconds)
            progress = progress.working("meterAgain", looked.metering_seconds)
            if looked.obstacle:
                return _waiting(order, progress, looked.obstacle)
            if not looked.is_done:
                progress = progress.but(cut=looked.trouble)
                break
            progress = _passed(progress, place, looked)
        return AuditResult(AuditOutcome.NEXT, progress.on_its_way())

    def _again(self, order: AuditOrder, progress: AuditProgress, error: Retryable) -> AuditResult:
        """A throttle of CloudWatch is over in minutes."""
        if not _is_patient(progress):
            cut = f"a window could not be compared: {_words(error)}"
            return AuditResult(AuditOutcome.NEXT, progress.but(cut=cut))
        return _waiting(order, progress, RETRY)

    def _settle(self, task: AuditTask, progress: AuditProgress) -> AuditResult:
        order, settlement = task.order, self.settlement
        if settlement.is_over(progress):
            return self._ended(task, progress)
        if not progress.has_arrived:
            if not settlement.gives_up(progress) and not settlement.has_arrived(progress):
                return _waiting(order, progress, LEDGER)
            progress = progress.but(has_arrived=True)
        try:
            progress = settlement.settle(order, progress, self.has_time)
        except Retryable as error:
            if not _is_patient(progress):
                why = f"a window could not be compared again: {_words(error)}"
                return self._stopped(task, progress, why)
            return _waiting(order, progress, RETRY)
        if settlement.is_over(progress):
            return self._ended(task, progress)
        return AuditResult(AuditOutcome.NEXT, progress.on_its_way())

    def _ended(self, task: AuditTask, progress: AuditProgress) -> AuditResult:
        if why := what_failed(progress):
            return self._stopped(task, progress, why)
        return AuditResult(AuditOutcome.FINISHED, progress.on_its_way())

    def _stopped(self, task: AuditTask, progress: AuditProgress, why: str) -> AuditResult:
        trouble = f"{why}{_goes_on(task.order, progress)}"
        return AuditResult(AuditOutcome.STOPPED, progress, trouble=trouble)


def _waiting(order: AuditOrder, progress: AuditProgress, why: str) -> AuditResult:
    seconds = wait_seconds(why, order.window_seconds, progress.waited.get(why, 0))
    return AuditResult(AuditOutcome.WAIT, progress.waiting(why, seconds), seconds)


def _passed(progress: AuditProgress, place: AuditPlace, looked: LookedAt) -> AuditProgress:
    """The audit is done with a window, or will look at it once more when the ledger has it."""
    source = place.source.name
    after = progress.after if looked.was_sent else plus(progress.after, source, looked.before)
    passed = progress.on_its_way().repaired(looked.requests, looked.events)
    return passed.but(
        place=place.number + 1,
        lines=progress.lines + looked.lines,
        before=plus(progress.before, source, looked.before),
        after=after,
    )


def _unread(progress: AuditProgress, place: AuditPlace, error: Permanent) -> AuditProgress:
    """A source whose log is gone must not keep out the others; it ends as a stop all the same."""
    name = place.source.name
    unread = {**progress.unread, name: f"{name} could not be read: {_words(error)}"}
    return progress.on_its_way().but(place=place.number + 1, unread=unread)


def _is_patient(progress: AuditProgress) -> bool:
    return progress.waiting_for != RETRY or progress.in_a_row < LONGEST_RETRY_SECONDS


def _words(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:MOST_WORDS]


def _goes_on(order: AuditOrder, progress: AuditProgress) -> str:
    """What to give to the next audit, where windows are left."""
    if progress.place >= order.windows:
        return ""
    if order.export:
        return f"; {order.windows - progress.place} files of the export are left"
    begins = order.at(progress.place).window.from_ms
    return f"; the rest begins with from = {iso_from_epoch_ms(begins)}"
