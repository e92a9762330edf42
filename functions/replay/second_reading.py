"""One object of the quarantine comes in; what metering makes of it today leaves.

An object leaves the quarantine when metering has dealt with every line of it and did not write the
very same object again; requests that were incomplete are read again from their log.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.adapters.quarantined_object import (
    INCOMPLETE,
    NEVER_ENDED,
    QuarantinedDelivery,
    QuarantinedLines,
    reason_of,
    subscription_payload,
)
from functions.replay.log_lines import RequestPlace, read_place
from functions.replay.manifest import HeldRow, RemeteredRow, SentRow
from functions.replay.metering_call import Answer, MeteringFailed, RequestTooLarge
from functions.replay.one_request import Line, lines_of_request
from functions.replay.selection import TOO_LARGE

QUARANTINED_AGAIN = "quarantined_again"
STILL_INCOMPLETE = "still_incomplete"
METERING_FAILED = "metering_failed"
UNREADABLE = "unreadable"
LOG_NOT_READABLE = "log_not_readable"
LOG_BUSY = "log_busy"
HAS_LEFT = "left"
# Each is a search of its log and a call of metering, 0.1 to 0.5 s where nobody is slow. The rest is
# for the next replay, as is what there is no time for: killed in the middle of an object, a round
# would begin with it again, for ever.
REQUESTS_AT_ONCE = 200
# Of the requests of one object that stays: the first is what a person should see.
_LOUDEST = (METERING_FAILED, LOG_NOT_READABLE, TOO_LARGE, LOG_BUSY, STILL_INCOMPLETE)
_NOWHERE = {"owner": "replay", "logGroup": "replay", "logStream": "replay"}


class Meterer(Protocol):
    """Who meters."""

    def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer: ...


class Log(Protocol):
    """Who reads log groups."""

    def of(self, place: RequestPlace) -> Iterable[Line]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of an object. `stays` is why it does, or empty; `parts` are what is left of it
    under new names, to be put before it leaves; `given_up` are requests that never ended, by why.
    """

    key: str
    answers: tuple[Answer, ...] = ()
    stays: str = ""
    lines: int = 0
    parts: tuple[QuarantinedLines, ...] = ()
    given_up: Mapping[str, int] = field(default_factory=dict)

    @property
    def sent_rows(self) -> list[SentRow]:
        return [row for answer in self.answers for row in answer.sent_rows]

    @property
    def held_row(self) -> HeldRow:
        return {
            "messageId": self.key,
            "receiptHandle": "",
            "why": self.stays,
            "setAsideClass": reason_of(self.key),
            "events": self.lines,
        }

    @property
    def remetered_row(self) -> RemeteredRow:
        ended = [{NEVER_ENDED: sum(self.given_up.values())}] if self.given_up else []
        return {
            "object": self.key,
            "reason": reason_of(self.key),
            "outcome": self.stays or HAS_LEFT,
            "billed": sum(answer.billed for answer in self.answers),
            "excluded": _added(answer.excluded for answer in self.answers),
            "quarantined": _added([*(answer.quarantined for answer in self.answers), *ended]),
        }


