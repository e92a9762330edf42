"""Who is killed, and what was under way: of real processes, and of lines as ministack logs them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kills.in_flight import killed_in_flight
from tests.kills.worker_processes import WorkerProcesses, is_at_work
from tests.local.waiting import until

FAILED = (
    "2026-11-29 22:15:54 WARNING [lambda] ESM: Lambda {name} failed processing SQS batch from "
    "queue (errorType={kind} errorMessage={said})\n"
)
# As a worker of ministack: it may open a socket, waits for work on stdin, or is at work.
WORKER = """
import socket, sys, time
held = socket.socket() if "connected" in sys.argv else None
print("ready", flush=True)
time.sleep(600) if "busy" in sys.argv else sys.stdin.readline()
"""


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[dict[str, int]]:
    """Process ids of workers of `bill`, by what they do; and one of `other`."""
    kinds = {
        "idle": ("bill", "connected"),
        "starting": ("bill", "busy"),
        "at work": ("bill", "connected", "busy"),
        "another's": ("other", "connected", "busy"),
    }
    with ExitStack() as stack:
        found = {}
        for kind, (function, *words) in kinds.items():
            folder = tmp_path / "tmp" / f"ministack-lambda-{function}-{kind.replace(' ', '')}"
            folder.mkdir(parents=True)
            script = folder / "_worker.py"
            script.write_text(WORKER)
            process = subprocess.Popen(
                [sys.executable, str(script), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            found[kind] = process.pid
        yield found


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says who is at work")
def test_only_an_invocation_under_way_is_at_work(tmp_path: Path, workers: dict[str, int]) -> None:
    """Not who waits for work, not who still starts, and nobody of another function."""
    processes = WorkerProcesses(tmp_path)
    assert set(processes.of("bill")) == {workers[one] for one in ("idle", "starting", "at work")}
    until(lambda: not is_at_work(workers["idle"]))
    assert processes.at_work("bill") == [workers["at work"]]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says who is at work")
def test_a_kill_is_of_that_worker_alone(tmp_path: Path, workers: dict[str, int]) -> None:
    """A number that belongs to somebody else by now is left alone."""
    processes = WorkerProcesses(tmp_path)
    assert not processes.kill("bill", workers["another's"])
    assert processes.kill("bill", workers["at work"])
    until(lambda: workers["at work"] not in processes.of("bill"))
    assert not processes.kill("bill", workers["at work"])
    assert processes.at_work("other") == [workers["another's"]]


def test_a_kill_in_flight_is_what_the_invoker_says() -> None:
    """Apart: at work and at the start. Other failures and other functions do not count."""
    log = [
        FAILED.format(name="bill", kind="Runtime.HandlerError", said="Worker process died"),
        FAILED.format(name="bill", kind="Runtime.HandlerError", said="Worker process died"),
        FAILED.format(
            name="bill", kind="RuntimeError", said="Worker process exited immediately. stderr: "
        ),
        FAILED.format(name="bill", kind="Runtime.HandlerError", said="no such customer"),
        FAILED.format(name="other", kind="Runtime.HandlerError", said="Worker process died"),
        "2026-11-29 22:00:00 INFO [lambda] ESM: Lambda bill processed 4 SQS messages from queue\n",
    ]
    assert killed_in_flight(log, "bill") == (2, 1)
    assert killed_in_flight(log, "other") == (1, 0)
