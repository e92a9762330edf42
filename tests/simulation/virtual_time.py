"""A clock that processes share: each runs until it sleeps, and then whoever wakes first goes on."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count


class Ended(BaseException):
    """The simulation is over, whatever a process was about to do."""


@dataclass
class VirtualTime:
    """`now` is in epoch seconds. A process is a thread, and one runs at a time."""

    now: float
    _wakings: list[tuple[float, int, threading.Semaphore]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _is_over: bool = False
    _failures: list[BaseException] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def now_ms(self) -> int:
        return int(self.now * 1000)

    def start(self, at: float, work: Callable[[], None]) -> None:
        """A process that begins then."""

        def body() -> None:
            gate.acquire()
            try:
                if not self._is_over:
                    work()
            except Ended:
                pass
            except BaseException as error:  # noqa: BLE001 - it is raised by `run`
                self._failures.append(error)
            finally:
                self._baton.release()

        gate = self._waking(at)
        threading.Thread(target=body, daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """In a process."""
        gate = self._waking(self.now + seconds)
        self._baton.release()
        gate.acquire()
        if self._is_over:
            raise Ended

    def run(self, until: float) -> None:
        """Raises what a process raises. In the end all are over."""
        while self._wakings and self._wakings[0][0] <= until and not self._failures:
            self._wake()
        self._is_over = True
        while self._wakings:
            self._wake()
        if self._failures:
            raise self._failures[0]

    def _waking(self, at: float) -> threading.Semaphore:
        gate = threading.Semaphore(0)
        heappush(self._wakings, (at, next(self._numbers), gate))
        return gate

    def _wake(self) -> None:
        at, _, gate = heappop(self._wakings)
        if not self._is_over:
            self.now = max(self.now, at)
        gate.release()
        self._baton.acquire()
