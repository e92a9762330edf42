"""A local cloud of which something is gone or hangs: every command says so, at once and alike."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from functions.operator.command_line import main
from functions.operator.contents import CONTENTS
from functions.operator.deployment.local_liveness import CURE, PATIENCE_SECONDS, fault_of
from tests.fakes.access_log_lines import access_line
from tests.fakes.http_answers import Answer, answering
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.silent_server import listening, says_nothing
from tests.local.ministack import Ministack

NOBODY = "https://127.0.0.1:9"
# They are about files or parameters, and find no deployment; `compare` does with --ledger alone.
WITHOUT_A_DEPLOYMENT = {"explain", "preflight", "compare"}
# What they only take of a stack by its name.
OF_A_STACK = {"remove"}
EXAMPLE = re.compile(r"^ *aforo-metering (.+)$", re.MULTILINE)


def words_of(text: str) -> list[str]:
    """The first example of a help, about the local cloud instead of a stack."""
    found = EXAMPLE.search(text)
    assert found is not None
    return shlex.split(re.sub(r" --stack \S+", "", found[1]))


COMMANDS = {
    one.words: words_of(one.text)
    for one in CONTENTS
    if one.words not in WITHOUT_A_DEPLOYMENT | OF_A_STACK
}


@pytest.fixture
def folder(on_ministack: Ministack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where an operator works: the files of the examples, and the local cloud's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", StringIO("ak_" + "x" * 40))
    (tmp_path / "access.log").write_text(access_line() + "\n")
    meters = [{"id": "api_calls", "metricName": "API Calls"}]
    version = {"effectiveFrom": "1970-01-01T00:00:00Z", "meters": meters}
    (tmp_path / "metering.json").write_text(json.dumps({"versions": [version]}))
    key = {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key]}))
    (tmp_path / ".local").mkdir()
    return tmp_path / ".local"


def dead(folder: Path, on_ministack: Ministack, **changes: Any) -> None:
    """AWS's endpoint has gone since the file was written."""
    environment = {**on_ministack.env, "AWS_ENDPOINT_URL": NOBODY}
    write_endpoints(folder, environment, **changes)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_every_command_says_it_in_one_line(
    words: list[str], folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the way out, status 2, and nothing on stdout: no traceback, and no retries."""
    dead(folder, on_ministack)
    began = time.monotonic()
    assert main(words) == 2
    assert time.monotonic() - began < PATIENCE_SECONDS
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.endswith(f"the local cloud at {NOBODY} does not answer: {CURE}")


def test_no_command_is_left_out() -> None:
    """What finds no deployment is named above, and is there."""
    known = {one.words for one in CONTENTS}
    assert known >= WITHOUT_A_DEPLOYMENT | OF_A_STACK
    assert len(COMMANDS) == len(known) - len(WITHOUT_A_DEPLOYMENT) - len(OF_A_STACK)


def said_of(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["replay", "list"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_server_that_hangs_is_named(
    folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes the connection and never answers."""
    with listening(says_nothing) as port:
        url = f"http://127.0.0.1:{port}"
        write_endpoints(folder, on_ministack.env, gateway_url=url)
        assert said_of(capsys) == (
            f"replay list: the local cloud is half dead, the API Gateway at {url} does not answer:"
            f" {CURE}"
        )


@pytest.mark.parametrize("field", ["aforo_url", "redis_url"])
def test_a_server_that_is_gone_is_named(
    field: str, folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """AWS alone would answer some questions, and wrongly."""
    write_endpoints(folder, on_ministack.env, **{field: "http://127.0.0.1:9"})
    line = said_of(capsys)
    assert "half dead" in line
    assert "127.0.0.1:9 does not answer" in line


def test_another_process_with_its_id_is_not_it(
    folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a restart of the machine ids are given again."""
    other = {"name": "gateway", "pid": os.getpid(), "marker": "tests.local.no_such_module"}
    (folder / "processes.json").write_text(json.dumps([other]))
    write_endpoints(folder, on_ministack.env)
    assert f"half dead, gateway (process {os.getpid()}) is gone: {CURE}" in said_of(capsys)


def test_what_a_dead_process_left_to_its_parent_is_not_it(
    folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has an id still, and answers nothing."""
    gone = subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE)
    os.waitid(os.P_PID, gone.pid, os.WEXITED | os.WNOWAIT)
    listed = [{"name": "alarms", "pid": gone.pid, "marker": "python"}]
    (folder / "processes.json").write_text(json.dumps(listed))
    write_endpoints(folder, on_ministack.env)
    line = said_of(capsys)
    gone.communicate()
    assert f"half dead, alarms (process {gone.pid}) is gone: {CURE}" in line


def test_one_that_lives_is_not_disturbed(
    folder: Path, on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """What answers anything lives: the question is put to AWS."""
    alive = [{"name": "ministack", "pid": on_ministack.pid, "marker": "ministack"}]
    (folder / "processes.json").write_text(json.dumps(alive))
    with answering(Answer(404)) as server:
        write_endpoints(folder, on_ministack.env, aforo_url=server.url)
        main(["replay", "list"])
    assert CURE not in capsys.readouterr().err


def test_the_question_is_no_request_of_the_api(tmp_path: Path) -> None:
    """Any path but its own would be served, and counted, as a request that no log has."""
    with answering(Answer(404)) as server:
        found = {"gateway_url": server.url, "aforo_url": server.url}
        assert fault_of(found, tmp_path / "processes.json") is None
    assert [path for path, _, _ in server.asked] == ["/_health", "/_health"]
