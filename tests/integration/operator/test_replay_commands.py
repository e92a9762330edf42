"""Replays are started, followed, stopped and listed through a real state machine's executions."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.operator.command_line import main
from tests.fakes.local_endpoints import write_endpoints
from tests.local.ministack import Ministack

FINISHED = {
    "outcome": "replay_finished",
    "report": {"events": {"sent": 3, "replayed": 3}},
    "reportUri": "s3://bucket/report.json",
}
DONE = {"Type": "Pass", "Result": FINISHED, "End": True}
REFUSED = {"Type": "Fail", "Error": "InputRefused", "Cause": "dryRun: give true or false"}
EARLY = {"Type": "Fail", "Error": "ReplayStoppedEarly", "Cause": "Aforo does not take usage now"}

type Run = Callable[..., int]


@pytest.fixture
def machine(on_ministack: Ministack, tmp_path: Path) -> Callable[..., Run]:
    """A local cloud whose replay machine has one state, and the command against it."""

    def make(state: dict[str, Any], **changes: Any) -> Run:
        name = f"replays-{uuid4().hex[:12]}"
        role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        states = {"Check the input": state, "Later": DONE}
        made = boto3.client("stepfunctions").create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": "Check the input", "States": states}),
            roleArn=role["Role"]["Arn"],
        )
        machines = {"replay": made["stateMachineArn"]}
        file = write_endpoints(tmp_path, on_ministack.env, state_machines=machines, **changes)
        return lambda *words: main(["replay", *words, "--endpoints", str(file)])

    return make


def test_a_replay_is_followed_to_its_report(
    machine: Callable[[dict[str, Any]], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its states on stderr, its report on stdout; both can be had again."""
    run = machine(DONE)
    assert run("start", "--dry-run", "--name", "first") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "outcome: replay_finished",
        "events: sent 3, replayed 3",
        "reportUri: s3://bucket/report.json",
    ]
    assert err.splitlines()[1:] == ["  Check the input"]
    for words in (["follow"], ["follow", "first"]):
        assert run(*words, "--format", "json") == 0
        assert json.loads(capsys.readouterr().out) == FINISHED


def test_the_input_is_what_was_asked_for(machine: Callable[[dict[str, Any]], Run]) -> None:
    """By options, or as JSON."""
    run = machine({"Type": "Pass", "End": True})
    assert run("start", "--class", "config", "--max-messages", "5", "--name", "options") == 0
    assert run("start", "--input", '{"quiet": true}', "--name", "json", "--no-follow") == 0


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (REFUSED, 2, "replay start: the input was refused: dryRun: give true or false"),
        (EARLY, 1, "cause: Aforo does not take usage now"),
    ],
)
def test_a_replay_that_fails_says_why(
    machine: Callable[[dict[str, Any]], Run],
    capsys: pytest.CaptureFixture[str],
    state: dict[str, str],
    status: int,
    said: str,
) -> None:
    """An input that was refused is the asker's; anything else is shown as it ended."""
    assert machine(state)("start") == status
    out, err = capsys.readouterr()
    assert said in (out + err).splitlines()


# Ends with what it was given, after the wait that it was given.
AS_GIVEN = {
    "Type": "Wait",
    "QueryLanguage": "JSONata",
    "Seconds": "{% $states.input.wait %}",
    "Output": "{% $states.input %}",
    "End": True,
}
FIRST = json.dumps({"wait": 0, "outcome": "handed_on", "next": "large-part-2"})
QUIETLY = ("start", "--no-follow", "--input")


def test_a_replay_of_several_executions_is_followed_to_its_report(
    machine: Callable[[dict[str, Any]], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """By its id, which is the first one's name; or from any of them on."""
    run = machine(AS_GIVEN)
    assert run(*QUIETLY, json.dumps({"wait": 0, **FINISHED}), "--name", "large-part-2") == 0
    assert run("start", "--input", FIRST, "--name", "large", "--format", "json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"wait": 0, **FINISHED}
    entered = "  Check the input"
    assert err.splitlines()[-3:] == [entered, "  goes on as large-part-2", entered]
    assert run("follow", "large-part-2", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"wait": 0, **FINISHED}


def test_a_replay_of_several_executions_is_stopped_by_its_id(
    machine: Callable[[dict[str, Any]], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that runs is; the one before it has ended."""
    run = machine(AS_GIVEN)
    assert run("start", "--input", FIRST, "--name", "large", "--no-follow") == 0
    assert run(*QUIETLY, json.dumps({"wait": 600}), "--name", "large-part-2") == 0
    capsys.readouterr()
    assert run("stop", "large") == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert last == "large-part-2: RUNNING -> ABORTED"


def test_a_replay_is_stopped_and_listed(
    machine: Callable[[dict[str, Any]], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Who follows it sees its end; stopped twice is stopped once."""
    run = machine({"Type": "Wait", "Seconds": 600, "Next": "Later"})
    assert run("start", "--name", "slow", "--no-follow") == 0
    statuses: list[int] = []
    follower = threading.Thread(target=lambda: statuses.append(run("follow", "slow")))
    follower.start()
    assert run("stop", "slow", "--why", "wrong filter") == 0
    follower.join(30)
    assert statuses == [1]
    out = capsys.readouterr().out
    assert "slow: RUNNING -> ABORTED" in out
    assert "status: ABORTED" in out
    assert "cause: wrong filter" in out
    assert run("stop", "slow") == 0
    assert "slow: ABORTED -> ABORTED" in capsys.readouterr().out
    assert run("list", "--format", "json") == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["replayId"], row["status"]) == ("slow", "ABORTED")
    assert row["startedAt"] <= row["endedAt"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["follow"], "REPLAY: none was started yet"),
        (["follow", "nobody-s"], "REPLAY nobody-s: no replay has this id"),
        (["stop", "nobody-s"], "REPLAY nobody-s: no replay has this id"),
        (["list", "--last", "0"], "--last: give 1 or more"),
        (["start", "--input", "{"], "--input: is no JSON"),
        (
            ["start", "--input", "{}", "--dry-run"],
            "--input: stands beside other options: give it alone",
        ),
        (["start", "--class", "poisson"], "--class"),
        (["start", "--max-messages", "many"], "--max-messages"),
    ],
)
def test_what_is_wrong_is_one_line(
    machine: Callable[[dict[str, Any]], Run],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    """With status 2, and nothing was started."""
    run = machine(DONE)
    assert run(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert run("list", "--format", "json") == 0
    assert capsys.readouterr().out == ""


def test_a_name_is_used_once(
    machine: Callable[[dict[str, Any]], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its report would be written over."""
    run = machine(DONE)
    assert run("start", "--name", "once") == 0
    capsys.readouterr()
    assert run("start", "--name", "once", "--dry-run") == 2
    assert "--name once: a replay of this name ran: give another" in capsys.readouterr().err


def test_a_decision_to_send_what_is_ambiguous_is_put_first(
    machine: Callable[..., Run], bucket: str
) -> None:
    """Under the replay's name; a dry run decides nothing."""
    run = machine({"Type": "Pass", "End": True}, ledger_bucket=bucket)
    chosen = ["--class", "ambiguous", "--send-ambiguous"]
    assert run("start", *chosen, "--dry-run", "--name", "dry") == 0
    s3 = boto3.client("s3")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert run("start", *chosen, "--name", "decided") == 0
    found = s3.get_object(Bucket=bucket, Key="decisions/decided.json")["Body"].read()
    assert json.loads(found) == {"filter": {"class": ["ambiguous"]}, "sendAmbiguous": True}
