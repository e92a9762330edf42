"""Our own local servers as child processes.

A module name and its options come in; a URL and a process id leave once the server has printed its
`... listening on URL` line. Every process is stopped by its own pid, after a look at whether that
pid is still ours, and ends with the command that started it, unless it was told to live on.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.local.process_group import kill_group
from tests.local.reaped_process import forget, start_process
from tests.local.server_start import ready

READY_SECONDS = 60.0  # a second each; the rest is for two loaded cores
STOP_SECONDS = 35.0  # the gateway writes out its logs for up to 30 s
STOP_AT_ONCE_SECONDS = 1.0  # for what keeps nothing that anybody will read again
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running process of the local cloud. `marker` is a word of its command line."""

    name: str
    pid: int
    marker: str
    group: bool = False  # stop its process group too (ministack's Lambda workers)
    patience_seconds: float = STOP_SECONDS

    def is_running(self) -> bool:
        """Whether the pid still belongs to what we started: pids are used again."""
        return self.marker in _command_line(self.pid)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what does not end by itself."""
        if self.is_running():
            os.kill(self.pid, signal.SIGTERM)
            deadline = time.monotonic() + self.patience_seconds
            while self.is_running() and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(_POLL_SECONDS)
            if self.is_running():
                os.kill(self.pid, signal.SIGKILL)
        # A pid is not given away while a group has it: another's process, then another's group.
        if self.group and (self.is_running() or _is_over(self.pid)):
            kill_group(self.pid)
        forget(self.pid)


def start_server(
    module: str, options: Sequence[str], directory: Path, environment: Mapping[str, str]
) -> tuple[str, ServerProcess]:
    """Start `python -m module options`; its URL and process. Logs to `<directory>/<name>.log`."""
    name = module.rpartition(".")[2]
    log_file = directory / f"{name}.log"
    offset = log_file.stat().st_size if log_file.exists() else 0
    with log_file.open("ab") as log:
        process = start_process(
            [sys.executable, "-m", module, *options],
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = _url_when_ready(process, log_file, offset)
    except BaseException:  # Ctrl-C too: whoever catches it has no pid to stop
        process.kill()
        process.wait()
        forget(process.pid)
        raise
    return url, ServerProcess(name, process.pid, module)


def _url_when_ready(process: subprocess.Popen[bytes], log_file: Path, offset: int) -> str:
    def look() -> str | None:
        text = log_file.read_bytes()[offset:].decode(errors="replace")
        _, found, rest = text.partition(" listening on ")
        return rest.split()[0] if found and "\n" in rest else None

    return ready(process, log_file, look, READY_SECONDS)


def _command_line(pid: int) -> str:
    """Empty when there is no such process, or only what a dead one left to its parent."""
    if Path("/proc/self/cmdline").exists():  # Linux; a small image has no ps
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    # -ww: macOS cuts a line at the terminal's width, and its end tells whose it is.
    shown = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return "" if shown.startswith("Z") else shown


def _is_over(pid: int) -> bool:
    """Whether there is no such process, or only what a dead one left to its parent.

    Not the same as an empty command line: a process that is just starting has none, either.
    """
    if not Path("/proc/self/stat").exists():
        return not _command_line(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}  # after the name, which may hold blanks


def _reap(pid: int) -> None:
    """Collect our own child, so that it does not stay a zombie; another's child is not ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
