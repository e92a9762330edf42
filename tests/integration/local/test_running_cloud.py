"""A second `make local` does not end the first one unasked."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes.http_answers import Answer, answering
from tests.fakes.local_endpoints import write_endpoints
from tests.local.endpoints import ROOT
from tests.local.running_cloud import running_cloud


def test_without_its_files_none_runs(tmp_path: Path) -> None:
    """It was never started, or was stopped."""
    assert running_cloud(tmp_path) is None


def test_one_that_answers_runs(tmp_path: Path) -> None:
    """With the time of its start."""
    with answering(Answer(404)) as aws:
        write_endpoints(tmp_path, {"AWS_ENDPOINT_URL": aws.url})
        found = running_cloud(tmp_path)
    assert found is not None
    assert found.fault is None
    assert f"a local cloud of {found.since} runs: stop it with `make local-stop`" in found.refusal()


def test_a_half_dead_one_says_what_is_wrong(tmp_path: Path) -> None:
    """It is replaced, for that is what every command tells to do."""
    write_endpoints(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    found = running_cloud(tmp_path)
    assert found is not None
    assert "does not answer" in (found.fault or "")


def test_a_second_start_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    """The first one's processes and files stay as they are."""
    waits = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    alive = [{"name": "valkey", "pid": waits.pid, "marker": "input()"}]
    (tmp_path / "processes.json").write_text(json.dumps(alive))
    with waits, answering(Answer(404)) as aws:
        file = write_endpoints(tmp_path, {"AWS_ENDPOINT_URL": aws.url})
        before = file.read_text()
        words = ["start", "--directory", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.local.cloud", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert waits.poll() is None
        waits.communicate(b"\n")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("local: a local cloud of ")
    assert line.endswith("or replace it with `make local REPLACE=1`")
    assert file.read_text() == before
