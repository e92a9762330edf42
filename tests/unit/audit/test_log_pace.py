"""Calls have their turns, and throttling is outlasted for a while."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.log.log_pace import (
    PAUSES_SECONDS,
    LogCall,
    LogPace,
    account_quotas,
    calls_a_second,
)
from tests.fakes.log_group import refused
from tests.fakes.settable_clock import SettableClock


@dataclass
class Timed:
    """A clock that sleeping moves, and when calls were made."""

    clock: SettableClock = field(default_factory=SettableClock)
    made: list[float] = field(default_factory=list)

    def pace(self) -> LogPace:
        return LogPace(self.clock, self.clock.advance)

    def call(self) -> None:
        self.made.append(self.clock.now)


@given(
    call=st.sampled_from(LogCall),
    idle=st.lists(st.floats(0, 5), min_size=1, max_size=30),
)
def test_no_two_calls_are_nearer_than_the_rate_allows(call: LogCall, idle: list[float]) -> None:
    """Whatever the time between them: idle time is not saved up for a burst."""
    timed = Timed()
    pace = timed.pace()
    for seconds in idle:
        timed.clock.advance(seconds)
        pace.make(call, timed.call)
    apart = [after - before for before, after in zip(timed.made, timed.made[1:], strict=False)]
    assert all(one >= 1 / calls_a_second()[call] - 1e-6 for one in apart)


def test_kinds_of_calls_do_not_wait_for_each_other() -> None:
    """Each has a quota of its own."""
    timed = Timed()
    pace = timed.pace()
    for call in LogCall:
        pace.make(call, timed.call)
    assert len(set(timed.made)) == 1


@pytest.mark.parametrize(
    ("region", "rates"),
    [
        ("", (2, 4, 10)),
        ("eu-central-1", (2, 4, 10)),
        ("eu-west-1", (4, 4, 10)),
        ("us-west-2", (4, 4, 10)),
        ("us-east-1", (10, 10, 10)),
        ("eu-west-3", (4, 12, 10)),
        ("eu-north-1", (4, 10, 10)),
    ],
)
def test_we_take_a_share_of_a_regions_quota(region: str, rates: tuple[int, int, int]) -> None:
    """Replay, tools and people need the rest."""
    taken = calls_a_second(region)
    assert tuple(taken[call] for call in LogCall) == rates


@pytest.mark.parametrize("times", range(len(PAUSES_SECONDS) + 1))
def test_throttling_is_waited_out(times: int) -> None:
    """Others are at work, and will be done."""
    timed = Timed()
    began = timed.clock.now

    def ask() -> str:
        timed.call()
        if len(timed.made) <= times:
            raise refused("ThrottlingException")
        return "answer"

    assert timed.pace().make(LogCall.FILTER, ask) == "answer"
    assert len(timed.made) == times + 1
    assert timed.clock.now - began >= sum(PAUSES_SECONDS[:times])


@pytest.mark.parametrize(
    ("code", "tries"),
    [("ThrottlingException", len(PAUSES_SECONDS) + 1), ("AccessDeniedException", 1)],
)
def test_what_lasts_is_raised(code: str, tries: int) -> None:
    """And what no waiting cures, at once."""
    timed = Timed()

    def ask() -> None:
        timed.call()
        raise refused(code)

    with pytest.raises(ClientError):
        timed.pace().make(LogCall.EVENTS, ask)
    assert len(timed.made) == tries


@given(st.sampled_from(["", "eu-west-3", "us-east-1"]), st.integers(1, 64))
def test_processes_share_the_share(region: str, processes: int) -> None:
    """However many there are, most of each quota is for others."""
    for call, rate in calls_a_second(region, processes).items():
        assert rate * processes <= account_quotas(region)[call] / 2


def test_processes_that_begin_together_do_not_call_together() -> None:
    """Ten that share ten calls a second would make them all at once, each second."""
    made: list[float] = []
    rates = calls_a_second("us-east-1", processes=10)
    phases = iter([number / 10 for number in range(10) for _ in range(2)])
    for _ in range(10):
        timed = Timed()
        pace = LogPace(timed.clock, timed.clock.advance, rates, phase=lambda: next(phases))
        for _ in range(3):
            pace.make(LogCall.FILTER, timed.call)
        timed.clock.advance(300)
        pace.make(LogCall.FILTER, timed.call)
        made += timed.made
    made.sort()
    assert all(after - before > 0.09 for before, after in pairwise(made))
