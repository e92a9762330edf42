"""Which part of a report an event, a message or an object is counted in.

A report holds what it counts, so a large replay is counted part after part. Each name is in exactly
one part, whatever row of it is read, and whichever execution wrote it: so an event that was sent
twice is one event, as in a report of one part.
"""

from dataclasses import dataclass
from math import ceil
from zlib import crc32

from functions.replay.progress import ReplayProgress

# 1.3 KB an event with its row of the ledger: 650 MB of the function's 2,048.
EVENTS_OF_A_PART = 500_000
# 1.5 KB a message, or an object of the quarantine, that was moved or stays.
MESSAGES_OF_A_PART = 200_000


@dataclass(frozen=True, slots=True)
class ReportPart:
    """The names of one part, as bytes; `number` counts from 0."""

    number: int = 0
    parts: int = 1

    def __contains__(self, name: object) -> bool:
        if self.parts == 1:
            return True
        return isinstance(name, bytes) and crc32(name) % self.parts == self.number

    @property
    def is_last(self) -> bool:
        return self.number + 1 >= self.parts


WHOLE = ReportPart()


def part_of(progress: ReplayProgress, number: int, events_of_a_part: int) -> ReportPart:
    """The part of that number of this replay's report: the same whenever it is asked."""
    events = ceil(progress.events / events_of_a_part)
    messages = ceil(max(progress.seen, progress.messages) / MESSAGES_OF_A_PART)
    return ReportPart(number, max(1, events, messages))
