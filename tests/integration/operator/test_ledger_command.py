"""The command on real S3: where it finds the ledger, what it prints, and its exit status."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.operator.command_line import main
from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import ledger_row
from tests.local.endpoints import ROOT
from tests.local.ministack import REGION, Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TEN, ELEVEN = "2026-11-21T10:59:59.999Z", "2026-11-21T11:00:00.000Z"
WRITER = "20261121T110001000Z-one"

type Said = tuple[int, list[str], list[str]]


def row(number: int, occurred_at: str, **more: str) -> LedgerRow:
    return ledger_row(number, occurred_at=occurred_at, **more)


ROWS = [
    row(1, TEN),
    row(1, TEN),
    row(2, TEN, set_aside_class="poison", replay_id="replay-1"),
    row(3, ELEVEN, set_aside_class="exhausted"),
]


@pytest.fixture
def bucket(s3: "S3Client", bucket: str) -> str:
    """A ledger in which one event was set aside, and confirmed later."""
    ledger = Ledger(s3, bucket)
    ledger.append(ROWS, WRITER)
    ledger.append([row(3, ELEVEN, replay_id="replay-1")], f"{WRITER}-later")
    return bucket


@pytest.fixture
def ask(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        status = main(["ledger", *words])
        out, err = capfd.readouterr()
        return status, out.splitlines(), err.splitlines()

    return run


def test_rows_go_to_stdout_and_all_else_to_stderr(bucket: str, ask: Callable[..., Said]) -> None:
    """Each key once, as it stands in the end."""
    status, out, err = ask("--bucket", bucket)
    assert status == 0
    shown = [json.loads(line) for line in out]
    assert [(one["key"], one["outcome"]) for one in shown] == [
        (ROWS[0]["key"], "confirmed"),
        (ROWS[2]["key"], "set_aside"),
        (ROWS[3]["key"], "confirmed"),
    ]
    assert err == [
        "ledger: neither --hour nor --from: all of its hours are looked through",
        # An object with set-aside rows is read twice.
        f"ledger: 3 events, from 5 objects of {bucket}",
    ]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--hour", "2026-11-21T10"], [0, 2]),
        (["--hour", TEN], [0, 2]),
        (["--hour", "2026-11-21T12"], []),
        (["--hour", "2026-11-21"], [0, 2, 3]),
        (["--hour", "2026-11-20"], []),
        (["--from", "2026-11-21", "--to", "2026-11-22"], [0, 2, 3]),
        (["--from", "2026-11-21T11"], [3]),
        (["--to", "2026-11-21T11"], [0, 2]),
        (["--key", ROWS[3]["key"], "--key", ROWS[0]["key"]], [0, 3]),
        (["--replay", "replay-1"], [2, 3]),
        (["--replay", "replay-1", "--hour", "2026-11-21T11"], [3]),
        (["--outcome", "set_aside"], [2]),
        (["--outcome", "confirmed"], [0, 3]),
        (["--outcome", "unverified"], []),
        (["--customer", "cus_a"], [0, 2, 3]),
        (["--customer", "cus_b"], []),
        (["--meter", "bytes"], []),
    ],
)
def test_what_is_asked_is_what_is_shown(
    bucket: str, ask: Callable[..., Said], words: list[str], numbers: list[int]
) -> None:
    """By hour, range, key, replay, outcome, customer and meter."""
    status, out, _ = ask("--bucket", bucket, *words)
    assert status == 0
    shown = {json.loads(line)["key"] for line in out}
    assert shown == {ROWS[number]["key"] for number in numbers}
    assert len(out) == len(numbers)


def test_the_local_cloud_and_a_stack_are_found(
    bucket: str, ask: Callable[..., Said], on_ministack: Ministack, tmp_path: Path
) -> None:
    """By the endpoints file, by the outputs; the same ledger says the same."""
    names = ("api_url", "access_log_group", "quarantine_bucket", "queues", "functions", "customers")
    found = dict.fromkeys(names, "") | {"region": REGION, "ledger_bucket": bucket}
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({**found, "aws_environment": on_ministack.env}))
    others = ["UsageQueueUrl", "UsageDeadLetterQueueUrl", "QuarantineBucketName"]
    others += ["ReconciliationFunctionArn", "DeployedSources"]
    texts = dict.fromkeys(others, "x") | {"LedgerBucketName": bucket}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": text} for name, text in texts.items()},
    }
    stack = f"stack-{uuid4()}"
    client = boto3.client("cloudformation")
    client.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 0, "MaxAttempts": 200}
    )
    whole = ask("--bucket", bucket, "--format", "summary")
    assert whole[1][-1].split() == ["total", "3", "3"]
    assert ask("--endpoints", str(file), "--format", "summary") == whole
    assert ask("--stack", stack, "--format", "summary") == whole


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hour", "2026-11-21", "--from", "2026-11-21"], "--hour: stands beside --from or --to"),
        (["--from", "2026-11-22", "--to", "2026-11-21"], "it must be later than --from"),
        (["--stack", "a", "--bucket", "b"], "--bucket: give it, or --stack"),
        (["--stack", "nobody-s"], "Stack with id nobody-s does not exist"),
        (["--bucket", "nobody-s"], "the bucket nobody-s cannot be read: "),
        (["--bucket", "Not A Name"], "the bucket Not A Name cannot be read: "),
        (["--endpoints", "none.json"], "start the local cloud with `make local`, or give --stack"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_clear_line_and_status_2(
    on_ministack: Ministack, ask: Callable[..., Said], words: list[str], said: str
) -> None:
    """Nothing is printed that a program would take for rows."""
    status, out, (line,) = ask(*words)
    assert (status, out) == (2, [])
    assert line.startswith("ledger: ")
    assert said in line


@pytest.mark.parametrize(
    "words",
    [
        ["--hour", "today"],
        ["--hour", "2026-02-30"],
        ["--outcome", "billed"],
        ["--format", "xml"],
        ["--custommer", "a"],
        ["cus_a"],
    ],
)
def test_a_word_that_nobody_knows_is_status_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The one line names it."""
    assert main(["ledger", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ledger: ")
    assert words[-1] in line


@pytest.mark.parametrize("body", [b"not gzip", b""])
def test_a_broken_object_is_named_and_status_1(
    bucket: str, ask: Callable[..., Said], body: bytes
) -> None:
    """A sum without it would look like a bill."""
    name = "ledger/2026-11-21/11/20261121T120000000Z-broken.json.gz"
    boto3.client("s3").put_object(Bucket=bucket, Key=name, Body=body)
    status, out, err = ask("--bucket", bucket, "--format", "summary")
    assert (status, out) == (1, [])
    assert err[-1].startswith(f"ledger: {name} is not of this ledger, and what was shown is not ")


def test_whoever_stops_reading_gets_no_complaint(bucket: str) -> None:
    """`make ledger | head -1`, as a process of its own."""
    client = boto3.client("s3")
    many = [row(number, TEN) for number in range(10, 3_000)]
    Ledger(client, bucket).append(many, f"{WRITER}-many")
    command = [sys.executable, "-m", "functions.operator", "ledger", "--bucket", bucket]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["customerId"] == "cus_a"
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 1
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
