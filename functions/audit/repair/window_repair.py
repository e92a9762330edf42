"""One window, in the first phase of an audit: compared with the ledger; what is missing metered
again, as far as it is young enough and the road is clear.

Guaranteed: nothing is metered again that may still be under way.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from functions.audit.equation import Equation, WindowRecord
from functions.audit.repair.audit_bounds import QUEUE, ROAD
from functions.audit.repair.audit_order import AuditOrder, AuditPlace
from functions.audit.repair.bill_difference import BillDifference
from functions.audit.repair.compared_window import CompareWindow, Missing
from functions.audit.repair.metered_record import CallHead, MeteredRecord, sent_requests
from functions.audit.repair.missing_sender import MissingSender
from functions.audit.repair.repair_limits import AgeLimits, RepairFate
from functions.audit.repair.run_records import RunRecords

type Found = Mapping[RepairFate, Sequence[Missing]]


class LookedAt(NamedTuple):
    """What came of a window. `obstacle`: why it has to be looked at again; `trouble`: why nothing
    can be metered at all; not `is_whole`: there was no time for the rest of it.
    """

    seconds: float = 0
    metering_seconds: float = 0
    obstacle: str = ""
    trouble: str = ""
    is_whole: bool = True
    lines: int = 0
    before: Equation = Equation()
    requests: Mapping[RepairFate, int] = {}
    events: int = 0
    was_sent: bool = False

    @property
    def is_done(self) -> bool:
        return self.is_whole and not self.obstacle and not self.trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRepair:
    """`record` is that of the sender, too. `clear_until`: what was served before it has come
    to its end (functions.audit.comparison.road).
    """

    compare: CompareWindow
    clear_until: Callable[[], datetime]
    sender: MissingSender
    record: MeteredRecord
    difference: BillDifference
    records: RunRecords
    dedup_window_ms: int
    now_ms: Callable[[], int]
    clock: Callable[[], float] = time.monotonic

    def obstacle(self, order: AuditOrder, place: AuditPlace) -> str:
        """Why nothing may be sent for a window now; empty if it may."""
        if order.dry_run:
            return ""
        if not self._is_clear(place.window.to_ms):
            return ROAD
        return QUEUE if self.sender.is_crowded() else ""

    def look(self, order: AuditOrder, place: AuditPlace) -> LookedAt:
        """Compares it, and meters again; a second time what is left of it."""
        # Before the ledger is read: what was under way then may be in it now.
        is_clear = order.dry_run or self._is_clear(place.window.to_ms)
        began = self.clock()
        compared = self.compare(place)
        order.must_be_logged(place, self.now_ms())  # now that all of it is read
        limits = AgeLimits(self.now_ms(), self.dedup_window_ms, order.include_old)
        found = limits.sorted_out(compared.missing)
        compared_at = self.clock()
        looked = LookedAt(seconds=compared_at - began)
        to_send = [*found[RepairFate.METERED_AGAIN], *found[RepairFate.QUARANTINED]]
        if order.dry_run:
            to_send = []
        if to_send and not is_clear:
            return looked._replace(obstacle=ROAD)
        if to_send:
            repairs = self.records.repairs_of(place, self.record.head(place.number))
            end = self.sender.send(place, compared.record, to_send, repairs)
            spent = self.clock() - compared_at
            looked = looked._replace(**end._asdict(), metering_seconds=spent)
        if looked.is_done:
            # By what is on record: a try that was killed may have sent some of it.
            head = None if order.dry_run else self.record.head(place.number)
            self._tell(order, place, found)
            if not order.dry_run:
                self.records.keep(place, compared.record, head)
            looked = self._summed(place, looked, compared.record, found, head)
        return looked

    def _is_clear(self, until_ms: int) -> bool:
        return self.clear_until().timestamp() * 1000 >= until_ms

    def _tell(self, order: AuditOrder, place: AuditPlace, found: Found) -> None:
        """What is not sent, for a person to decide; in a dry run all of it."""
        is_told = RepairFate if order.dry_run else {RepairFate.TOO_OLD, RepairFate.BEYOND_AFORO}
        told = {why: requests for why, requests in found.items() if why in is_told}
        self.difference.put(place.number, told)

    def _summed(
        self,
        place: AuditPlace,
        looked: LookedAt,
        record: WindowRecord,
        found: Found,
        head: CallHead | None,
    ) -> LookedAt:
        requests = {why: len(some) for why, some in found.items() if some}
        looked = looked._replace(lines=record.lines, before=record.equation, requests=requests)
        if head is None:
            return looked
        rows = list(self.record.rows(place.number))
        return looked._replace(
            before=Equation.model_validate(head["before"]),
            requests={**requests, **sent_requests(rows)},
            events=sum(len(row["events"]) for row in rows),
            was_sent=True,
        )
