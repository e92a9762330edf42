"""Work to do in a forked process comes in; what it answered leaves, or how it ended instead.

A child ends with `os._exit`: nothing of the parent's is torn down twice. Its time is its own CPU
time first, so that a busy machine makes no mutant look endless; then the clock, for one that waits.
"""

import os
import pickle
import resource
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Of a child that waits for what never comes: a busy machine gives it a thirtieth of a core.
CLOCK_PER_CPU = 30
LOOK_EVERY_SECONDS = 0.5


class TooLongError(Exception):
    """A child used up its time."""


class EndedError(Exception):
    """A child ended without an answer."""


@dataclass(slots=True)
class _Running:
    pid: int
    name: Any
    until: float
    parts: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Children:
    """At most `jobs` children at a time."""

    jobs: int
    _running: dict[int, _Running] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def start(self, name: Any, work: Callable[[], Any], cpu_seconds: int) -> None:
        """Begin. Whoever calls takes `done` first where `is_full`."""
        reading, writing = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            os.close(reading)
            _work(work, writing, cpu_seconds)
        os.close(writing)
        until = time.monotonic() + cpu_seconds * CLOCK_PER_CPU
        self._running[reading] = _Running(pid, name, until)
        self._selector.register(reading, selectors.EVENT_READ)

    def is_full(self) -> bool:
        return len(self._running) >= self.jobs

    def is_empty(self) -> bool:
        return not self._running

    def done(self) -> Iterator[tuple[Any, Any]]:
        """Wait until one ends: its name, and its answer or its error."""
        for key, _ in self._selector.select(LOOK_EVERY_SECONDS):
            running = self._running[key.fd]
            if part := os.read(key.fd, 1 << 20):
                running.parts.append(part)
            else:
                yield self._ended(key.fd)
        for descriptor, running in list(self._running.items()):
            if time.monotonic() > running.until:
                os.kill(running.pid, signal.SIGKILL)
                yield self._ended(descriptor)

    def _ended(self, descriptor: int) -> tuple[Any, Any]:
        running = self._running.pop(descriptor)
        self._selector.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(running.pid, 0)
        if os.WIFSIGNALED(status):
            is_late = os.WTERMSIG(status) in {signal.SIGKILL, signal.SIGXCPU}
            error = TooLongError if is_late else EndedError
            return running.name, error(f"signal {os.WTERMSIG(status)}")
        told = b"".join(running.parts)
        return running.name, pickle.loads(told) if told else EndedError("no answer")  # noqa: S301 - ours


def _work(work: Callable[[], Any], writing: int, cpu_seconds: int) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        try:
            answer = work()
        except BaseException as error:  # noqa: BLE001 - the parent is told, whatever it is
            answer = EndedError(f"{error!r}\n{traceback.format_exc()}")
        told = memoryview(pickle.dumps(answer))
        while told:
            told = told[os.write(writing, told) :]
    finally:
        os._exit(0)


def in_child(work: Callable[[], Any], cpu_seconds: int) -> Any:
    """The answer of one child; raises what became of it where it has none."""
    children = Children(jobs=1)
    children.start(None, work, cpu_seconds)
    while True:
        for _, answer in children.done():
            if isinstance(answer, TooLongError | EndedError):
                raise answer
            return answer
