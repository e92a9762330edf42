"""A local cloud in which every process may be killed: a folder comes in; the walk leaves, with the
stand-in's book and Valkey on disk, and queues that give a message back soon after its worker died.

No gateway stands before it: lines are put into the log of the demo's stage.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from tests.kills.made_requests import Api
from tests.kills.paying_customers import (
    AFORO_KNOBS,
    NO_API,
    PARAMETERS,
    demo_api,
    paying_customers,
)
from tests.kills.worker_processes import WorkerProcesses
from tests.local import cloud
from tests.local.endpoints import Endpoints
from tests.local.process_list import read_processes
from tests.local.reaped_process import forget
from tests.local.server_process import ServerProcess
from tests.local.started_walk import (
    AFORO,
    Say,
    WalkOptions,
    start_counters,
    start_remembered,
    start_walk,
    step,
)
from tests.local.waiting import until

STACK = "aforo-kills"
# On AWS 780 and 361 s, six times what the function may take. Here an invocation takes a second or
# two; what it has not done by then another does beside it, which is one failure more.
VISIBILITY_SECONDS = {"usage": 20, "settled": 15}
_COUNTERS_FOLDER = "counters"
# What a script has done is on disk before it is answered.
_VALKEY = ("--appendonly", "yes", "--appendfsync", "always", "--appenddirname", _COUNTERS_FOLDER)


@dataclass(frozen=True, slots=True)
class KillableCloud:
    directory: Path
    endpoints: Endpoints
    api: Api
    window_seconds: int  # of the audit

    @property
    def workers(self) -> WorkerProcesses:
        return WorkerProcesses(self.directory)

    @property
    def payers(self) -> list[str]:
        return [customer.customer_id for customer in self.endpoints.customers]

    def function(self, stop: str) -> str:
        """Its name, of `metering`, `forwarder` or `reconciliation`."""
        return self.endpoints.functions[stop].rpartition(":")[2]

    def server(self, name: str) -> ServerProcess:
        """Valkey, or the stand-in."""
        (process,) = [one for one in read_processes(self.directory) if one.name == name]
        return process

    def start_aforo(self) -> None:
        """Where it was, with the book that it had."""
        port = urlsplit(self.endpoints.aforo_url).port
        start_remembered(self.directory, AFORO, ("--port", str(port), *_aforo(self.directory)))

    def start_valkey(self) -> None:
        """Where it was, with what is on its disk."""
        port = urlsplit(self.endpoints.redis_url).port
        start_counters(self.directory, _VALKEY, port)

    def copy_counters(self) -> None:
        """While Valkey is dead: a copy that will be older."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._counters, self._copy)

    def lose_counters(self, *, to_copy: bool) -> None:
        """While Valkey is dead: its disk is empty, or as it was when it was copied."""
        shutil.rmtree(self._counters)
        if to_copy:
            shutil.copytree(self._copy, self._counters)

    @property
    def has_copy(self) -> bool:
        return self._copy.exists()

    @property
    def _counters(self) -> Path:
        return self.directory / _COUNTERS_FOLDER

    @property
    def _copy(self) -> Path:
        return self.directory / f"{_COUNTERS_FOLDER}-copy"


def kill_server(process: ServerProcess) -> None:
    """`kill -9`. Gone when it returns."""
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not process.is_running())
    forget(process.pid)


@contextmanager
def killable_cloud(directory: Path, window_seconds: int, say: Say) -> Iterator[KillableCloud]:
    """For the length of a `with`. `window_seconds`: of the audit."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        yield _start(directory, window_seconds, say)
    finally:
        cloud.stop(directory)


def _aforo(directory: Path) -> tuple[str, ...]:
    book = directory.resolve() / "book.jsonl"
    return ("--book", str(book), *AFORO_KNOBS)


def _start(directory: Path, window_seconds: int, say: Say) -> KillableCloud:
    options = WalkOptions(
        valkey=_VALKEY,
        aforo=_aforo(directory),
        # The audit looks at nothing before the end, where the test starts it.
        parameters={**PARAMETERS, "AuditWindowSeconds": str(window_seconds)},
    )
    walk = start_walk(directory, STACK, options, say=say)
    with step(say, "customers"):
        customers = paying_customers(walk, rate_per_second=50)
    endpoints = walk.endpoints(gateway_url="", page_url="", second_api=NO_API, customers=customers)
    _give_back_soon(endpoints)
    return KillableCloud(directory, endpoints, demo_api(endpoints), window_seconds)


def _give_back_soon(endpoints: Endpoints) -> None:
    sqs = boto3.client("sqs")
    for name, seconds in VISIBILITY_SECONDS.items():
        sqs.set_queue_attributes(
            QueueUrl=endpoints.queues[name], Attributes={"VisibilityTimeout": str(seconds)}
        )
