"""This process's share of what Aforo takes a minute: a number of events comes in, the moment at
which they may be posted is waited for, or the seconds that it would take leave.

Guaranteed: in no 60 seconds are more events let go than the share, so that all processes together
stay within the limit of the key (aforo-contract.md 1.1.4). A process that Lambda starts in another
one's place knows nothing of its posts: then a 429 is the limit, and it holds without a doubt.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_SECONDS = 60.0


@dataclass(slots=True)
class RateShare:
    """A sliding minute. A token bucket that keeps the same promise would have to give up as much of
    its rate as it allows for a burst. `clock` counts seconds, and only forward.
    """

    events_per_minute: float
    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _posts: deque[tuple[float, int]] = field(default_factory=deque)  # start, events; in order
    _total: int = 0

    def take(self, events: int, at_most_seconds: float) -> float:
        """0 when `events` may be posted now, after a wait of at most so many seconds; else how long
        the wait would be: nothing is taken then.
        """
        with self._lock:
            now = self.clock()
            self._forget(now - WINDOW_SECONDS)
            start = self._start(events, now)
            if start - now > at_most_seconds:
                return start - now
            self._posts.append((start, events))
            self._total += events
        if start > now:
            self.sleep(start - now)
        return 0.0

    def _forget(self, until: float) -> None:
        while self._posts and self._posts[0][0] <= until:
            self._total -= self._posts.popleft()[1]

    def _start(self, events: int, now: float) -> float:
        """The earliest moment at which `events` fit; never before a post that waits already."""
        start = max(now, self._posts[-1][0]) if self._posts else now
        total = self._total
        for posted_at, count in self._posts:
            ends = posted_at + WINDOW_SECONDS
            if ends > start:
                if total + events <= self.events_per_minute:
                    break
                start = ends
            total -= count
        return start
