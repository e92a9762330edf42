"""What is being read of the ledger: told to a person now and then."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TextIO

from functions.usage.ledger_row import LedgerRow

TELL_SECONDS = 2.0

type Objects = Iterable[tuple[str, Iterator[LedgerRow]]]


class ReadingProgress:
    """Counts objects, and events that were given; writes a line to `out` every two seconds."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._out = out
        self._clock = clock
        self._told_at = clock()
        self.objects = 0
        self.events = 0

    def of(self, objects: Objects) -> Iterator[tuple[str, Iterator[LedgerRow]]]:
        """The same objects."""
        for name, rows in objects:
            self.objects += 1
            if self._clock() - self._told_at >= TELL_SECONDS:
                self._told_at = self._clock()
                self._out.write(f"ledger: {self.objects} objects, now {name.rpartition('/')[0]}\n")
                self._out.flush()
            yield name, rows
