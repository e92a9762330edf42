"""The deployment that a command is about: a stack, the local cloud, or why there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from functions.operator.command_line import main
from tests.fakes.local_endpoints import write_endpoints
from tests.local.endpoints import ROOT
from tests.local.ministack import REGION, Ministack

SHOW = ["counters", "show", "--customer", "cus_acme"]


@pytest.mark.parametrize(
    "words",
    [SHOW, ["ledger"], ["message", "list"], ["replay", "list"], ["rebuild"], ["verify"]],
    ids=" ".join,
)
def test_every_command_says_how_to_start_the_local_cloud(
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where none runs, and no stack is named."""
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{' '.join(words[:2])}: ")
    assert line.endswith("start the local cloud with `make local`, or give --stack")


def test_a_half_dead_local_cloud_is_named(
    on_ministack: Ministack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the process that is gone; it would answer some questions wrongly."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    alive = {"name": "valkey", "pid": os.getpid()}
    processes = [alive, {"name": "ministack", "pid": gone.pid}]
    (tmp_path / "processes.json").write_text(json.dumps(processes))
    file = write_endpoints(tmp_path, on_ministack.env)
    assert main([*SHOW, "--endpoints", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"half dead, ministack (process {gone.pid}) is gone: run `make local`" in line


def test_a_local_cloud_that_does_not_answer_is_named(
    on_ministack: Ministack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its file may outlive it."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    environment = {**on_ministack.env, "AWS_ENDPOINT_URL": "https://127.0.0.1:9"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", environment["AWS_ENDPOINT_URL"])
    file = write_endpoints(tmp_path, environment, queues={"usage_dead_letter": "https://q/none"})
    assert main(["message", "list", "--endpoints", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "message list: the local cloud at https://127.0.0.1:9 does not answer: run `make local`"
    )


def test_a_stack_that_is_not_there_is_named_with_where_it_was_looked_for(
    on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is often the Region, or the account."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    assert main([*SHOW, "--stack", "nobody-s"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("counters show: --stack nobody-s: Stack with id nobody-s does not exist")
    assert f"in {REGION}, account {account}" in line
    assert "An error occurred" not in line


def test_without_a_region_it_says_so() -> None:
    """As a process of its own, with nothing in its environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "AWS_EC2_METADATA_DISABLED": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "functions.operator", *SHOW, "--stack", "any"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("counters show: --stack any: no AWS Region is set: set AWS_REGION")


def test_what_a_deployment_lacks_is_named(
    on_ministack: Ministack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of an older local cloud, say."""
    file = write_endpoints(tmp_path, on_ministack.env, queues={})
    assert main(["message", "list", "--endpoints", str(file)]) == 2
    assert "no output UsageDeadLetterQueueUrl" in capsys.readouterr().err


def deployed(stack: str) -> None:
    """A stack with an output and a log group that the local cloud's file does not name."""
    template = {
        "Resources": {"ForwarderLogGroup": {"Type": "AWS::Logs::LogGroup"}},
        "Outputs": {"AlarmTopicArn": {"Value": "arn:topic"}},
    }
    boto3.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))


def test_where_knows_outputs_and_resources_of_either_place(
    on_ministack: Ministack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A name of the template stands for one thing, of a stack and of the local cloud."""
    deployed("aforo-where")
    file = write_endpoints(tmp_path, on_ministack.env, stack_name="aforo-where")
    places = (["--stack", "aforo-where"], ["--endpoints", str(file)])
    names = ("AlarmTopicArn", "ForwarderLogGroup")
    assert [main(["where", name, *place]) for place in places for name in names] == [0] * 4
    topic, group, *again = capsys.readouterr().out.splitlines()
    assert topic == "arn:topic"
    assert again == [topic, group]
    assert [main(["logs", "forwarder", *place]) for place in places] == [0, 0]
    assert f"lines read of {group}" in capsys.readouterr().err
    monkeypatch.setenv("AFORO_STACK", "aforo-where")
    assert main(["where", "LedgerBucketName"]) == 2
    said = capsys.readouterr().err
    assert "LedgerBucketName: stack aforo-where has no output and no resource" in said
    assert "outputs: AlarmTopicArn" in said


def test_a_log_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are, before anything is asked."""
    assert main(["logs", "lambda"]) == 2
    assert "give one of metering, forwarder," in capsys.readouterr().err
    assert main(["logs", "metering", "--last", "0"]) == 2
    assert "--last" in capsys.readouterr().err
