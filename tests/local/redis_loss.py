"""Redis of a running local cloud loses all it held: it dies and comes back, or is emptied."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from tests.local.endpoints import Endpoints
from tests.local.process_list import read_processes, remember
from tests.local.server_process import STOP_AT_ONCE_SECONDS, ServerProcess
from tests.local.valkey import start_valkey

NAME = "valkey"


def kill_redis(directory: Path) -> None:
    """At once, as a crash does. What it held is gone: it keeps nothing on disk."""
    for process in read_processes(directory):
        if process.name == NAME and process.is_running():
            os.kill(process.pid, signal.SIGKILL)


def start_empty_redis(directory: Path, endpoints: Endpoints) -> None:
    """Where it was."""
    valkey = start_valkey(directory, port=urlsplit(endpoints.redis_url).port)
    started = ServerProcess(NAME, valkey.pid, NAME, patience_seconds=STOP_AT_ONCE_SECONDS)
    remember(directory, started)


def empty_redis(endpoints: Endpoints) -> None:
    """It goes on, and has lost all that it held."""
    with Redis.from_url(endpoints.redis_url) as client:
        client.flushall()
