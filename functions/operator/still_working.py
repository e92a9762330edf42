"""A command that takes long says so on stderr, after two seconds and then every five."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

FIRST_SECONDS = 2.0
EACH_SECONDS = 5.0


class StillWorking:
    """Around what may take long. `doing` may be changed meanwhile: the next line says it."""

    def __init__(self, command: str, doing: str) -> None:
        self._command = command
        self.doing = doing
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _tell(self) -> None:
        seconds = FIRST_SECONDS
        while not self._ended.wait(seconds):
            passed = time.monotonic() - self._began
            sys.stderr.write(f"{self._command}: {self.doing} ... {passed:.0f} s\n")
            sys.stderr.flush()
            seconds = EACH_SECONDS
