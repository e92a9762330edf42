"""How long a decision may read from Redis: the usual time, and more for the first of a process.

A new process starts a thread, resolves a name, connects, and runs much of its code for the first
time, on the share of a CPU that Lambda gives it: 50 ms are soon over, while Redis is well.
Guaranteed: once a customer's state was read, every decision has the usual time; until then one
decision in 30 s has more, so that a Redis that hangs is not waited for again and again.
"""

import time

from functions.authorizer.redis_link import ANSWER_SECONDS, BETWEEN_LONG_WAITS_SECONDS

# Of ten new processes that shared a CPU with eight busy ones, the slowest had decided after a third
# of it. As long as a sign-in may take, and a tenth of the function's time.
FIRST_SECONDS = 1.0


class ReadTime:
    """One per process. Times are of time.monotonic."""

    def __init__(self) -> None:
        self._is_warm = False
        self._long_from = 0.0
        self._usual_until = 0.0
        self._is_long = False

    def begin(self) -> float:
        """The deadline of a decision that begins now."""
        now = time.monotonic()
        usual = now + ANSWER_SECONDS
        if self._is_warm:
            return usual
        self._is_long = now >= self._long_from
        self._usual_until = usual
        return max(usual, now + FIRST_SECONDS) if self._is_long else usual

    def asked(self) -> None:
        """Redis has answered, or was given up."""
        if self._is_long and (now := time.monotonic()) > self._usual_until:
            self._long_from = now + BETWEEN_LONG_WAITS_SECONDS

    def knows(self) -> None:
        """A customer's state was read: what happens once in a process has happened."""
        self._is_warm, self._is_long = True, False
