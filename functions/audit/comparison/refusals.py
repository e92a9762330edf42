"""Requests that metering quarantines come in; how many are kept, by reason, and how many are not.

The quarantine is asked only where metering refuses anything, or something is missing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from functions.audit.log.account import Account
from functions.audit.log.log_chunk import Chunk
from functions.audit.neighbours import Kept
from functions.audit.window import AuditWindow

# A request of an execution log whose end is not there. It is read again by itself
# (docs/explanation/architecture.md, 5 replay), so that its lines need not be kept.
INCOMPLETE = "incomplete"


class Refusals:
    """`quarantine` tells what is kept of the window's minutes; it is asked once."""

    def __init__(self, quarantine: Callable[[], Kept]) -> None:
        self._quarantine = quarantine
        self.reasons: Counter[str] = Counter()  # of those that are kept
        self.kept_nowhere = 0

    @cached_property
    def _kept(self) -> Kept:
        return self._quarantine()

    def note(
        self, part: Chunk, word: Account, window: AuditWindow
    ) -> Iterator[tuple[str, Sequence[int]]]:
        """Gives reason and lines of each that is kept nowhere: to be run to its end."""
        for reason, indexes in _refused(part, word, window):
            if reason == INCOMPLETE or self.reason_of(part, indexes):
                self.reasons[reason] += 1
            else:
                self.kept_nowhere += 1
                yield reason, indexes

    def reason_of(self, part: Chunk, indexes: Sequence[int]) -> str:
        """Under which all of a request's lines are kept; empty: they are not."""
        reason = ""
        for index in indexes:
            found = self._kept.reason_of(part.stream_of(index), part.lines[index])
            if found is None:
                return ""
            reason = reason or found
        return reason


def lines_within(part: Chunk, window: AuditWindow) -> Iterator[int]:
    """Without those that are read before and after the window, to have its requests whole."""
    for index, line in enumerate(part.lines):
        if window.from_ms <= line["timestamp"] < window.to_ms:
            yield index


def _refused(
    part: Chunk, word: Account, window: AuditWindow
) -> Iterator[tuple[str, Sequence[int]]]:
    yield from word.quarantined
    yield from ((INCOMPLETE, indexes) for indexes in word.unended)
    if word.quarantined_whole:
        # Nobody can tell its requests: each line counts as one.
        yield from ((word.quarantined_whole, (index,)) for index in lines_within(part, window))
