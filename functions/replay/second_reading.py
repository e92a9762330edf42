"""One object of the quarantine comes in; what metering makes of it today leaves.

An object leaves the quarantine when metering has dealt with every line of it and did not write the
very same object again; requests that were incomplete are read again from their log.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.replay.kept import (
    INCOMPLETE,
    NEVER_ENDED,
    KeptDelivery,
    KeptLines,
    reason_of,
    subscription_payload,
)
from functions.replay.log_lines import Place, read_place
from functions.replay.manifest import HeldRow, RemeteredRow, SentRow
from functions.replay.metering_call import Answer, MeteringFailed

QUARANTINED_AGAIN = "quarantined_again"
STILL_INCOMPLETE = "still_incomplete"
METERING_FAILED = "metering_failed"
UNREADABLE = "unreadable"
HAS_LEFT = "left"
# Each is a search of its log and a call of metering, 0.1 to 0.5 s: an object must not take longer
# than a round keeps free for its last one. The rest of it is for the next replay.
REQUESTS_AT_ONCE = 200
_NOWHERE = {"owner": "replay", "logGroup": "replay", "logStream": "replay"}


class Metering(Protocol):
    """Who meters."""

    def take(self, payload: Mapping[str, object], *, from_log: bool = False) -> Answer: ...


class Log(Protocol):
    """Who reads log groups."""

    def of(self, place: Place) -> list[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of an object. `stays` is why it does, or empty; `parts` are what is left of it
    under new names, to be put before it leaves.
    """

    key: str
    answers: tuple[Answer, ...] = ()
    stays: str = ""
    lines: int = 0
    parts: tuple[KeptLines, ...] = ()

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
        # Requests, which are known by their places.
        ended = [
            {NEVER_ENDED: len({entry.get("detail") for entry in part.entries})}
            for part in self.parts
            if part.reason == NEVER_ENDED and reason_of(self.key) != NEVER_ENDED
        ]
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

    def __init__(self, metering: Metering, log: Log, now_ms: int) -> None:
        self._metering = metering
        self._log = log
        self._now_ms = now_ms

    def read(self, key: str, kept: KeptLines | KeptDelivery | None) -> Reading:
        """Errors of metering stay with the object; those of calls raise."""
        if kept is None:
            return Reading(key, stays=UNREADABLE)
        lines = len(kept.entries) if isinstance(kept, KeptLines) else 0
        try:
            if isinstance(kept, KeptLines) and kept.reason in {INCOMPLETE, NEVER_ENDED}:
                return self._from_log(key, kept)
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

    def _from_log(self, key: str, kept: KeptLines) -> Reading:
        by_detail: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in kept.entries:
            by_detail[str(entry.get("detail"))].append(entry)
        answers: list[Answer] = []
        waiting: list[Mapping[str, Any]] = []
        ended: list[Mapping[str, Any]] = []
        for number, (detail, entries) in enumerate(by_detail.items()):
            if number >= REQUESTS_AT_ONCE:
                waiting += entries
                continue
            place = read_place(detail)
            answer = self._again(kept, place, entries) if place else None
            if answer is not None:
                answers.append(answer)
            elif place is None or place.should_have_ended(self._now_ms):
                ended += entries
            else:
                waiting += entries
        return _divided(key, kept, tuple(answers), waiting, ended)

    def _again(
        self, kept: KeptLines, place: Place, entries: Iterable[Mapping[str, Any]]
    ) -> Answer | None:
        """None while it is not whole."""
        lines = self._log.of(place)
        # A caller chooses the request id: what bears it may be another request, and all of ours
        # not there yet. By their times, since what is kept has its credentials redacted.
        if not {one.get("timestamp") for one in entries} <= {one["timestamp"] for one in lines}:
            return None
        where = {**kept.content, "logGroup": place.log_group, "logStream": place.log_stream}
        answer = self._metering.take(subscription_payload(where, lines), from_log=True)
        incomplete = [found for detail in answer.incomplete if (found := read_place(detail))]
        return None if any(map(place.is_same_request, incomplete)) else answer


def _divided(
    key: str,
    kept: KeptLines,
    answers: tuple[Answer, ...],
    waiting: list[Mapping[str, Any]],
    ended: list[Mapping[str, Any]],
) -> Reading:
    parts = [
        kept.only(entries, reason)
        for entries, reason in ((waiting, INCOMPLETE), (ended, NEVER_ENDED))
        if entries
    ]
    if [part.reason for part in parts] == [kept.reason] and not answers:
        return Reading(key, (), STILL_INCOMPLETE, len(kept.entries))
    return Reading(key, answers, parts=tuple(parts), lines=len(kept.entries))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for reason, times in one.items():
            total[reason] = total.get(reason, 0) + times
    return total
