"""A move of source `quarantine`: quarantined objects in, metering's work again, and their
way out of the quarantine.

Guaranteed: wherever a move ends, an object that has not been dealt with to its last line is in the
quarantine. It may be dealt with twice: the same lines give the same events under the same keys.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice, takewhile

from functions.adapters.quarantined_object import (
    NEVER_ENDED,
    QuarantinedDelivery,
    QuarantinedLines,
    prefixes_of,
    read_kept,
)
from functions.replay.limits import Moved, MoveTask, round_prefix
from functions.replay.manifest import Manifests
from functions.replay.order import Order
from functions.replay.quarantine_listing import Entry, Quarantine
from functions.replay.second_reading import HAS_LEFT, METERING_FAILED, Reading, SecondReading
from functions.replay.selection import NOT_CHOSEN
from functions.usage.errors import Retryable

# What is done twice when a round is killed. With a pace, an object goes out by itself.
CLAIM_OBJECTS = 10
ROUND_OBJECTS = 1_000
# One object may be what fails; the third in a row is a reason to ask metering itself.
FAILURES_IN_A_ROW = 3


type Found = tuple[Entry, Reading | None]  # None: it is not there any more


@dataclass(slots=True)
class MovedSoFar:
    """How far a move has come. `marker` is the last name that is done with."""

    marker: str
    moved: Moved = field(default_factory=Moved)
    failures: int = 0
    never_ended: Counter[str] = field(default_factory=Counter)  # requests given up, by why

    def count(self, readings: list[Reading], seen: int) -> None:
        left = sum(not reading.stays for reading in readings)
        events = sum(len(reading.sent_rows) for reading in readings)
        self.moved = self.moved.plus(Moved(messages=left, events=events, seen=seen))
        for reading in readings:
            self.never_ended.update(reading.given_up)


class Remetering:
    """Takes objects of one replay through metering again."""

    def __init__(
        self,
        *,
        quarantine: Quarantine,
        reading: SecondReading,
        manifests: Manifests,
    ) -> None:
        self._quarantine = quarantine
        self._reading = reading
        self._manifests = manifests

    def run(self, task: MoveTask, move_id: str, is_time_left: Callable[[], bool]) -> MovedSoFar:
        """Object after object, until a limit, the end of the quarantine or the end of the time.
        Retryable when metering fails, and not only for some objects.
        """
        progress = self._progress_before(task)
        entries = self._entries(task)
        size = 1 if task.order.events_per_second or task.order.max_messages else CLAIM_OBJECTS
        most = min(task.see_at_most, ROUND_OBJECTS)

        def may_go_on() -> bool:
            return (
                progress.moved.seen < most
                and progress.moved.messages < task.move_at_most
                and progress.moved.events < task.events_at_most
                and is_time_left()
            )

        for number in count():
            if not may_go_on():
                break
            claim = list(islice(entries, min(size, most - progress.moved.seen)))
            if not claim:
                progress.moved = progress.moved.plus(Moved(is_queue_empty=True))
                break
            found = self._read(claim, task.order, is_time_left, progress)
            self._take(task, f"{move_id}-{number:03}", found, progress)
            if len(found) < len(claim):
                break
        return progress

    def _entries(self, task: MoveTask) -> Iterator[Entry]:
        prefixes = prefixes_of(task.order.filter.reason)
        return self._quarantine.entries(prefixes, task.started_at, task.marker)

    def _progress_before(self, task: MoveTask) -> MovedSoFar:
        """What tries of this round that died have done: what they wrote down as leaving, and is not
        in the quarantine any more. It counts against the limits, and rings, as if this one did it.
        """
        rows = self._manifests.remetered(round_prefix(task.round))
        gone = {
            row["object"]: row
            for row in rows
            if row["outcome"] == HAS_LEFT and row["object"] > task.marker
        }
        last = max(gone, default="")
        still_there = self._entries(task) if gone else ()
        for entry in takewhile(lambda entry: entry.key <= last, still_there):
            gone.pop(entry.key, None)
        ended = sum(row["quarantined"].get(NEVER_ENDED, 0) for row in gone.values())
        moved = Moved(messages=len(gone), seen=len(gone))
        return MovedSoFar(task.marker, moved, never_ended=+Counter({"": ended}))

    def _read(
        self,
        claim: Iterable[Entry],
        order: Order,
        is_time_left: Callable[[], bool],
        progress: MovedSoFar,
    ) -> list[Found]:
        """The claim, or as much of it as there is time for: a claim of objects that are all slow
        would be killed, and begun again by the next try, for ever.
        """
        found: list[Found] = []
        for entry in claim:
            if found and not is_time_left():
                break
            found.append((entry, self._reading_of(entry, order, is_time_left, progress)))
        return found

    def _take(self, task: MoveTask, name: str, found: list[Found], progress: MovedSoFar) -> None:
        readings = [reading for _, reading in found if reading is not None]
        self._write_down(name, readings, dry_run=task.order.dry_run)
        if not task.order.dry_run:
            self._put_aside(readings, task.replay_id)
        progress.count(readings, len(found))
        progress.marker = found[-1][0].key

    def _reading_of(
        self,
        entry: Entry,
        order: Order,
        is_time_left: Callable[[], bool],
        progress: MovedSoFar,
    ) -> Reading | None:
        """None for one that is not there any more."""
        body = self._quarantine.read(entry.key)
        if body is None:
            return None
        kept = read_kept(entry.key, body)
        if not order.filter.takes_time(_moment_ms(entry, kept)):
            return Reading(entry.key, stays=NOT_CHOSEN)
        reading = self._reading.read(entry.key, kept, is_time_left)
        progress.failures = progress.failures + 1 if reading.stays == METERING_FAILED else 0
        if progress.failures == FAILURES_IN_A_ROW:
            progress.failures = 0
            # Three deliveries of one defect stand side by side: they must not keep out the rest.
            if not self._reading.does_metering_work():
                message = f"metering failed {FAILURES_IN_A_ROW} times in a row: see its log"
                raise Retryable(message)
        return reading

    def _write_down(self, name: str, readings: list[Reading], *, dry_run: bool) -> None:
        # 1. Durable: what metering did, once it has. Killed before, the objects are all still
        #    there, and what was sent is sent again under the same keys.
        rows = [row for reading in readings for row in reading.sent_rows]
        self._manifests.put_sent(name, rows, dry_run=dry_run)
        self._manifests.put_remetered(name, [reading.remetered_row for reading in readings])
        self._manifests.put_held(name, [one.held_row for one in readings if one.stays])

    def _put_aside(self, readings: list[Reading], replay_id: str) -> None:
        for reading in readings:
            if reading.stays:
                continue
            # 2. Durable: what of it has to stay, under its own name.
            for part in reading.parts:
                self._quarantine.put(*part.as_object())
            # 3. Gone from the quarantine, and kept where nothing is metered. Killed before, it is
            #    metered once more.
            self._quarantine.put_aside(reading.key, replay_id)


def _moment_ms(entry: Entry, kept: QuarantinedLines | QuarantinedDelivery | None) -> float:
    """When its first line was logged; for what says no time, when it was kept."""
    stamp = kept.first_timestamp if isinstance(kept, QuarantinedLines) else None
    return entry.modified_at.timestamp() * 1000 if stamp is None else stamp
