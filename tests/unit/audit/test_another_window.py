"""No window is begun that Lambda would cut."""

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.counting.another_window import LAST_WINDOW_MS, AnotherWindow


def test_a_minute_is_left_for_what_is_told_in_the_end() -> None:
    """Also where windows take no time."""
    left = iter(range(LAST_WINDOW_MS + 2, 0, -1))
    another = AnotherWindow(lambda: next(left))
    assert [another.has_time() for _ in range(2)] == [True, False]


@given(st.integers(1, 900_000), st.lists(st.integers(0, 200_000), min_size=1), st.floats(0.67, 1.5))
def test_a_window_half_as_slow_again_comes_to_its_end(
    whole_ms: int, took_ms: list[int], slower: float
) -> None:
    """Whatever an invocation has, and however long its windows take."""
    left_ms = whole_ms
    another = AnotherWindow(lambda: left_ms)
    longest = 0
    for took in took_ms:
        if not another.has_time():
            return
        seconds = min(took, int(slower * longest)) if longest else took
        assert not longest or seconds < left_ms
        longest = max(longest, seconds)
        left_ms -= seconds


def test_a_run_leaves_the_next_one_its_time() -> None:
    """Lambda gives 15 minutes, for the window that it is at; another is begun in the first five, or
    ten where windows are divided.
    """
    for shards, run_ms in ((1, 300_000), (10, 600_000)):
        left = iter(range(900_000, 0, -1_000))
        another = AnotherWindow(lambda left=left: next(left), shards)  # type: ignore[misc]
        begun = 0
        while another.has_time():
            begun += 1_000
        assert run_ms - LAST_WINDOW_MS - 2_000 <= begun <= run_ms - LAST_WINDOW_MS
