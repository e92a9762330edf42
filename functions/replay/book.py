"""What the ledger says of a replay that is over: manifests and ledger rows in, the report out.

Guaranteed: it reads and counts. The one thing it changes is to make visible again what the replay
had hidden.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from functions.adapters.ledger import Ledger, replay_prefix, settled_once
from functions.replay.bill import LedgerKnowledge, bill_of, bill_of_dry_run, is_of_another, once
from functions.replay.manifest import CLOCKS_DIFFER_AT_MOST, Manifests, SentRow
from functions.replay.order import Order
from functions.replay.progress import ReplayProgress
from functions.replay.report_part import EVENTS_OF_A_PART, ReportPart, part_of
from functions.replay.report_sums import LedgerReading, ReportSums, added, sums_of
from functions.replay.report_text import ReplayRun, notice_of, report_of, shortened
from functions.replay.waiting_messages import WaitingMessages
from functions.usage.from_outside import FromOutside
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import hour_of, iso_from_epoch_ms


class ReportTask(FromOutside):
    """What the state `Write the report` asks for."""

    model_config = ConfigDict(extra="ignore")

    replay_id: str = Field(min_length=1)
    order: Order
    started_at: AwareDatetime  # of the replay
    trouble: str  # empty: it came to its end
    progress: ReplayProgress
    part: int = Field(default=0, ge=0)  # which part of the report is counted now

    @property
    def started_at_ms(self) -> int:
        return int(self.started_at.timestamp() * 1000)


class Bookkeeper:
    """Reads the manifests and the ledger of one replay. `waiting` is the queue that it took from;
    None for the quarantine, which hides nothing. `began` is `LedgerBeginning.moment`.
    """

    def __init__(
        self,
        ledger: Ledger,
        manifests: Manifests,
        waiting: WaitingMessages | None,
        dedup_window_ms: int,
        began: Callable[[], datetime | None],
        *,
        events_of_a_part: int = EVENTS_OF_A_PART,
    ) -> None:
        self._ledger = ledger
        self._manifests = manifests
        self._waiting = waiting
        self._dedup_window_ms = dedup_window_ms
        self._began = began
        self._events_of_a_part = events_of_a_part

    def report(
        self, task: ReportTask, now_ms: int, is_time_left: Callable[[], bool]
    ) -> dict[str, Any]:
        """Counts one part. `counting` says which is the next; after the last, the account for the
        state machine, whose whole is in S3 when this returns.
        """
        part = part_of(task.progress, task.part, self._events_of_a_part)
        sums = self._sums(task, part, now_ms, is_time_left)
        if not part.is_last:
            self._manifests.put_sums(part.number, sums.as_json())
            return {"outcome": "counting", "part": part.number + 1}
        before = (ReportSums.of_json(self._manifests.sums(n)) for n in range(part.number))
        account = report_of(self._run(task, now_ms), added([*before, sums]))
        uri = self._manifests.put_report(account)
        return {
            "outcome": "reported",
            "part": task.part,
            "report": shortened(account),
            "reportUri": uri,
            "notice": notice_of(account, task.order, uri),
        }

    def _sums(
        self, task: ReportTask, part: ReportPart, now_ms: int, is_time_left: Callable[[], bool]
    ) -> ReportSums:
        # Of what showed again in a long replay, and was hidden again, the last handle is good.
        held = {row["messageId"]: row for row in self._manifests.held(part)}
        if self._waiting:
            self._waiting.give_back(row["receiptHandle"] for row in held.values())
        sent = once(self._manifests.sent(dry_run=task.order.dry_run, part=part))
        # Before the hours, which may take all the time there is: without these there is no report.
        own = [] if task.order.dry_run else self._own_rows(task, part)
        known, reading = self._known_before(task, sent, is_time_left)
        if task.order.dry_run:
            bill = bill_of_dry_run(sent, known, now_ms, self._dedup_window_ms)
        else:
            bill = bill_of(sent, own, known.confirmed)
        remetered = self._manifests.remetered(part=part)
        return sums_of(bill, held.values(), remetered, reading, task.started_at_ms)

    def _run(self, task: ReportTask, now_ms: int) -> ReplayRun:
        return ReplayRun(
            replay_id=task.replay_id,
            order=task.order,
            started_at=iso_from_epoch_ms(task.started_at_ms),
            finished_at=iso_from_epoch_ms(now_ms),
            trouble=task.trouble,
            waiting_at_start=task.progress.waiting_at_start,
            waiting_now=self._waiting_now(task),
            messages_moved=task.progress.messages,
            hidden_at_start=task.progress.hidden_at_start,
        )

    def _waiting_now(self, task: ReportTask) -> int:
        if self._waiting:
            return sum(self._waiting.depth())
        progress = task.progress
        return progress.waiting_at_start - (0 if task.order.dry_run else progress.messages)

    def _own_rows(self, task: ReportTask, part: ReportPart) -> list[LedgerRow]:
        since = task.started_at - CLOCKS_DIFFER_AT_MOST
        rows = self._ledger.read_some(replay_prefix(task.replay_id), part, since)
        return list(settled_once(rows).values())

    def _began_ms(self, task: ReportTask) -> float | None:
        # What was sent has its rows: only a dry run has to foresee what the forwarder would say.
        began = self._began() if task.order.dry_run else None
        return began.timestamp() * 1000 if began else None

    def _known_before(
        self, task: ReportTask, sent: dict[str, SentRow], is_time_left: Callable[[], bool]
    ) -> tuple[LedgerKnowledge, LedgerReading]:
        """What the ledger has of sent keys by other ways; newest first, while there is time."""
        hours = sorted({hour_of(row["occurredAt"]) for row in sent.values()}, reverse=True)
        known = LedgerKnowledge(began_ms=self._began_ms(task))
        began_ms = task.started_at_ms - CLOCKS_DIFFER_AT_MOST // timedelta(milliseconds=1)
        for number, hour in enumerate(hours):
            if not is_time_left():
                return known, LedgerReading(hours, hours[number:])
            for _, rows in self._ledger.hour_of_keys(hour, sent):
                for row in rows:
                    is_other = is_of_another(row, task.replay_id, began_ms)
                    known.take(row, sent, is_other=is_other)
                if not is_time_left():  # one busy hour may take longer than Lambda gives
                    return known, LedgerReading(hours, hours[number:])
        return known, LedgerReading(hours)
