"""The second phase of an audit: what was metered again is waited for, and its windows are compared
once more. It sends nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.adapters.ledger import Ledger, replay_prefix
from functions.audit.equation import Equation
from functions.audit.repair.audit_bounds import LEDGER, LONGEST_WAIT_SECONDS, MOST_WORDS
from functions.audit.repair.audit_order import AuditOrder, AuditPlace
from functions.audit.repair.audit_progress import AuditProgress, plus
from functions.audit.repair.compared_window import CompareWindow
from functions.audit.repair.metered_record import CallHead, MeteredRecord, sent_requests
from functions.audit.repair.run_records import RunRecords
from functions.usage.errors import Permanent

# SQS's counts are exact a minute after the last send (AWS), and clocks differ: two minutes. Where
# windows are seconds, as in a demo, no such queue is near.
_MOST_SURE_MS, _SURE_SHARE = 120_000, 2.5


def sure_ms(window_seconds: int) -> int:
    """So long after the last send an empty UsageQueue says that all has left it."""
    return min(_MOST_SURE_MS, int(window_seconds * 1000 / _SURE_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequests:
    """What one run has metered again."""

    compare: CompareWindow
    clear_until: Callable[[], datetime]  # as `functions.audit.repair.window_repair`
    record: MeteredRecord
    ledger: Ledger
    records: RunRecords
    sure_ms: int
    now_ms: Callable[[], int]
    clock: Callable[[], float] = time.monotonic

    def is_over(self, progress: AuditProgress) -> bool:
        """Whether all windows in which something was sent were compared once more."""
        return not self.record.places(after=progress.settled)

    def gives_up(self, progress: AuditProgress) -> bool:
        """After the forwarder's hold there is nothing to wait for."""
        return progress.waited.get(LEDGER, 0) >= LONGEST_WAIT_SECONDS

    def has_arrived(self, progress: AuditProgress) -> bool:
        """The ledger has all of it; or what was sent has come to its end, wherever that is: a key
        that metering did not bill this time never comes.
        """
        return not self._outstanding() or self._has_ended(progress.sent_by_ms)

    def settle(
        self, order: AuditOrder, progress: AuditProgress, has_time: Callable[[], bool]
    ) -> AuditProgress:
        """Window after window, while there is time."""
        for number, place_number in enumerate(self.record.places(after=progress.settled)):
            if number and not has_time():
                break
            place = order.at(place_number)
            began = self.clock()
            head = self.record.head(place_number)
            try:
                record = self.compare(place).record
                order.must_be_logged(place, self.now_ms())
            except Permanent as error:
                equation = before_of(head)
                self.records.leave(place, head)
                progress = _not_again(progress, place.source.name, error)
            else:
                equation = record.equation
                self.records.keep(place, record, head, is_settled=True)
            progress = progress.working("compareAgain", self.clock() - began).but(
                after=plus(progress.after, place.source.name, equation),
                settled=place_number,
            )
            if place_number >= progress.place:
                progress = self._left_in_the_middle(place, head, progress)
        return progress

    def _left_in_the_middle(
        self, place: AuditPlace, head: CallHead | None, progress: AuditProgress
    ) -> AuditProgress:
        """Of a window that the first phase had to leave: how it was, and what was sent."""
        rows = list(self.record.rows(place.number))
        events = sum(len(row["events"]) for row in rows)
        return progress.repaired(sent_requests(rows), events).but(
            before=plus(progress.before, place.source.name, before_of(head))
        )

    def _outstanding(self) -> set[str]:
        sent = {key for row in self.record.rows() for key, _, _, _ in row["events"]}
        if sent:
            for row in self.ledger.read(replay_prefix(self.record.run_id), self.record.since):
                sent.discard(row["key"])
        return sent

    def _has_ended(self, sent_by_ms: int) -> bool:
        is_sure = self.now_ms() >= sent_by_ms + self.sure_ms
        return is_sure and self.clear_until().timestamp() * 1000 > sent_by_ms


def before_of(head: CallHead | None) -> Equation:
    """How a window was before anything of it was sent."""
    return Equation.model_validate(head["before"] if head else {})


def _not_again(progress: AuditProgress, source: str, error: Permanent) -> AuditProgress:
    why = f"{source} was not compared again: {type(error).__name__} {error}"[:MOST_WORDS]
    return progress.but(unread={**progress.unread, source: why})
