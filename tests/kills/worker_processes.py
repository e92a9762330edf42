"""The Lambda processes of a running ministack: a function's name comes in; its workers leave, and
whether each is at work. Linux alone says it (/proc).

ministack gives a worker its work on stdin: one that waits there is idle. One that has no socket yet
still imports its handler; to die then would be no more than a slow start, and ministack ends all
workers of a function of which one dies so. All else is an invocation under way.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
# read(2) on x86-64 and on arm64, of descriptor 0.
_WAITS_FOR_WORK = frozenset({("0", "0x0"), ("63", "0x0")})


class WorkerProcesses:
    """Those of one cloud: ministack unpacks their code in its folder for temporary files."""

    def __init__(self, directory: Path) -> None:
        self._mark = f"{(directory / 'tmp').resolve()}/ministack-lambda-"

    def of(self, function: str) -> list[int]:
        """Process ids, idle and at work."""
        mark = f"{self._mark}{function}-".encode()
        return [int(one.name) for one in _PROC.iterdir() if one.name.isdigit() and _has(one, mark)]

    def at_work(self, function: str) -> list[int]:
        """Those with an invocation under way."""
        return [pid for pid in self.of(function) if is_at_work(pid)]

    def kill(self, function: str, pid: int) -> bool:
        """`kill -9`, if it is still that worker. False where it was not."""
        if not _has(_PROC / str(pid), f"{self._mark}{function}-".encode()):
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
        return False


def is_at_work(pid: int) -> bool:
    try:
        call = (_PROC / str(pid) / "syscall").read_text().split()
        return tuple(call[:2]) not in _WAITS_FOR_WORK and _has_socket(pid)
    except OSError:  # it is no more
        return False


def _has_socket(pid: int) -> bool:
    folder = _PROC / str(pid) / "fd"
    return any(str(one.readlink()).startswith("socket:") for one in folder.iterdir())


def _has(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "cmdline").read_bytes()
    except OSError:
        return False
