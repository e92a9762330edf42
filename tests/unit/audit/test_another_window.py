"""No window is begun that Lambda would cut."""

from hypothesis import given
from hypothesis import strategies as st

from functions.audit.another_window import LAST_WINDOW_MS, AnotherWindow


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
    for number, took in enumerate(took_ms):
        if not another.has_time():
            return
        if number:
            took = min(took, int(slower * max(took_ms[:number])))  # noqa: PLW2901 - bounded
            assert took < left_ms
        left_ms -= took
