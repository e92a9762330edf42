"""What counters must survive, as real processes: a Valkey that is killed, restarted and restored, a
reconciler that is killed between two commands, replies that are lost.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from tests.fakes.cutting_proxy import Cut, CuttingProxy
from tests.local.valkey import Valkey, start_valkey

# Every write is on disk before it is acknowledged.
DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
# Of a server that answers at all, on a machine that has other things to do.
PATIENCE_SECONDS = 30.0
_ROOT = Path(__file__).parents[3]


class DurableValkey:
    """A server that keeps what it acknowledged, and copies of what it held earlier."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "server"
        self._copy = directory / "copy"
        self._server = start_valkey(self._directory, options=DURABLE)

    @property
    def server(self) -> Valkey:
        return self._server

    def crash(self) -> None:
        """Kill -9, and start again on the same port with what is on disk."""
        self._server.kill()
        self._start()

    def stop(self) -> None:
        """The server of now, which is not the one of the start."""
        self._server.stop()

    def copy(self) -> None:
        """Keep what it holds now. Nobody writes meanwhile."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._directory / "appendonlydir", self._copy)

    def restore(self) -> None:
        """Back to the copy, as a restored snapshot is."""
        self._server.kill()
        shutil.rmtree(self._directory / "appendonlydir")
        shutil.copytree(self._copy, self._directory / "appendonlydir")
        self._start()

    def _start(self) -> None:
        self._server = start_valkey(self._directory, self._server.port, DURABLE)


class MortalReconcilers:
    """Reconcilers behind a proxy, each in a process of its own."""

    def __init__(self, proxy: CuttingProxy) -> None:
        self._proxy = proxy
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.reconciliation.zygote"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def take(self, bodies: Sequence[str], now_ms: int, *, die_at: int, is_after: bool) -> None:
        """Deliver bodies to a new process that is killed at its `die_at`th command to the server,
        before or after the server carries it out.
        """
        pid: Future[int] = Future()
        self._proxy.arm(Cut(die_at, is_after, lambda: os.kill(pid.result(), 9)))
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        asked = {"url": self._proxy.url, "now_ms": now_ms, "bodies": list(bodies)}
        self._zygote.stdin.write(json.dumps(asked) + "\n")
        self._zygote.stdin.flush()
        pid.set_result(int(self._zygote.stdout.readline()))
        assert self._zygote.stdout.readline() == "end\n"
        self._proxy.arm(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zygote.communicate()
