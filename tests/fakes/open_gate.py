"""A gate that nothing has shut: there is time, and Aforo's rate is ours."""

from collections.abc import Callable, Sequence

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.answer import Verdict
from functions.forwarder.gate import Gate
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.rate_share import RateShare
from tests.fakes.settable_clock import SettableClock

AMPLE = 1e9


def open_gate(post: Callable[[Sequence[KeyedEvent]], Verdict]) -> Gate:
    """Of a process that just started."""
    clock = SettableClock(0)
    return Gate(
        send=lambda block, _has_time: post(block),
        breaker=Breaker(clock, 50_400),
        share=RateShare(AMPLE, clock),
        spare_seconds=lambda: AMPLE,
    )
