"""Something that is looked at beside the traffic, in a thread, as long as a `with` lasts. What it
met is raised by `check`, and at the end.
"""

from collections.abc import Callable
from threading import Event, Thread
from typing import Self


class LookingOn:
    """`look` each `seconds`, and once more at the end."""

    def __init__(self, look: Callable[[], None], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._over, self._faults = Event(), list[BaseException]()
        self._thread = Thread(target=self._go_on, name="looking on", daemon=True)

    def check(self) -> None:
        if self._faults:
            raise self._faults[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()
        if not any(raised):
            self.check()

    def _go_on(self) -> None:
        try:
            while not self._over.wait(self._seconds):
                self._look()
            self._look()
        except BaseException as fault:  # noqa: BLE001 - raised by whoever waits for it
            self._faults.append(fault)
