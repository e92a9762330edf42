"""A month is closed and checked on real S3, through the command line."""

import csv
import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest

from functions.adapters.json_lines import put_lines
from functions.adapters.ledger import Ledger
from functions.audit.window import windows_between
from functions.operator.command_line import main
from functions.operator.statement.calendar_month import CalendarMonth
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.local_endpoints import write_endpoints
from tests.fakes.settled_row import settled_row
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Two that have ended, whenever this runs.
NOW = datetime.now(UTC)
SECOND = CalendarMonth(NOW.year - 1, 11)
FIRST = CalendarMonth(NOW.year - 1, 10)
FIX = "close it first"

type Said = tuple[int, str, list[str]]


def row(month: CalendarMonth, number: int, **fields: Any) -> LedgerRow:
    return settled_row(
        f"{month}-{number}", iso_from_epoch_ms(month.start_ms + number * HOUR_MS), **fields
    )


def set_aside(month: CalendarMonth, number: int, name: str) -> LedgerRow:
    return row(month, number, outcome="set_aside", verified=False, setAsideClass=name)


@pytest.fixture
def bucket(s3: "S3Client", bucket: str) -> str:
    """Two months of two customers, and what the audit found in the second, by the day."""
    ledger = Ledger(s3, bucket)
    others = [row(SECOND, number + 100, customerId="cus_b") for number in range(20)]
    ledger.append([row(FIRST, 1), set_aside(FIRST, 2, "exhausted")], "20261123T120000001Z-1")
    ledger.append([row(SECOND, 1), row(SECOND, 2, quantity=0.5), *others], "20261123T120000002Z-2")
    ledger.append([row(SECOND, 1), set_aside(SECOND, 3, "ambiguous")], "20261123T120000003Z-3")
    for month in (FIRST, SECOND):
        for window in windows_between("deployed", month.start_ms, month.end_ms, seconds=86_400):
            put_lines(s3, bucket, window.object_name(closed=True), [record(window.from_ms)])
    return bucket


def record(from_ms: int) -> dict[str, Any]:
    terms = {"confirmed": 2, "excluded": {"health": 1}}
    return {
        "source": "deployed",
        "logGroup": "log",
        "start": iso_from_epoch_ms(from_ms),
        "end": iso_from_epoch_ms(from_ms + 24 * HOUR_MS),
        "auditedAt": iso_from_epoch_ms(from_ms + 25 * HOUR_MS),
        "lines": 3,
        "equation": terms,
        "customers": {"cus_a": terms},
    }


@pytest.fixture
def ask(bucket: str, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str, customer: str = "cus_a") -> Said:
        given = ["--customer", customer, "--bucket", bucket]
        status = main(["statement", *words, *given])
        out, err = capfd.readouterr()
        return status, out, err.splitlines()

    return run


def close(ask: Callable[..., Said], month: CalendarMonth) -> Said:
    return ask("--month", str(month), "--close")


def test_two_months_are_closed_one_after_the_other(
    bucket: str, s3: "S3Client", ask: Callable[..., Said]
) -> None:
    """Not the second before the first; what comes late to the first stands in the second."""
    status, out, err = close(ask, SECOND)
    assert (status, out) == (1, "")
    assert err == [
        f"statement: not closed: {FIRST} has usage of this customer and is not closed: {FIX}",
        "statement: --even-so closes it all the same, and the statement says so",
    ]
    assert close(ask, FIRST)[0] == 0
    Ledger(s3, bucket).append([row(FIRST, 2, replayId="replay-1")], "20261123T120000004Z-4")
    status, out, err = ask("verify", "--format", "json")
    assert status == 0
    assert [json.loads(line)["result"] for line in out.splitlines()] == ["added"]
    status, out, err = ask("--month", str(SECOND), "--close", "--format", "json")
    assert status == 0, err
    document = json.loads(out)
    name = f"statements/cus_a/{SECOND}.json"
    kept = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    assert json.loads(kept) == document
    assert document["sha256"] in err[-1]
    (later,) = document["statement"]["settledAfterClosing"]
    assert later["month"] == str(FIRST)
    assert later["usage"]["setAside"] == [
        {"class": "exhausted", "meter": "api_calls", "events": -1, "quantity": "-1"}
    ]
    usage = document["statement"]["usage"]
    assert usage["billed"] == [{"meter": "api_calls", "events": 2, "quantity": "1.5"}]
    assert usage["needsDecision"] == [{"meter": "api_calls", "events": 1, "quantity": "1"}]
    status, out, err = ask("verify", "--format", "csv")
    assert status == 0
    assert [one["result"] for one in csv.DictReader(out.splitlines())] == ["unchanged"] * 2
    assert re.fullmatch(r"statement: 2 closed months, \d+ objects read: 2 unchanged", err[-1])


