"""Starting a server: on a port that is free, and until it can be called.

What starts it, or looks whether it answers, comes in; a ready server leaves, or ServerError.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.local.free_port import free_port
from tests.local.waiting import until

# Between picking a free port and binding it another process may take it.
START_ATTEMPTS = 3
TAIL_CHARACTERS = 2_000


class ServerError(RuntimeError):
    """A local server did not come up; the message ends with the tail of its log."""


def at_port[Server](port: int | None, start: Callable[[int], Server]) -> Server:
    """Started at that port, or at a free one."""
    if port is not None:
        return start(port)
    for _ in range(START_ATTEMPTS - 1):
        try:
            return start(free_port())
        except ServerError:
            continue
    return start(free_port())


def ready[Found](
    process: subprocess.Popen[bytes],
    log_file: Path,
    look: Callable[[], Found | None],
    seconds: float,
) -> Found:
    """What `look` finds once the server can be called; at once ServerError when it has ended."""

    def look_alive() -> Found | None:
        found = look()
        if not found and process.poll() is not None:
            raise ServerError(f"{log_file.stem} did not start: {_tail(log_file)}")
        return found

    try:
        return until(look_alive, seconds)
    except TimeoutError as error:
        message = f"{log_file.stem} did not start within {seconds:g} s: {_tail(log_file)}"
        raise ServerError(message) from error


def _tail(log_file: Path) -> str:
    return log_file.read_text(errors="replace")[-TAIL_CHARACTERS:]
