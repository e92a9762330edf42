"""Missing requests of one window come in; calls of metering leave, each on record before it is
made. Guaranteed: no key is sent twice by one audit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from functions.audit.equation import WindowRecord
from functions.audit.repair.audit_bounds import QUEUE
from functions.audit.repair.audit_order import AuditPlace
from functions.audit.repair.compared_window import Missing
from functions.audit.repair.metered_record import MeteredRecord, head_of, mark_of
from functions.audit.repair.metering_again import (
    LinesTooLarge,
    MeteredAgain,
    NotMetered,
    SentLines,
    calls_for,
)

# UsageQueue takes more; but what is fresh waits behind it.
MOST_WAITING_MESSAGES = 1_000


class MetersAgain(Protocol):
    """Who meters again; `functions.audit.repair.metering_again`."""

    def payload(self, log_group: str, sent: SentLines) -> bytes: ...
    def take(self, payload: bytes) -> MeteredAgain: ...
    def works(self) -> bool: ...


class SendEnd(NamedTuple):
    """How it ended. `obstacle`: why the rest has to wait; `trouble`: why nothing can be metered at
    all; not `is_whole`: there was no time for the rest, or another try of the round is at it.
    """

    obstacle: str = ""
    trouble: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSender:
    """`waiting` is how many messages UsageQueue shows; `try_id` is the invocation's own; `told` is
    given how many requests were just metered again.
    """

    waiting: Callable[[], int]
    metering: MetersAgain
    record: MeteredRecord
    try_id: str
    has_time: Callable[[], bool]
    told: Callable[[int], None]

    def is_crowded(self) -> bool:
        """Whether UsageQueue should get no more now."""
        return self.waiting() >= MOST_WAITING_MESSAGES

    def send(
        self, place: AuditPlace, found: WindowRecord, requests: Sequence[Missing], repairs: int
    ) -> SendEnd:
        """What is not on record yet; `found` is the window as it was compared, `repairs` how often
        it was repaired before.
        """
        number, marks = self.record.known(place.number, everywhere=place.is_part)
        left = [one for one in requests if not marks & _marks(one)]
        head = head_of(self.try_id, str(place), found, repairs)
        if not left and not number:
            # All of it went for another file of an export: this one is compared again with that.
            return SendEnd(is_whole=self.record.put(place.number, 0, head, []))
        for index, sent in enumerate(calls_for(left)):
            if index and not self.has_time():
                return SendEnd(is_whole=False)
            if self.is_crowded():
                return SendEnd(obstacle=QUEUE)
            try:
                payload = self.metering.payload(place.source.log_group, sent)
            except LinesTooLarge as error:
                self.record.put_failed(place.number, sent.requests, str(error))
                continue
            # 1. Durable: what is about to be metered again. If we die here, it is not: the next
            #    audit does it, this one never twice.
            if not self.record.put(place.number, number, head, sent.requests):
                return SendEnd(is_whole=False)
            # 2. Metered: on UsageQueue or in the quarantine. The answer only counts.
            if trouble := self._meter(place, payload, sent):
                return SendEnd(trouble=trouble)
            number += 1
        return SendEnd()

    def _meter(self, place: AuditPlace, payload: bytes, sent: SentLines) -> str:
        """Why metering cannot go on; empty where it took them, or these alone are at fault."""
        try:
            self.metering.take(payload)
        except NotMetered as error:
            self.record.put_failed(place.number, sent.requests, str(error))
            if not self.metering.works():
                return f"metering fails: {error}; see its log"
        else:
            self.told(len(sent.requests))
        return ""


def _marks(request: Missing) -> set[str]:
    return {key for key, _, _, _ in request.events} or {mark_of(request)}
