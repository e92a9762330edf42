"""Local servers as processes: ready when they say so, stopped by their own pid and nothing else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local import server_process
from tests.local.reaped_process import ending, start_process
from tests.local.server_process import ServerProcess, start_server
from tests.local.server_start import ServerError
from tests.local.waiting import PATIENCE_SECONDS, until

READY = """
import sys, time
print("{prints}", flush=True)
while True:
    time.sleep(0.05)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn listening on http://127.0.0.1:1", flush=True)
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a program that `python -m` finds."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(source: str) -> str:
        name = f"local_server_{time.time_ns()}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return write


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A stranger's process, the leader of its own group."""
    with ending(start_process(["sleep", "60"])) as process:
        yield process


def is_alive(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_it_is_ready_when_it_says_where_it_listens(
    module: Callable[[str], str], tmp_path: Path
) -> None:
    """The URL of that line; options and environment reach it; stopped, it is gone."""
    name = module(
        "import os, sys, time\n"
        "print('warming up', flush=True)\n"
        "print('it listening on http://127.0.0.1:' + os.environ['PORT'], sys.argv[1], flush=True)\n"
        "time.sleep(60)\n"
    )
    url, process = start_server(name, ["--option"], tmp_path, {"PORT": "4711"})
    assert url == "http://127.0.0.1:4711"
    assert process.is_running()
    assert "--option" in (tmp_path / f"{name}.log").read_text()
    process.stop()
    assert not process.is_running()
    process.stop()


def test_yesterday_s_line_in_the_log_is_not_today_s(
    module: Callable[[str], str], tmp_path: Path
) -> None:
    """The log is appended to, and what stood in it may be more bytes than characters."""
    name = module(READY.format(prints="it listening on http://127.0.0.1:2"))
    old = "it listening on http://127.0.0.1:1\n" + "é…" * 200 + "\n"
    (tmp_path / f"{name}.log").write_text(old)
    url, process = start_server(name, [], tmp_path, {})
    process.stop()
    assert url == "http://127.0.0.1:2"


def test_one_that_ends_is_reported_with_its_log(
    module: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, not when the time is over: here it never is."""
    monkeypatch.setattr(server_process, "READY_SECONDS", float("inf"))
    name = module("raise SystemExit('no such port')")
    with pytest.raises(ServerError, match=f"{name} did not start: no such port"):
        start_server(name, [], tmp_path, {})


def test_interrupted_while_it_starts_it_leaves_nothing_running(
    module: Callable[[str], str], tmp_path: Path
) -> None:
    """Ctrl-C: nobody has written its pid down yet, so nobody else could stop it."""
    silent = module("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    waits = tmp_path / "waits"
    starter = (
        "import pathlib, signal, sys\n"
        "from tests.local import server_process\n"
        # What a shell starts in the background ignores it, and so would what we start.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        # What it starts may be running before it has heard so itself.
        "ready = server_process._url_when_ready\n"
        "def waiting(*args):\n"
        f"    pathlib.Path({str(waits)!r}).touch()\n"
        "    return ready(*args)\n"
        "server_process._url_when_ready = waiting\n"
        f"server_process.start_server({silent!r}, [], pathlib.Path({str(tmp_path)!r}), {{}})\n"
    )
    log = tmp_path / f"{silent}.log"
    command = [sys.executable, "-c", starter]
    with ending(start_process(command, stderr=subprocess.DEVNULL)) as process:
        until(lambda: waits.exists() and log.read_text().endswith("\n"))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) != 0
    assert not is_alive(int(log.read_text()))


def test_interrupted_before_anybody_knows_its_pid_it_leaves_nothing_running(
    module: Callable[[str], str], tmp_path: Path
) -> None:
    """Ctrl-C in the moment in which the process is there and nothing has come back yet."""
    name = module(READY.format(prints="it listening on http://127.0.0.1:1"))
    starter = (
        "import pathlib, subprocess\n"
        "from tests.local.server_process import start_server\n"
        "init = subprocess.Popen.__init__\n"
        "def interrupted(self, command, **options):\n"
        "    init(self, command, **options)\n"
        f"    if {name!r} in command:\n"
        f"        pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(self.pid))\n"
        "        raise KeyboardInterrupt\n"
        "subprocess.Popen.__init__ = interrupted\n"
        f"start_server({name!r}, [], pathlib.Path({str(tmp_path)!r}), {{}})\n"
    )
    command = [sys.executable, "-c", starter]
    with ending(start_process(command, stderr=subprocess.DEVNULL)) as process:
        assert process.wait(PATIENCE_SECONDS) != 0
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_what_does_not_end_by_itself_is_killed(
    module: Callable[[str], str], tmp_path: Path
) -> None:
    """After its patience, not before."""
    _, started = start_server(module(STUBBORN), [], tmp_path, {})
    stubborn = ServerProcess("stubborn", started.pid, started.marker, patience_seconds=0.2)
    began = time.monotonic()
    stubborn.stop()
    assert time.monotonic() - began >= 0.2
    until(lambda: not is_alive(started.pid))


@pytest.mark.parametrize("group", [False, True])
def test_a_pid_that_is_another_s_by_now_is_left_alone(
    sleeper: subprocess.Popen[bytes],
    group: bool,  # noqa: FBT001 - both cases of one table
) -> None:
    """After a reboot processes.json names pids of strangers. Their group is not ours either."""
    remembered = ServerProcess("ministack", sleeper.pid, "ministack", group=group)
    assert not remembered.is_running()
    remembered.stop()
    time.sleep(0.05)
    assert sleeper.poll() is None


def test_a_stranger_without_a_command_line_is_left_alone(tmp_path: Path) -> None:
    """One that is just starting has none yet: its pid is not free for that."""
    nameless = (
        "import ctypes, pathlib, time\n"
        "stat = pathlib.Path('/proc/self/stat')\n"
        "if stat.exists():\n"
        "    first, last = map(int, stat.read_text().rpartition(')')[2].split()[45:47])\n"
        "    ctypes.memset(first, 0, last - first)\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).touch()\n"
        "time.sleep(60)\n"
    )
    with ending(start_process([sys.executable, "-c", nameless])) as stranger:
        until((tmp_path / "ready").exists)
        ServerProcess("ministack", stranger.pid, "ministack", group=True).stop()
        time.sleep(0.05)
        assert stranger.poll() is None


def test_workers_end_with_their_server_also_when_it_is_already_gone(tmp_path: Path) -> None:
    """A crashed emulator leaves its Lambda processes behind, in its group."""
    script = "sleep 61 & echo $! && exit 0"
    leader = start_process(["sh", "-c", script], stdout=subprocess.PIPE)
    assert leader.stdout is not None
    worker = int(leader.stdout.readline())
    leader.stdout.close()
    leader.wait()
    assert os.getpgid(worker) == leader.pid
    ServerProcess("ministack", leader.pid, "ministack", group=True).stop()
    until(lambda: not is_alive(worker))
