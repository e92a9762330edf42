"""The machine's clock, as all code of this process reads it: it stands still, and is set."""

import time
from types import TracebackType
from typing import Self

import time_machine


class MachineClock:
    """While it is entered, `time.time`, `time_ns`, `datetime.now` and `time.monotonic` answer what
    was set. `perf_counter` and `process_time` stay real: a run measures itself with them.

    time-machine leaves `monotonic` alone. So it is replaced by name: code that took it as a default
    when it was imported has to be given a clock.
    """

    def __init__(self, at: float) -> None:
        self._traveller = time_machine.travel(at, tick=False)
        self._place: time_machine.Traveller | None = None
        self._at = at
        self._real_monotonic = time.monotonic

    def set(self, at: float) -> None:
        """Epoch seconds. Most events go on at the time that is set."""
        if at == self._at:
            return
        self._at = at
        if self._place is not None:
            self._place.move_to(at)

    def monotonic(self) -> float:
        """For who wants it given."""
        return self._at

    def __enter__(self) -> Self:
        self._place = self._traveller.start()
        time.monotonic = self.monotonic
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        time.monotonic = self._real_monotonic
        self._traveller.stop()
        self._place = None
