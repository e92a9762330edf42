"""Whether a round begins another window, or makes another call."""

from functions.audit.repair.time_left import LAST_CALL_MS, ROUND_SECONDS, TimeLeft
from tests.fakes.settable_clock import SettableClock


def test_a_round_begins_no_window_that_may_not_end_in_it() -> None:
    """Not as slow a one as the slowest up to now, twice over; nor one whose call would be killed
    after it was put on record.
    """
    clock = SettableClock()
    began = clock()
    left = TimeLeft(lambda: 300_000 - int((clock() - began) * 1000), clock)
    clock.advance(10)
    assert left.for_a_window()
    clock.advance(90)
    assert left.for_a_window()
    clock.advance(5)
    assert LAST_CALL_MS < 300_000 - 105_000
    assert left.for_a_call()
    assert left.for_a_window()
    clock.advance(6)
    assert not left.for_a_call()
    assert not left.for_a_window()


def test_a_slow_window_needs_twice_its_time() -> None:
    """Traffic differs from one to the next."""
    clock = SettableClock()
    began = clock()
    left = TimeLeft(lambda: 300_000 - int((clock() - began) * 1000), clock)
    clock.advance(101)
    assert left.for_a_call()
    assert not left.for_a_window()


def test_a_round_tells_how_far_it_is_every_few_minutes() -> None:
    """A single busy window may take fifteen; many quick ones are several rounds."""
    clock = SettableClock()
    began = clock()
    left = TimeLeft(lambda: 900_000 - int((clock() - began) * 1000), clock)
    for _ in range(ROUND_SECONDS // 10):
        clock.advance(10)
        assert left.for_a_window()
    clock.advance(10)
    assert left.for_a_call()
    assert not left.for_a_window()
