"""Whether an invocation has time for more: what Lambda says is left comes in, and how long the last
windows took.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.audit.repair.metering_again import BUSY_SECONDS, METERING_SECONDS

# One call more: metering is busy, takes its whole time, and is asked whether it works at all.
LAST_CALL_MS = (2 * METERING_SECONDS + BUSY_SECONDS + 10) * 1000
# A window that begins has a call, too; and a busy one takes longer than the last.
SLOWER = 2
# A round then ends and says how far it is, though a single busy window may take all of 900 s.
ROUND_SECONDS = 240


@dataclass(slots=True)
class TimeLeft:
    """Of one invocation; asked before each window after the first."""

    remaining_ms: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    _longest_ms: float = 0
    _began: float = field(init=False)
    _round_began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._round_began = self.clock()

    def for_a_call(self) -> bool:
        """Of metering. What was on record before it was killed would not be sent by this audit."""
        return self.remaining_ms() > LAST_CALL_MS

    def for_a_window(self) -> bool:
        """Another one, as slow as the slowest up to now."""
        now = self.clock()
        self._longest_ms = max(self._longest_ms, (now - self._began) * 1000)
        self._began = now
        if now - self._round_began > ROUND_SECONDS:
            return False
        return self.remaining_ms() > max(LAST_CALL_MS, SLOWER * self._longest_ms)
