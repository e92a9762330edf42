"""What every post of an invocation goes through: a block of events comes in, the verdict on it
leaves, Aforo's or why it was not posted.

Guaranteed: no post begins that cannot end in time, within our share of Aforo's rate, or after one
that was stopped. Several threads go through it at once.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.answer import Stop, Verdict
from functions.forwarder.holding import BREAKER_OPEN, OUT_OF_TIME, OWN_RATE, UNTRIED
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.rate_share import RateShare
from functions.usage.outcome import Held

type HasTime = Callable[[], bool]
type Post = Callable[[Sequence[KeyedEvent], HasTime], Verdict]


@dataclass(slots=True)
class Gate:
    """Of one invocation. `send` posts a block to Aforo, and asks before each sending whether there
    is time. `spare_seconds` may pass before the last moment to start a post.
    """

    send: Post
    breaker: Breaker
    share: RateShare
    spare_seconds: Callable[[], float]
    stopped: Held | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has_time(self) -> bool:
        return self.spare_seconds() >= 0

    def refusal(self) -> Held | None:
        """Why not to begin with a batch; None when it may be posted."""
        if self.stopped:
            return untried(self.stopped)
        refusal = self.breaker.refusal()
        # Open since an earlier invocation: nothing says that Aforo is down now.
        return Held(BREAKER_OPEN, refusal.wait_seconds) if refusal else None

    def post(self, block: Sequence[KeyedEvent]) -> Verdict:
        spare = self.spare_seconds()
        if spare < 0:
            return Stop(Held(OUT_OF_TIME, 0))
        if wait := self.share.take(len(block), spare):
            return Stop(Held(OWN_RATE, wait))
        if self.stopped:
            return Stop(untried(self.stopped))
        return self.send(block, self.has_time)

    def record(self, stopped: Held | None) -> None:
        """How a batch ended. The first that is stopped speaks for all: what a slower one still
        heard is older news, and what was not tried is none.
        """
        with self._lock:
            if self.stopped or (stopped and stopped.reason in UNTRIED):
                return
            self.stopped = stopped
            self.breaker.record(stopped)


def untried(stopped: Held) -> Held:
    """What was not posted waits as long as what was, but leaves no doubt."""
    return Held(stopped.reason, stopped.wait_seconds)
