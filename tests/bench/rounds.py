"""Works that take turns: works by name come in, and what each took in each round leaves.

A round runs every work once, one after the other, so that what slows this machine for a while slows
all of them alike: a ratio is taken within a round, and the median of many is what a bench tells.
All of it runs on one CPU. Of a virtual machine's two one may be half as fast for minutes, where
its core works for somebody else, and a process stays where it is.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

# One run of it leaves microseconds of CPU a unit (or whatever a bench compares).
type Work = Callable[[], float]
type Round = Mapping[str, float]

WARM_UP = 2


class Scale(NamedTuple):
    """How much a bench does: in earnest, or once and at its smallest to see that it works."""

    is_small: bool = False

    def rounds(self, wanted: int) -> int:
        return 1 if self.is_small else wanted

    def sizes(self, wanted: Sequence[int]) -> Sequence[int]:
        return wanted[:1] if self.is_small else wanted

    def count(self, wanted: int, least: int = 1) -> int:
        return max(least, wanted // 100) if self.is_small else wanted


def in_turns(works: Mapping[str, Work], scale: Scale, rounds: int) -> list[Round]:
    """So many rounds of all, after a few that count for nothing: until all is compiled, connected
    and remembered.
    """
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, one_cpu())
    try:
        for _ in range(scale.rounds(WARM_UP)):
            _round(works)
        return [_round(works) for _ in range(scale.rounds(rounds))]
    finally:
        os.sched_setaffinity(0, every)


def one_cpu() -> set[int]:
    """The CPU of all that is measured; what it calls may be on another."""
    return {max(os.sched_getaffinity(0))}


def _round(works: Mapping[str, Work]) -> Round:
    return {name: work() for name, work in works.items()}


def cpu_us(action: Callable[[], object], units: float, runs: int = 1) -> Work:
    """Microseconds of this process's CPU for each of `units` that one run of `action` does."""

    def work() -> float:
        begun = time.process_time_ns()
        for _ in range(runs):
            action()
        return (time.process_time_ns() - begun) / 1000 / (runs * units)

    return work
