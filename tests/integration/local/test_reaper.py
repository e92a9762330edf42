"""Whoever starts servers may be killed: they end with him, and what they started ends with them."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.local import cloud
from tests.local.endpoints import ROOT
from tests.local.process_list import read_processes
from tests.local.reaped_process import ending, start_process
from tests.local.waiting import until

# Of the reaper, which is told at once. Shorter than what else might end them: a worker of xdist
# gives up 15 s after its controller, a reconciler 30 s after its Redis.
REAPED_SECONDS = 10.0
WITH_CONFTEST = ("-q", "-p", "tests.conftest", "-p", "no:cacheprovider", f"--rootdir={ROOT}")
TEST_OF_ONE_SERVER = """
import os
import signal
from pathlib import Path
from threading import Event

def test_it(valkey):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is stuck: xdist's own interrupt is not heard
    folder = Path(__file__).parent
    (folder / "pytest").write_text(str(os.getpid()))
    (folder / "ready").touch()
    Event().wait()
"""
TEST_OF_ONE_OF_EACH = """
from pathlib import Path
from threading import Event

from tests.integration.local.one_of_each import start

def test_it(valkey, on_ministack):
    folder = Path(__file__).parent
    start(valkey, folder)
    (folder / "ready").touch()
    Event().wait()
"""
# What `make local` does, without the cloud.
START_AND_LEAVE = """
import sys
from pathlib import Path
from threading import Event

from tests.local.process_list import let_outlive_us, remember
from tests.local.server_process import start_server

folder, moment = Path(sys.argv[1]), sys.argv[2]
remember(folder, start_server("tests.local.aforo", [], folder, {})[1])
if moment == "while it starts":
    (folder / "ready").touch()
    Event().wait()
let_outlive_us(folder)
"""
START_AS_E2E_DOES = f"""
import sys
from pathlib import Path
from threading import Event

from tests.local.reaped_process import end_listed_with_us, start_process

folder = Path(sys.argv[1])
end_listed_with_us(folder)
start_process([sys.executable, "-c", {START_AND_LEAVE!r}, *sys.argv[1:]]).wait()
(folder / "ready").touch()
Event().wait()
"""
IN_XDIST = ("-n", "1", "--dist", "loadfile", "--max-worker-restart", "0")
ZYGOTE = "reconciliation.zygote"
KINDS = (
    "valkey-server",
    "ministack",
    "tests.local.aforo",
    "tests.local.alarms",
    "tests.local.gateway",
    "tests.local.reaper",
)


def processes() -> dict[int, tuple[int, str]]:
    """Whose child each one is, and its command line; the dead are not among them."""
    command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,command="]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=3) for line in told.splitlines()]
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if not row[2].startswith("Z")}


def family(pid: int) -> dict[int, str]:
    """The command lines of a process and all that descend from it."""
    running = processes()
    found = {pid: running[pid][1]}
    while more := {
        one: command
        for one, (parent, command) in running.items()
        if parent in found and one not in found
    }:
        found |= more
    return found


def alive(family: dict[int, str]) -> set[int]:
    return family.keys() & processes().keys()


def counted(word: str, family: dict[int, str]) -> int:
    return sum(word in command for command in family.values())


def pytest_command(folder: Path, source: str, *options: str) -> Sequence[str]:
    (folder / "test_killed.py").write_text(source)
    command = [sys.executable, "-m", "pytest", *WITH_CONFTEST, f"-c={ROOT / 'pyproject.toml'}"]
    return [*command, *options, str(folder / "test_killed.py")]


def test_kill_9_of_pytest_leaves_no_server_behind(tmp_path: Path) -> None:
    """One of each kind, a frozen one and a Lambda function that is busy: all are gone at once."""
    command = pytest_command(tmp_path, TEST_OF_ONE_OF_EACH)
    with ending(start_process(command, cwd=ROOT)) as process:
        until(lambda: (tmp_path / "ready").exists() or process.poll() is not None)
        until(lambda: counted(ZYGOTE, family(process.pid)) == 2)  # and one that it has forked
        found = family(process.pid)
        assert [kind for kind in KINDS if not counted(kind, found)] == []
        assert int((tmp_path / "function").read_text()) in found
        process.kill()
        until(lambda: not alive(found), REAPED_SECONDS)


@pytest.mark.parametrize("killed", ["controller", "worker"])
def test_kill_9_of_a_part_of_xdist_leaves_no_server_behind(killed: str, tmp_path: Path) -> None:
    """A worker that is stuck ends with its controller, and its servers with the worker."""
    command = pytest_command(tmp_path, TEST_OF_ONE_SERVER, *IN_XDIST)
    with ending(start_process(command, cwd=ROOT)) as controller:
        until(lambda: (tmp_path / "ready").exists() or controller.poll() is not None)
        worker = int((tmp_path / "pytest").read_text())
        assert worker != controller.pid
        found = family(worker)
        assert counted("valkey-server", found) == 1
        os.kill(worker if killed == "worker" else controller.pid, signal.SIGKILL)
        until(lambda: not alive(found), REAPED_SECONDS)


def test_what_is_to_outlive_its_starter_does(tmp_path: Path) -> None:
    """`make local` leaves its servers running, and `make local-stop` stops them."""
    subprocess.run([sys.executable, "-c", START_AND_LEAVE, str(tmp_path), ""], check=True, cwd=ROOT)
    (server,) = read_processes(tmp_path)
    assert server.is_running()  # its starter's reaper has done its work: the starter waited for it
    assert cloud.stop(tmp_path) == 1
    assert not server.is_running()


@pytest.mark.parametrize("moment", ["while it starts", "when it is left running"])
def test_a_cloud_of_the_tests_ends_with_whoever_had_it_started(moment: str, tmp_path: Path) -> None:
    """Also when the command that started it is over: it is in the list."""
    command = [sys.executable, "-c", START_AS_E2E_DOES, str(tmp_path), moment]
    with ending(start_process(command, cwd=ROOT)) as process:
        until(lambda: (tmp_path / "ready").exists() or process.poll() is not None)
        (server,) = read_processes(tmp_path)
        assert server.is_running()
        process.kill()
        until(lambda: not server.is_running(), REAPED_SECONDS)
