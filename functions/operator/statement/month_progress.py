"""What is being read for a statement: told to a person now and then, and before it takes long."""

from collections.abc import Callable
from time import monotonic
from typing import TextIO

TELL_SECONDS = 2.0
# From here on it is said how long it takes before it begins.
MANY_OBJECTS = 100_000
# Ten at a time, of which S3 answers each in 15 to 30 ms; S3 asks $0.40 for a million of them.
OBJECTS_A_SECOND = 300
_DOLLARS_A_READ = 0.4e-6


class MonthProgress:
    """Counts objects; writes a line to `out` every two seconds."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._out = out
        self._clock = clock
        self._told_at = clock()
        self.objects = 0

    def tell(self, name: str) -> None:
        """`name` was read."""
        self.objects += 1
        self.look(name)

    def look(self, name: str) -> None:
        """`name` was looked at: a listing of a million takes minutes, too."""
        if self._clock() - self._told_at >= TELL_SECONDS:
            self._told_at = self._clock()
            self.say(f"{self.objects} objects, now {name.rpartition('/')[0]}")

    def announce(self, objects: int) -> None:
        """So many are about to be read: no name says whose rows an object has, so all of them."""
        if objects > MANY_OBJECTS:
            minutes = objects / OBJECTS_A_SECOND / 60
            dollars = objects * _DOLLARS_A_READ
            self.say(
                f"{objects:,} objects to read, of all customers: about {minutes:.0f} minutes,"
                f" ${dollars:.2f} of GET requests"
            )

    def say(self, text: str) -> None:
        """One line, whatever the text is."""
        self._out.write(f"statement: {' '.join(text.split())}\n")
        self._out.flush()
