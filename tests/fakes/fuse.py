"""A process that dies between two effects: before the n-th of them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from functions.forwarder.putting_back import Later
from tests.fakes.model_queue import ModelQueue
from tests.fakes.settling import Crash, FakePlaces


@dataclass
class Fuse:
    """`steps` effects go well, then the process dies; None: it lives."""

    steps: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def burn(self) -> None:
        with self._lock:
            if self.steps is None:
                return
            self.steps -= 1
            if self.steps < 0:
                raise Crash


@dataclass
class FusedPlaces(FakePlaces):
    """Dies before an effect of a place."""

    fuse: Fuse = field(default_factory=Fuse)

    def reach(self, place: str) -> None:
        self.fuse.burn()
        super().reach(place)


@dataclass
class FusedQueue(ModelQueue):
    """Dies before a message is put back or hidden, or between two of them."""

    fuse: Fuse = field(default_factory=Fuse)

    def put_back(self, letters: Mapping[str, Later]) -> set[str]:
        for name, later in letters.items():
            self.fuse.burn()
            super().put_back({name: later})
        return set(letters)

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> set[str]:
        for receipt, seconds in seconds_by_receipt.items():
            self.fuse.burn()
            super().hide({receipt: seconds})
        return set()


def fused[**P, R](action: Callable[P, R], fuse: Fuse) -> Callable[P, R]:
    """An effect before and after which the process may die."""

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        fuse.burn()
        found = action(*args, **kwargs)
        fuse.burn()
        return found

    return run