class SecondReading:
    """Reads objects again. `now_ms` is the time of the round."""

    def __init__(self, metering: Meterer, log: Log, now_ms: int) -> None:
        self._metering = metering
        self._log = log
        self._now_ms = now_ms

    def read(
        self,
        key: str,
        kept: QuarantinedLines | QuarantinedDelivery | None,
        is_time_left: Callable[[], bool],
    ) -> Reading:
        """Errors of metering stay with the object; those of calls raise."""
        if kept is None:
            return Reading(key, stays=UNREADABLE)
        if isinstance(kept, QuarantinedLines) and kept.reason in {INCOMPLETE, NEVER_ENDED}:
            return self._from_log(key, kept, is_time_left)
        lines = len(kept.entries) if isinstance(kept, QuarantinedLines) else 0
        try:
            answer = self._metering.take(kept.payload)
        except MeteringFailed:
            return Reading(key, stays=METERING_FAILED, lines=lines)
        stays = QUARANTINED_AGAIN if key in answer.kept else ""
        return Reading(key, (answer,), stays, lines)

    def does_metering_work(self) -> bool:
        """Whether it takes a delivery that has nothing in it: then it was the object."""
        try:
            self._metering.take(subscription_payload(_NOWHERE, []))
        except MeteringFailed:
            return False
        return True

    def _from_log(
        self, key: str, kept: QuarantinedLines, is_time_left: Callable[[], bool]
    ) -> Reading:
        by_detail: dict[str, list[Line]] = defaultdict(list)
        for entry in kept.entries:
            by_detail[str(entry.get("detail"))].append(entry)
        sorted_out = _SortedOut()
        for number, (detail, entries) in enumerate(by_detail.items()):
            if number >= REQUESTS_AT_ONCE or (number and not is_time_left()):
                sorted_out.wait(STILL_INCOMPLETE, entries)
                continue
            place = read_place(detail)
            found = self._again(kept, place, entries) if place else UNREADABLE
            if isinstance(found, Answer):
                sorted_out.answers.append(found)
            elif place is None or self._is_given_up(place, found, is_time_left):
                sorted_out.give_up(found, entries)
            else:
                sorted_out.wait(found, entries)
        return sorted_out.reading(key, kept)

    def _again(
        self, kept: QuarantinedLines, place: RequestPlace, entries: Collection[Line]
    ) -> Answer | str:
        """What metering makes of it, or why that is not known yet."""
        where = {**kept.content, "logGroup": place.log_group, "logStream": place.log_stream}
        try:
            lines = lines_of_request(
                self._log.of(place), place.request_id, place.extended_request_id, entries
            )
            if not lines:
                return STILL_INCOMPLETE
            answer = self._metering.take(subscription_payload(where, lines), from_log=True)
        except LogNotReadable:
            return LOG_NOT_READABLE
        except LogBusy:
            return LOG_BUSY
        except RequestTooLarge:
            return TOO_LARGE
        except MeteringFailed:
            return METERING_FAILED
        incomplete = [found for detail in answer.incomplete if (found := read_place(detail))]
        return STILL_INCOMPLETE if any(map(place.is_same_request, incomplete)) else answer

    def _is_given_up(self, place: RequestPlace, why: str, is_time_left: Callable[[], bool]) -> bool:
        """Given up, it rings; until then a schedule tries in silence. What broke is not its fault
        while it is metering that is broken: that is told as the end of the replay.
        """
        if why == LOG_BUSY:
            return place.should_have_been_read(self._now_ms)
        return place.should_have_ended(self._now_ms) and (
            why != METERING_FAILED or (is_time_left() and self.does_metering_work())
        )


@dataclass(slots=True)
class _SortedOut:
    """The requests of one object, each where it goes."""

    answers: list[Answer] = field(default_factory=list)
    waiting: list[Line] = field(default_factory=list)
    ended: list[Line] = field(default_factory=list)
    why_waiting: set[str] = field(default_factory=set)
    given_up: Counter[str] = field(default_factory=Counter)

    def wait(self, why: str, entries: Iterable[Line]) -> None:
        self.waiting += entries
        self.why_waiting.add(why)

    def give_up(self, why: str, entries: Iterable[Line]) -> None:
        self.ended += entries
        self.given_up[why] += 1

    def reading(self, key: str, kept: QuarantinedLines) -> Reading:
        lines = len(kept.entries)
        parts = [
            kept.only(entries, reason)
            for entries, reason in ((self.waiting, INCOMPLETE), (self.ended, NEVER_ENDED))
            if entries
        ]
        is_as_it_was = [part.reason for part in parts] == [kept.reason]
        # Where metering fails, all stays as it is: who counts failures must see that one.
        if not self.answers and (is_as_it_was or METERING_FAILED in self.why_waiting):
            whys = self.why_waiting | self.given_up.keys()
            stays = next((why for why in _LOUDEST if why in whys), STILL_INCOMPLETE)
            return Reading(key, stays=stays, lines=lines)
        is_news = kept.reason != NEVER_ENDED
        given_up = dict(self.given_up) if is_news else {}
        return Reading(key, tuple(self.answers), "", lines, tuple(parts), given_up)


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for reason, times in one.items():
            total[reason] = total.get(reason, 0) + times
    return total
