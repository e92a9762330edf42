"""Whether Aforo is worth a post now: failures come in, a yes or no leaves.

Shut, every post goes. A post that was stopped opens it: what is left of this invocation, and
whatever comes while it stays open, is held untried. Then one post goes, as a probe: taken, it
shuts the breaker; stopped, it stays open for twice as long.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.usage.outcome import Held

FIRST_SECONDS = 1.0
# Not longer: held messages carry their own, growing waits; this only spares a sick Aforo a burst.
MOST_SECONDS = 30.0
# Of a short hold an eighth: what waits past its hold is given up by a try, which is not to wait for
# longer than it was held.
SHARE_OF_HOLD = 1 / 8
# The longest that a held message of a hold of 14 hours waits for its next try.
QUIET_SECONDS = 900.0


@dataclass(slots=True)
class Breaker:
    """One per environment of Aforo and process. `clock` counts seconds, and only forward; messages
    are held for `hold_seconds`.
    """

    clock: Callable[[], float]
    hold_seconds: float
    jitter: Callable[[], float] = field(default=random.random)
    _failures: int = 0
    _open_until: float = 0.0
    _why: Held | None = None

    def refusal(self) -> Held | None:
        """Why not to post now; None when a post may go."""
        left = self._open_until - self.clock()
        if self._why is None or left <= 0:
            return None
        return Held(self._why.reason, left)

    def is_probing(self) -> bool:
        """Whether the next post is a probe: it was open, and its time is over."""
        return self._why is not None and self.refusal() is None

    def is_shut(self) -> bool:
        """Whether nothing says that Aforo does not take usage: shut, or open for so long ago that
        all that was held then has been tried again, by this process or by another.
        """
        return self._why is None or self.clock() - self._open_until > QUIET_SECONDS

    def record(self, stopped: Held | None) -> None:
        """Take note of how a delivery went: stopped, or answered."""
        self._why = stopped
        if stopped is None:
            self._failures, self._open_until = 0, 0.0
            return
        most = min(MOST_SECONDS, self.hold_seconds * SHARE_OF_HOLD)
        ceiling = min(most, FIRST_SECONDS * 2**self._failures)
        # Full jitter, so that the environments of one function do not probe together.
        wait = max(stopped.wait_seconds, ceiling * self.jitter())
        self._failures = min(self._failures + 1, 16)
        self._open_until = self.clock() + wait
