"""The breaker by itself: open, probing, shut."""

from functions.forwarder.aforo_breaker import FIRST_SECONDS, QUIET_SECONDS, Breaker
from functions.usage.outcome import Held
from tests.fakes.settable_clock import SettableClock

OUTAGE = Held("outage", 0)


def breaker_at(clock: SettableClock) -> Breaker:
    return Breaker(clock, hold_seconds=50_400, jitter=lambda: 1.0)


def test_after_a_recovery_nothing_is_a_probe() -> None:
    """The probe that was taken shuts it: the next invocation posts all it has, at once."""
    clock = SettableClock()
    breaker = breaker_at(clock)
    assert not breaker.is_probing()
    breaker.record(OUTAGE)
    assert not breaker.is_probing()
    clock.advance(FIRST_SECONDS)
    assert breaker.is_probing()
    breaker.record(None)
    assert breaker.refusal() is None
    assert not breaker.is_probing()
    assert breaker.is_shut()


def test_a_recovery_forgets_how_often_it_failed() -> None:
    """The outage after it begins with the shortest wait again."""
    clock = SettableClock()
    breaker = breaker_at(clock)
    for _ in range(4):
        breaker.record(OUTAGE)
    breaker.record(None)
    breaker.record(OUTAGE)
    refused = breaker.refusal()
    assert refused is not None
    assert refused.wait_seconds == FIRST_SECONDS


def test_it_counts_as_shut_when_all_that_was_held_has_been_tried_again() -> None:
    """Open for so long ago, it says nothing of now; the next post is a probe all the same."""
    clock = SettableClock()
    breaker = breaker_at(clock)
    breaker.record(OUTAGE)
    clock.advance(FIRST_SECONDS + QUIET_SECONDS)
    assert not breaker.is_shut()
    clock.advance(1)
    assert breaker.is_shut()
    assert breaker.is_probing()
