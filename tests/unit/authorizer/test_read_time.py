"""How long a decision may wait for Redis, in a process that is new and in one that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer import read_time
from functions.authorizer.read_time import FIRST_SECONDS, ReadTime
from functions.authorizer.redis_link import ANSWER_SECONDS, BETWEEN_LONG_WAITS_SECONDS


class Clock:
    """time.monotonic, set by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The module's clock."""
    found = Clock()
    monkeypatch.setattr(read_time, "time", found)
    return found


def given_to(found: ReadTime, clock: Clock) -> float:
    return round(found.begin() - clock.now, 6)


def test_the_first_decision_has_more_and_what_follows_it_the_usual_time(clock: Clock) -> None:
    """A state was read: however long that took, from then on 50 ms."""
    found = ReadTime()
    assert given_to(found, clock) == FIRST_SECONDS
    clock.now += 0.9
    found.asked()
    found.knows()
    clock.now += 1
    assert given_to(found, clock) == ANSWER_SECONDS
    clock.now += BETWEEN_LONG_WAITS_SECONDS
    assert given_to(found, clock) == ANSWER_SECONDS


def test_a_long_wait_that_brought_nothing_is_the_only_one_in_half_a_minute(clock: Clock) -> None:
    """Who calls meanwhile has the usual time, and does not put the next long one off."""
    found = ReadTime()
    found.begin()
    clock.now += FIRST_SECONDS
    found.asked()
    over = clock.now + BETWEEN_LONG_WAITS_SECONDS
    while clock.now < over - 1:
        assert given_to(found, clock) == ANSWER_SECONDS
        clock.now += 1
        found.asked()
    clock.now = over
    assert given_to(found, clock) == FIRST_SECONDS


def test_what_did_not_last_costs_nobody_the_longer_time(clock: Clock) -> None:
    """A bad credential that asks nothing, a Redis that refuses connections at once."""
    found = ReadTime()
    found.begin()
    clock.now += 5
    found.begin()
    clock.now += ANSWER_SECONDS / 2
    found.asked()
    assert given_to(found, clock) == FIRST_SECONDS


@given(
    st.lists(
        st.tuples(
            st.floats(0, 10),  # until the decision
            st.lists(st.floats(0, 0.6), max_size=3),  # what each of its reads takes
            st.booleans(),  # whether the last of them brought a state
        ),
        max_size=30,
    )
)
def test_of_any_decisions_one_in_half_a_minute_waits_longer(
    decisions: list[tuple[float, list[float], bool]],
) -> None:
    """Longer than the usual time: never after a state was read, and never twice in 30 s."""
    clock, found = Clock(), ReadTime()
    long_ends: list[float] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read_time, "time", clock)
        is_known = False
        for pause, reads, brings_state in decisions:
            clock.now += pause
            began, deadline = clock.now, found.begin()
            assert deadline <= began + FIRST_SECONDS
            for read in reads:
                clock.now = max(clock.now, min(clock.now + read, deadline))
                found.asked()
            if clock.now > began + ANSWER_SECONDS:
                assert not is_known
                assert not long_ends or began >= long_ends[-1] + BETWEEN_LONG_WAITS_SECONDS
                long_ends.append(clock.now)
            if reads and brings_state and clock.now < deadline:
                found.knows()
                is_known = True
