"""A process of a stop: it has a clock of its own, is called, and may die at any call of its own.

Lambda's environment: one invocation at a time; what is wired in it lives as long as it does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import greenlet

from tests.simulation.engine.world import World


class Killed(BaseException):
    """The process is gone. Nothing in it runs on: not even what cleans up reaches a place."""


class TimedOut(Killed):
    """Lambda ended it at the end of the function's time."""


@dataclass(frozen=True, slots=True)
class Died:
    """An invocation without an answer."""

    why: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An invocation that ended with an exception: for Lambda a failed one."""

    error: Exception


@dataclass(eq=False)
class Process:
    """`stop` is the kind (`forwarder`), `name` this one. `skew`: seconds its clock is ahead.
    `wired` is what the process keeps between invocations, under names of its stop's choosing.
    """

    world: World
    stop: str
    name: str
    skew: float = 0.0
    is_alive: bool = True
    is_busy: bool = False
    deadline: float = float("inf")  # true time
    wired: dict[str, Any] = field(default_factory=dict)

    def invoke(
        self,
        work: Callable[[], object],
        seconds: float,
        done: Callable[[object], None],
    ) -> None:
        """`work` begins now. `done` gets what it returns, `Raised` or `Died`, when it is over; it
        is not called while the process runs.
        """
        if self.is_busy or not self.is_alive:
            raise RuntimeError(f"{self.name} cannot be called")
        self.is_busy, self.deadline = True, self.world.now + seconds

        def body() -> None:
            greenlet.getcurrent().process = self  # type: ignore[attr-defined]
            self.world.clock.set(self.world.now + self.skew)
            answer: object
            try:
                answer = work()
            except Killed as end:
                self.is_alive = False
                answer = Died(type(end).__name__)
            except Exception as error:  # noqa: BLE001 - Lambda takes any
                answer = Raised(error)
            self.is_busy = False
            self.world.at(self.world.now, lambda: done(answer))

        self.world.start(body)

    def sleep(self, seconds: float) -> None:
        """Of this process's own will, or while a place answers."""
        if not self.is_alive:
            raise Killed(self.name)
        left = self.deadline - self.world.now
        self.world.pause(max(0.0, min(seconds, left)), self.skew)
        if not self.is_alive:
            raise Killed(self.name)
        if seconds >= left:
            self.is_alive = False
            self.world.tell(self.name, "is out of time: Lambda ends it")
            raise TimedOut(self.name)

    def wait(self, begin: Callable[[Callable[[], None]], None], seconds: float) -> bool:
        """For another: `begin` gets what it shall call when it is done, not before the world goes
        on. False: so many seconds are over first, or the function's time is.
        """
        here, waits = greenlet.getcurrent(), min(seconds, self.deadline - self.world.now)
        was_told: list[bool] = []

        def go_on(*, is_told: bool) -> None:
            if not was_told:
                was_told.append(is_told)
                self.world.clock.set(self.world.now + self.skew)
                here.switch()

        begin(lambda: self.world.after(0, lambda: go_on(is_told=True)))
        self.world.after(waits, lambda: go_on(is_told=False))
        if here.parent is None:
            raise RuntimeError("only what was started may wait")
        here.parent.switch()
        self.sleep(0)  # it may be dead, or out of time
        return was_told[0]

    def kill(self, why: str) -> None:
        """From inside, at a call: it does not return. From outside, a process that is busy dies
        when it goes on, before anything else that it would do.
        """
        self.is_alive = False
        self.world.tell(self.name, f"is killed {why}")
        if current_process() is self:
            raise Killed(why)

    def remaining_ms(self) -> int:
        return int((self.deadline - self.world.now) * 1000)


def current_process() -> Process | None:
    """Who is at work; None where the world itself acts (an actor, a watcher)."""
    return getattr(greenlet.getcurrent(), "process", None)
