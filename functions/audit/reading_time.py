"""How much time an invocation has left comes in; whether the window that is being read may be read
further leaves, chunk by chunk.

A window that takes longer than an invocation has would take the time of all sources, in each run.
"""

from collections.abc import Callable
from typing import NamedTuple

# Then a run only tells what it found, and starts repairs.
LAST_LINES_MS = 30_000
# Of what is left beyond that when it begins: the other sources have the rest, in turn the same.
_SHARE = 3, 4


class ReadingTime(NamedTuple):
    """Of one invocation."""

    left_ms: Callable[[], int]

    def of_a_window(self, *, others_wait: bool) -> Callable[[], bool]:
        """For one that begins now."""
        floor = LAST_LINES_MS
        if others_wait:
            part, whole = _SHARE
            floor += max(0, self.left_ms() - LAST_LINES_MS) * (whole - part) // whole
        return lambda: self.left_ms() > floor
