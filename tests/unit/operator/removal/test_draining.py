"""Drained is what was empty at every look for long enough."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.removal.draining import (
    LOOK_SECONDS,
    Clock,
    OnTheWay,
    Patience,
    drained,
)

LOOKS = st.lists(st.integers(0, 2), max_size=60)


class Walk:
    """What is on the way at each look; nothing after the last."""

    def __init__(self, depths: Sequence[int], set_aside: int = 0) -> None:
        self.depths = depths
        self.set_aside = set_aside
        self.looked: list[tuple[float, int]] = []
        self.said: list[str] = []
        self.now = 0.0

    def look(self) -> OnTheWay:
        turn = len(self.looked)
        depth = self.depths[turn] if turn < len(self.depths) else 0
        self.looked.append((self.now, depth))
        return OnTheWay({"UsageQueue": depth}, {"UsageDeadLetterQueue": self.set_aside})

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def drain(self, quiet: float, most: float) -> OnTheWay | None:
        clock = Clock(lambda: self.now, self.sleep)
        return drained(self.look, self.said.append, Patience(quiet, most), clock)


@given(LOOKS, st.integers(0, 200), st.integers(0, 800))
def test_it_is_drained_only_after_a_quiet_stretch(depths: list[int], quiet: int, most: int) -> None:
    """All looks of the stretch were empty, there were two at least, and time was not over."""
    walk = Walk(depths)
    found = walk.drain(quiet, most)
    if found:
        end = walk.now
        stretch = [depth for at, depth in walk.looked if at > end - quiet or at == end]
        assert stretch
        assert not any(stretch)
        assert len(walk.looked) > 1
    else:
        assert walk.now >= most
    assert walk.now <= most + LOOK_SECONDS


def test_who_waits_is_told_what_for() -> None:
    """At each look, with what is set aside."""
    walk = Walk([3, 1], set_aside=2)
    found = walk.drain(0, 600)
    assert found == OnTheWay({"UsageQueue": 0}, {"UsageDeadLetterQueue": 2})
    assert walk.said == [
        "UsageQueue 3, UsageDeadLetterQueue 2",
        "UsageQueue 1, UsageDeadLetterQueue 2",
    ]


def test_a_heartbeat_in_between_begins_the_stretch_anew() -> None:
    """One message is enough to say that somebody still sends."""
    walk = Walk([0, 0, 1])
    walk.drain(2 * LOOK_SECONDS, 600)
    assert walk.now == 4 * LOOK_SECONDS