def test_the_digest_is_that_of_other_tools(
    bucket: str, s3: "S3Client", ask: Callable[..., Said], tmp_path: Path
) -> None:
    """Jq and sha256sum, as close-a-month.md says; the lists are what sha256sum checks."""
    close(ask, FIRST)
    kept = s3.get_object(Bucket=bucket, Key=f"statements/cus_a/{FIRST}.json")["Body"].read()
    (tmp_path / "statement.json").write_bytes(kept)
    command = "jq -cSj .statement statement.json | sha256sum"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == json.loads(kept)["sha256"]
    for prefix in ("ledger/", f"statements/cus_a/{FIRST}/"):
        for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
            file = tmp_path / one["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read())
    checked = subprocess.run(
        ["sh", "-c", f"zcat statements/cus_a/{FIRST}/*.gz | sha256sum --check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.rpartition(": ")[2] for line in checked.stdout.splitlines()] == ["OK"] * 2


def test_a_past_that_was_changed_is_named(
    bucket: str, s3: "S3Client", ask: Callable[..., Said]
) -> None:
    """An object of the ledger that is gone, one that is another, a statement's own text."""
    close(ask, FIRST)
    gone, changed = (
        one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="ledger/")["Contents"][:2]
    )
    s3.delete_object(Bucket=bucket, Key=gone)
    put_lines(s3, bucket, changed, [set_aside(FIRST, 2, "poison")])
    status, out, _ = ask("verify", "--format", "json")
    assert status == 1
    assert [json.loads(line)["detail"] for line in out.splitlines()] == [
        f"{gone} is gone",
        f"{changed} was changed",
    ]
    name = f"statements/cus_a/{FIRST}.json"
    text = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    s3.put_object(Bucket=bucket, Key=name, Body=text.replace(b'"events":1', b'"events":2'))
    status, out, _ = ask("verify", "--format", "json")
    assert status == 1
    assert "own text was changed" in out


def test_an_unknown_customer_is_told_what_was_searched(
    bucket: str, ask: Callable[..., Said]
) -> None:
    """With status 1, and nothing on stdout; on a slow machine behind how far it has read."""
    status, out, err = ask("--month", str(SECOND), customer="cus_nobody")
    assert (status, out) == (1, "")
    line = err[-1]
    assert line.startswith(f"statement: {SECOND} has nothing of cus_nobody: no row and no audited")
    assert line.endswith(f"request in 54 objects of {bucket}; no closed month")
    status, out, err = ask("verify", customer="a/../b")
    assert (status, out) == (1, "")
    assert err[-1].endswith(f"s3://{bucket}/statements/a%2F..%2Fb/ has no statement")


def test_an_object_that_is_not_of_the_ledger_is_named(
    bucket: str, s3: "S3Client", ask: Callable[..., Said]
) -> None:
    """And nothing is closed."""
    name = f"ledger/{FIRST}-01/00/x.json.gz"
    s3.put_object(Bucket=bucket, Key=name, Body=b"no gzip")
    status, out, err = close(ask, FIRST)
    assert (status, out) == (1, "")
    assert err[0].startswith(f"statement: nothing was closed: {name}: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "2026-13"], "--month: 2026-13 is no month: write 2026-11"),
        ([], "--month: give one, such as 2026-11"),
        (["--month", "2026-10", "--even-so"], "--even-so: it goes with --close"),
        (["verify", "--close"], "--close: a check closes nothing; leave `verify` out"),
        (["--month", "2026-10", "--ask-aforo"], "--ask-aforo: a function of the deployment asks"),
        (["nonsense"], "verify"),
        (["--month", "2026-10", "--customer", ""], "--customer"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_clear_line_and_status_2(
    bucket: str, ask: Callable[..., Said], words: list[str], said: str
) -> None:
    """Nothing is read."""
    status, out, err = ask(*words)
    assert (status, out, len(err)) == (2, "", 1)
    assert said in err[0]


def test_the_local_cloud_is_found(
    bucket: str,
    on_ministack: Ministack,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """By the endpoints file, as for every command; so is a bucket that is not there."""
    file = write_endpoints(tmp_path, on_ministack.env, ledger_bucket=bucket)
    words = ["statement", "--customer", "cus_a", "--month", str(SECOND)]
    assert main([*words, "--endpoints", str(file)]) == 0
    assert f"cus_a, {SECOND} (UTC): not closed" in capfd.readouterr().out
    nowhere = write_endpoints(tmp_path, on_ministack.env, ledger_bucket=f"no-{uuid4()}")
    assert main([*words, "--endpoints", str(nowhere)]) == 2
    assert "cannot be read" in capfd.readouterr().err


def test_a_closed_month_is_put_once(bucket: str, ask: Callable[..., Said]) -> None:
    """S3 itself refuses a second one."""
    close(ask, FIRST)
    client = boto3.client("s3")
    with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
        client.put_object(
            Bucket=bucket, Key=f"statements/cus_a/{FIRST}.json", Body=b"x", IfNoneMatch="*"
        )
    status, _, err = close(ask, FIRST)
    assert status == 1
    assert err[0].startswith("statement: closed ")
