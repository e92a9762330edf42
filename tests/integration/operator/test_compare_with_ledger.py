"""`aforo-metering compare` without a log: ours is the ledger, on real S3."""

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from functions.adapters.ledger import Ledger
from functions.operator.command_line import main
from tests.fakes.set_aside_messages import ledger_row
from tests.local.endpoints import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TEN, ELEVEN = "2026-11-21T10:59:59.999Z", "2026-11-21T11:00:00.000Z"
WRITER = "20261121T110001000Z-one"
ROWS = [
    ledger_row(1, occurred_at=TEN),
    ledger_row(1, occurred_at=TEN),
    ledger_row(2, occurred_at=TEN, set_aside_class="poison"),
    ledger_row(3, occurred_at=ELEVEN),
]


@pytest.fixture
def bucket(s3: "S3Client", bucket: str) -> str:
    """Two confirmed events, one of them written twice, and one that is set aside."""
    Ledger(s3, bucket).append(ROWS, WRITER)
    return bucket


def billed(folder: Path, *quantities: tuple[str, int]) -> str:
    """What was billed elsewhere: a quantity at each time."""
    rows = [f"cus_a,api_calls,{quantity},{time}\n" for time, quantity in quantities]
    file = folder / "billed.csv"
    file.write_text("customerId,metricName,quantity,occurredAt\n" + "".join(rows))
    return str(file)


@pytest.mark.parametrize(
    ("theirs", "words", "status", "difference"),
    [
        ([(TEN, 2)], [], 0, 0),
        ([(TEN, 1), (ELEVEN, 1)], [], 0, 0),
        ([(TEN, 3)], [], 1, -1),
        ([(TEN, 5), (ELEVEN, 1)], ["--from", "2026-11-21T11"], 0, 0),
        ([(TEN, 1), (ELEVEN, 5)], ["--to", "2026-11-21T11"], 0, 0),
    ],
)
def test_what_aforo_confirmed_is_ours(
    bucket: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    theirs: list[tuple[str, int]],
    words: list[str],
    status: int,
    difference: int,
) -> None:
    """Each key once, in the window; what is set aside is told, and not counted."""
    export = billed(tmp_path, *theirs)
    asked = ["compare", export, "--bucket", bucket, "--format", "json", *words]
    assert main(asked) == status
    out, err = capsys.readouterr()
    (day,) = map(json.loads, out.splitlines())
    assert day["difference"] == difference
    is_told = "set aside, and not counted as ours until a replay: 1 poison" in err
    assert is_told == ("--from" not in words)


def test_an_object_that_cannot_be_read_is_no_difference(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and the object's name: a sum without it would look like a bill."""
    name = "ledger/2026-11-21/11/20261121T120000000Z-broken.json.gz"
    boto3.client("s3").put_object(Bucket=bucket, Key=name, Body=b"not gzip")
    assert main(["compare", billed(tmp_path, (TEN, 2)), "--bucket", bucket]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"compare: {name}")


def test_whoever_stops_reading_gets_no_complaint(bucket: str, tmp_path: Path) -> None:
    """`compare ... | head -1`, as a process of its own."""
    file = tmp_path / "billed.jsonl"
    row = {"customerId": "cus_a", "quantity": 1, "occurredAt": TEN}
    lines = (json.dumps({**row, "requestId": f"r{number}"}) for number in range(3_000))
    file.write_text("".join(f"{line}\n" for line in lines))
    words = ["compare", str(file), "--bucket", bucket, "--format", "json"]
    with subprocess.Popen(
        [sys.executable, "-m", "functions.operator", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["row"] == "request"
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 1
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
