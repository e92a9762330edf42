"""When Redis is left alone for a moment, and when it is asked again."""

from functions.authorizer.counter_read import FAILURES, OPEN_SECONDS, RedisBreaker

NOW = 1_796_000_000.0


def broken() -> RedisBreaker:
    breaker = RedisBreaker()
    for _ in range(FAILURES):
        breaker.failed(NOW)
    return breaker


def test_failures_in_a_row_open_it_for_a_second() -> None:
    """Then Redis is asked again, and one more failure is enough."""
    breaker = broken()
    assert breaker.is_open(NOW)
    assert breaker.is_open(NOW + OPEN_SECONDS - 0.001)
    assert not breaker.is_open(NOW + OPEN_SECONDS)
    breaker.failed(NOW + OPEN_SECONDS)
    assert breaker.is_open(NOW + OPEN_SECONDS)
    assert OPEN_SECONDS == 1.0


def test_fewer_failures_leave_it_closed() -> None:
    """One slow answer is no outage."""
    breaker = RedisBreaker()
    for _ in range(FAILURES - 1):
        breaker.failed(NOW)
        assert not breaker.is_open(NOW)


def test_an_answer_closes_it() -> None:
    """What failed before a good answer is over: again it takes as many failures in a row."""
    breaker = broken()
    breaker.succeeded()
    assert not breaker.is_open(NOW)
    for _ in range(FAILURES - 1):
        breaker.failed(NOW)
        assert not breaker.is_open(NOW)


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    """It would be open for as long as the clock was ahead."""
    assert not broken().is_open(NOW - 3600)
