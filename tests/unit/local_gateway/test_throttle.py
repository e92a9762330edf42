from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.throttle import Throttle

BUCKET = ("method", "GET")


@given(
    rate=st.floats(min_value=0, max_value=100),
    burst=st.integers(min_value=0, max_value=50),
    gaps=st.lists(st.floats(min_value=0, max_value=1), max_size=200),
)
def test_no_window_ever_admits_more_than_burst_and_rate(
    rate: float, burst: int, gaps: list[float]
) -> None:
    """From the first request on, at most burst + rate * seconds pass."""
    throttle, now, admitted = Throttle(), 0.0, 0
    for gap in gaps:
        now += gap
        admitted += throttle.admits(BUCKET, rate=rate, burst=burst, now=now)
        assert admitted <= burst + rate * now + 1e-6


def test_a_bucket_fills_again_and_is_nobody_elses() -> None:
    """After a pause requests pass again, and another method was never held up."""
    throttle = Throttle()
    first = [throttle.admits(BUCKET, rate=1, burst=2, now=0.0) for _ in range(3)]
    assert first == [True, True, False]
    assert throttle.admits(("other",), rate=1, burst=2, now=0.0)
    assert throttle.admits(BUCKET, rate=1, burst=2, now=1.0)
