"""Redis of a running local cloud loses all it held: it dies and comes back, or is emptied."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from tests.local.endpoints import Endpoints
from tests.local.process_list import read_processes
from tests.local.started_walk import VALKEY, start_counters


def kill_redis(directory: Path) -> None:
    """At once, as a crash does. What it held is gone: it keeps nothing on disk."""
    for process in read_processes(directory):
        if process.name == VALKEY and process.is_running():
            os.kill(process.pid, signal.SIGKILL)


def start_empty_redis(directory: Path, endpoints: Endpoints) -> None:
    """Where it was."""
    start_counters(directory, (), port=urlsplit(endpoints.redis_url).port)


def empty_redis(endpoints: Endpoints) -> None:
    """It goes on, and has lost all that it held."""
    with Redis.from_url(endpoints.redis_url) as client:
        client.flushall()
