"""Processes that end with the one that starts them, also when that one is killed.

A command line comes in, a running process leaves, the leader of a session and group of its own. A
pipe leads from here to `tests.local.reaper`; whoever dies closes it, and the reaper kills the
group, grandchildren too. The process itself says its number into the pipe before it becomes the
server: at no moment does it run and nobody would end it. `forget` takes it back.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from tests.local.endpoints import ROOT
from tests.local.process_group import kill_group

# It kills at once; the rest is for two loaded cores.
REAPER_SECONDS = 30.0
# A shell's number is still the number of what it becomes. The pipe is its stdin: a shell may know
# descriptors of one digit only. What it becomes has no hold on the pipe any more.
_SAY_WHO = 'echo "+$$" >&0 && exec "$@" </dev/null'
_lock = threading.Lock()


class _Reaper:
    """The pipe, and the process at its other end."""

    def __init__(self) -> None:
        read_end, self.pipe = os.pipe()
        self.started: dict[int, subprocess.Popen[bytes]] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.local.reaper"],
            cwd=ROOT,
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not meant for it
        )
        os.close(read_end)
        atexit.register(self.close)

    def write(self, line: str) -> None:
        os.write(self.pipe, f"{line}\n".encode())  # short enough to be written in one piece

    def close(self) -> None:
        os.close(self.pipe)
        self._process.wait(REAPER_SECONDS)


@cache
def _make_reaper() -> _Reaper:
    return _Reaper()


def _reaper() -> _Reaper:
    with _lock:  # the cache alone would let two threads make one each
        return _make_reaper()


def start_process(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` without an input."""
    reaper = _reaper()
    process = subprocess.Popen(
        ["/bin/sh", "-c", _SAY_WHO, "sh", *command],
        cwd=cwd,
        env=env,
        stdin=reaper.pipe,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # Ctrl-C in a terminal stops us first, and then we stop it
    )
    # Kept, so that Python does not complain of a process that runs and nobody has in hand.
    reaper.started[process.pid] = process
    return process


def forget(pid: int) -> None:
    """It has been stopped, or somebody else knows by now how to stop it."""
    if not _make_reaper.cache_info().currsize:
        return  # nothing was started here
    reaper = _reaper()
    reaper.write(f"-{pid}")
    process = reaper.started.get(pid)
    if process and process.poll() is not None:
        del reaper.started[pid]


def end_listed_with_us(folder: Path) -> None:
    """What a process list in `folder` names, then or later, ends with this process, too."""
    _reaper().write(f"@{folder.resolve()}")


@contextmanager
def ending(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """After the `with` its whole group is gone."""
    with process:
        try:
            yield process
        finally:
            kill_group(process.pid)
            process.wait()
            forget(process.pid)
