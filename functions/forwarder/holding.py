"""How long a message that could not be settled stays invisible, or that it has waited long enough.

Pure: what SQS says of the message, why its events are held and the time come in.
"""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from functions.forwarder.inbox import Envelope
from functions.usage.outcome import Held, SetAside, SetAsideClass

MOST_SECONDS = 900
# Of a hold of 14 hours that is a 56th. A longer hold waits longer at a time, or its receives would
# not last: at 100 the redrive policy ends it. (SQS hides for 12 hours at most: a hold of 28 days.)
WAITS_IN_A_HOLD = 56
FIRST_SECONDS = 2
# The exponent at which the wait has long reached its most, of the longest hold too.
_MOST_DOUBLINGS = 15

CLASS_OF_REASON = {
    "credential_refused": SetAsideClass.AUTH,
    "credential_unavailable": SetAsideClass.AUTH,
    "signature_refused": SetAsideClass.AUTH,
    "clock_skew": SetAsideClass.AUTH,
    "systemic_refusal": SetAsideClass.AUTH,
    "redirected": SetAsideClass.AUTH,
    "future": SetAsideClass.FUTURE,
    "answer_not_json": SetAsideClass.AMBIGUOUS,
    "counts_do_not_add_up": SetAsideClass.AMBIGUOUS,
}
# Not tried, and nothing that was tried beside it failed: no reason to give up on a message.
OUT_OF_TIME = "out_of_time"
# At once, a large backlog at a slow Aforo would use its receives up.
OUT_OF_TIME_SECONDS = 5
BREAKER_OPEN = "breaker_open"
OWN_RATE = "own_rate"  # our share of Aforo's rate is used up
UNTRIED = frozenset({OUT_OF_TIME, BREAKER_OPEN, OWN_RATE})


@dataclass(frozen=True, slots=True)
class Holding:
    """The rule of waiting (architecture.md 2)."""

    hold_seconds: float
    jitter: Callable[[], float] = field(default=random.random)

    def is_over(self, envelope: Envelope, now_ms: int) -> bool:
        """Whether a message has waited for as long as it may."""
        return now_ms - envelope.sent_at_ms >= self.hold_seconds * 1000

    def wait_seconds(self, envelope: Envelope, held: Iterable[Held], now_ms: int) -> int:
        """Seconds of invisibility: what Aforo asks for, at least the backoff, at most 15 minutes
        (for a hold of 14 hours) and what remains of the hold: the last try comes when it ends.
        """
        reasons = list(held)
        if reasons and all(one.reason == OUT_OF_TIME for one in reasons):
            return OUT_OF_TIME_SECONDS
        asked = max((one.wait_seconds for one in reasons), default=0.0)
        wanted = max(asked, self._backoff(envelope.receives))
        if not self.is_over(envelope, now_ms):
            remaining = self.hold_seconds - (now_ms - envelope.sent_at_ms) / 1000
            return math.ceil(min(wanted, self._most_seconds, remaining))
        # Past the hold a message is given up at its next failure: it gets that try soon, unless
        # it is our own places that failed.
        is_untried = bool(reasons) and all(one.reason in UNTRIED for one in reasons)
        return math.ceil(min(max(1, asked) if is_untried else wanted, self._most_seconds))

    @property
    def _most_seconds(self) -> float:
        return max(MOST_SECONDS, self.hold_seconds / WAITS_IN_A_HOLD)

    def _backoff(self, receives: int) -> float:
        # Jitter between half and whole: with full jitter a hold of 14 hours takes 112 receives on
        # average, and at 100 the redrive policy would end it; this takes about 85.
        doublings = min(receives - 1, _MOST_DOUBLINGS)
        ceiling = min(self._most_seconds, FIRST_SECONDS << doublings)
        return ceiling * (0.5 + 0.5 * self.jitter())


def given_up(held: Held, *, is_forgotten: bool) -> SetAside | Held:
    """What a held event becomes when its message has waited long enough. `is_forgotten`: Aforo may
    have it, and may not know its key any more.
    """
    if held.reason in UNTRIED:
        return held
    if held.refusal:
        return held.refusal
    known = CLASS_OF_REASON.get(held.reason)
    doubtful = SetAsideClass.AMBIGUOUS if is_forgotten else None
    return SetAside(known or doubtful or SetAsideClass.EXHAUSTED, held.reason)
