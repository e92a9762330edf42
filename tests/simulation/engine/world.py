"""One thread, one heap of events, one clock: what is to happen is put on the heap, and happens in
the order of its time.

A process runs as a greenlet: at each call through a seam it pauses, and others go on. The same
seed gives the same run; nothing here asks the machine for the time or for chance.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

import greenlet

from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.story import Story

type Action = Callable[[], None]


@dataclass
class World:
    """`now` is the true time, in epoch seconds. `watchers` are called after every event, with the
    true time: what they raise ends the run.
    """

    seed: int
    now: float
    clock: MachineClock
    story: Story = field(default_factory=Story)
    watchers: list[Action] = field(default_factory=list)
    events: int = 0
    is_over: bool = False
    _heap: list[tuple[float, int, Action]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)
    _chances: dict[str, random.Random] = field(default_factory=dict)
    _failure: BaseException | None = None

    def chance(self, of: str) -> random.Random:
        """Each purpose draws from a stream of its own: one draw more of one changes no other."""
        if of not in self._chances:
            self._chances[of] = random.Random(f"{self.seed}/{of}")
        return self._chances[of]

    def tell(self, who: str, what: str) -> None:
        self.story.add(self.now, who, what)

    def at(self, time: float, action: Action) -> None:
        """`action` happens then, or now if that is over."""
        heappush(self._heap, (max(time, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Action) -> None:
        self.at(self.now + seconds, action)

    def every(self, seconds: float, action: Action, *, first: float) -> None:
        """`action` happens at `first` seconds from now, and then again and again."""

        def again() -> None:
            self.after(seconds, again)
            action()

        self.after(first, again)

    def run(self, until: float) -> None:
        """Everything that is due before `until`."""
        while self._heap and self._heap[0][0] < until:
            at, _, action = heappop(self._heap)
            self.now = at
            self.clock.set(at)
            self.events += 1
            action()
            self._raise_failure()
            for watch in self.watchers:
                watch()
        self.now = max(self.now, until)

    def start(self, work: Action) -> None:
        """`work` begins now, as a greenlet that may pause."""

        def body() -> None:
            try:
                work()
            except greenlet.GreenletExit:
                raise
            except BaseException as error:  # noqa: BLE001 - `run` raises it
                self._failure = self._failure or error

        greenlet.greenlet(body).switch()

    def pause(self, seconds: float, skew: float) -> None:
        """In a greenlet: others go on meanwhile."""
        here = greenlet.getcurrent()
        if here.parent is None:
            raise RuntimeError("only what was started may pause")

        def go_on() -> None:
            self.clock.set(self.now + skew)
            here.switch()

        self.after(seconds, go_on)
        here.parent.switch()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
