"""A process's share of Aforo's rate: never more in any minute, and no event later than needed."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.rate_share import RateShare
from tests.fakes.forwarding import forwarder_settings
from tests.fakes.settable_clock import SettableClock

SHARE = 200


def test_a_burst_of_the_whole_share_waits_for_nothing() -> None:
    """Two full posts at once; the third waits until the minute of the first is over."""
    clock = SettableClock(0)
    share = RateShare(SHARE, clock, clock.advance)
    assert [share.take(100, 0), share.take(100, 0)] == [0, 0]
    assert share.take(1, 59.9) == pytest.approx(60)
    clock.advance(45)
    assert share.take(100, 20) == 0
    assert clock() == pytest.approx(60)


def test_what_was_not_taken_is_not_counted() -> None:
    """A wait that is too long costs nothing."""
    clock = SettableClock(0)
    share = RateShare(SHARE, clock, clock.advance)
    share.take(150, 0)
    for _ in range(5):
        assert share.take(100, 1) > 1
    assert share.take(50, 0) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 90), st.integers(1, SHARE), st.floats(0, 120)),
        max_size=60,
    )
)
def test_no_minute_ever_holds_more_than_the_share(posts: list[tuple[float, int, float]]) -> None:
    """Whatever is asked, whenever; and a wait that is told is the true one."""
    clock = SettableClock(0)
    share = RateShare(SHARE, clock, clock.advance)
    went: list[tuple[float, int]] = []
    for pause, events, at_most in posts:
        clock.advance(pause)
        wait = share.take(events, at_most)
        if wait:
            assert wait > at_most
            continue
        went.append((clock(), events))
        window = sum(count for at, count in went if at > clock() - 60 + 1e-6)
        assert window <= SHARE


def test_posts_of_several_threads_share_it() -> None:
    """Each waits for its own turn; the sum in the first minute is the share."""
    lock = threading.Lock()
    waits: list[float] = []

    def note(seconds: float) -> None:
        with lock:
            waits.append(seconds)

    share = RateShare(SHARE, lambda: 0.0, note)
    threads = [threading.Thread(target=share.take, args=(50, 1e9)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [60.0] * 4 + [120.0] * 4


@given(per_minute=st.integers(100, 1_000_000), processes=st.integers(1, 100))
def test_all_shares_together_are_the_limit(per_minute: int, processes: int) -> None:
    """Equal parts; and a full post fits into each, or posts are as small as the share."""
    found = forwarder_settings(aforo_events_per_minute=per_minute, forwarder_concurrency=processes)
    assert found.share_per_minute * processes <= per_minute * (1 + 1e-9)
    assert 1 <= found.most_events <= min(100, found.share_per_minute)
