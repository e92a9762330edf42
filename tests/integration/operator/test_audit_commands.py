"""Audits are started, followed, stopped and listed through a real state machine's executions, and
what they have kept in a real bucket is shown.
"""

import csv
import io
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.adapters.ledger_beginning import LedgerBeginning
from functions.audit.equation import Equation
from functions.audit.sources.witnessed_hour import WitnessedHour
from functions.audit.window_store import WindowStore
from functions.operator.command_line import main
from functions.operator.executions.machine_runs import MachineRuns
from tests.fakes.audit_reports import FORGOTTEN, REPORTED, played_audit, reporting_machine
from tests.fakes.local_endpoints import write_endpoints
from tests.local.ministack import Ministack
from tests.unit.operator.audits.kept_audits import START_MS, keep, keep_hour, windows

CLOSED = Equation(confirmed=9, excluded={"throttled": 1})
OPEN = Equation(confirmed=7, unaccounted=3)
REFUSED = {"Type": "Fail", "Error": "InputRefused", "Cause": "source: there is no 'order'"}

type Run = Callable[..., int]


@pytest.fixture
def made(on_ministack: Ministack, bucket: str, tmp_path: Path) -> Callable[..., Run]:
    """A local cloud with a ledger, and an audit machine whose last state is given."""
    name = f"{bucket}-configuration"
    boto3.client("s3").create_bucket(Bucket=name)

    def make(*machine: Any) -> Run:
        file = write_endpoints(
            tmp_path,
            on_ministack.env,
            state_machines={"audit": reporting_machine(bucket, *machine)},
            ledger_bucket=bucket,
            configuration_bucket=name,
            deployed_sources="orders=access:/aws/apigateway/orders",
        )
        return lambda *words: main(["audit", *words, "--endpoints", str(file)])

    return make


def put_report(bucket: str, name: str, report: Mapping[str, Any]) -> None:
    """Where the machine writes it."""
    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"audit-runs/{name}/report.json", Body=json.dumps(report).encode()
    )


def test_an_audit_is_followed_to_its_report(
    made: Callable[..., Run], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its progress on stderr, its report on stdout; both can be had again, in each form."""
    run = made()
    _, report = played_audit(FORGOTTEN, "first")
    put_report(bucket, "first", report)
    assert run("start", "--source", "orders", "--dry-run", "--name", "first") == 1
    out, err = capsys.readouterr()
    assert out.startswith("audit first: done\n")
    assert f"report: s3://{bucket}/audit-runs/first/report.json" in out
    assert "  2 of 2 windows; lines: 4; requests missing: 1" in err
    assert run("follow", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == report
    assert run("follow", "first", "--format", "csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["fate"] for row in rows} == {"meteredAgain", "tooOld"}


def test_an_audit_whose_equation_closes_ends_well(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Who may not read the ledger's bucket gets what the execution itself tells."""
    assert made()("start", "--name", "closed") == 0
    out, err = capsys.readouterr()
    assert "meteredAgain" in out
    assert "cannot be read" in err
    assert "what the execution tells of it" in err


@pytest.mark.parametrize("words", [["--source", "orders"], ["--dry-run", "--from", "2026-11-01"]])
def test_options_alone_start_an_audit(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """As `audit start` does; without any, there is the list of subcommands."""
    run = made()
    assert run(*words, "--follow") == 0
    assert capsys.readouterr().err.startswith("started arn:")
    assert run("list", "--format", "json") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["audit"]) == 0
    assert "Usage: aforo-metering audit COMMAND" in capsys.readouterr().out


def test_an_input_that_is_refused_says_why(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the asker's: status 2."""
    assert made(FORGOTTEN, REFUSED)("start", "--source", "order") == 2
    (*_, line) = capsys.readouterr().err.splitlines()
    assert line == "audit start: the input was refused: source: there is no 'order'"


def test_an_audit_that_stops_early_has_its_report(
    made: Callable[..., Run], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which says why; without one there is the cause."""
    cause = f"no metering. The report: s3://{bucket}/audit-runs/early/report.json"
    run = made(FORGOTTEN, {"Type": "Fail", "Error": "AuditStoppedEarly", "Cause": cause})
    _, report = played_audit(FORGOTTEN, "early")
    put_report(bucket, "early", {**report, "trouble": "no metering"})
    assert run("start", "--name", "early") == 1
    assert capsys.readouterr().out.startswith("audit early: stopped early: no metering\n")
    assert run("start", "--name", "other") == 1
    assert "status: FAILED\nerror: AuditStoppedEarly\n" in capsys.readouterr().out
    assert run("follow", "other", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["cause"] == cause


def test_an_audit_that_ends_while_it_is_stopped_has_ended(
    made: Callable[..., Run],
    bucket: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was seen running, and came to its end before AWS was told to stop it: nobody's fault."""
    run = made(FORGOTTEN)
    put_report(bucket, "quick", played_audit(FORGOTTEN, "quick")[1])
    assert run("start", "--name", "quick") == 1  # it missed two requests
    described = MachineRuns._described
    seen: list[str] = []

    def running_at_first(self: MachineRuns, arn: str) -> Any:
        found = described(self, arn)
        seen.append(found["status"])
        return {**found, "status": "RUNNING"} if len(seen) == 1 else found

    monkeypatch.setattr(MachineRuns, "_described", running_at_first)
    capsys.readouterr()
    assert run("stop", "quick") == 0
    assert "quick: SUCCEEDED -> SUCCEEDED" in capsys.readouterr().out


def test_an_audit_is_stopped_and_listed(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Who follows it sees its end; stopped twice is stopped once."""
    run = made(FORGOTTEN, {"Type": "Wait", "Seconds": 600, "End": True})
    assert run("start", "--name", "slow", "--no-follow") == 0
    statuses: list[int] = []
    follower = threading.Thread(target=lambda: statuses.append(run("follow", "slow")))
    follower.start()
    assert run("stop", "slow", "--why", "wrong range") == 0
    follower.join(30)
    assert statuses == [1]
    out = capsys.readouterr().out
    assert "slow: RUNNING -> ABORTED" in out
    assert "cause: wrong range" in out
    assert run("stop", "slow") == 0
    assert "slow: ABORTED -> ABORTED" in capsys.readouterr().out
    assert run("list", "--format", "json") == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["auditId"], row["status"]) == ("slow", "ABORTED")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["follow"], "AUDIT: none was started yet: `aforo-metering audit start` does"),
        (["follow", "nobody-s"], "AUDIT nobody-s: no audit has this id"),
        (["start", "--from", "2026-11-01"], "--yes: it begins more than 24 h ago: look first"),
        (["--include-old"], "--yes: --include-old bills what Aforo does not remember"),
        (["start", "--export", "bucket"], "--export: bucket: write s3://BUCKET/PREFIX"),
        (["start", "--from", "monday"], "--from: monday is no time"),
        (["show", "--source", "order"], "--source: there is no 'order'; there are orders"),
        (["show", "--day", "2026-11-28", "--to", "2026-11-29"], "--day: give it, or --from"),
        (["list", "--last", "0"], "--last: give 1 or more"),
    ],
)
def test_what_is_wrong_is_one_line(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """With status 2, and nothing was started."""
    run = made(FORGOTTEN, REPORTED)
    assert run(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert run("list", "--format", "json") == 0
    assert capsys.readouterr().out == ""


def test_the_equation_is_shown_and_closes(
    made: Callable[..., Run], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of every source, also of one that nobody has looked at; the second witness beside it."""
    run = made()
    store = WindowStore(boto3.client("s3"), bucket)
    pets, orders = windows(12, source="pets"), windows(12)
    for window in [*pets, *orders[1:]]:
        keep(store, window, CLOSED)
    keep_hour(store, WitnessedHour("pets", START_MS, 120, 131))
    asked = ["show", "--from", "2026-11-28T08", "--to", "2026-11-28T09"]
    assert run(*asked, "--source", "pets") == 0
    assert run(*asked) == 1  # the first window of orders was not looked at
    capsys.readouterr()
    keep(store, orders[0], OPEN, repairs=3)
    assert run(*asked, "--format", "json") == 1
    first, second, total = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["source"], first["served"], first["unaccounted"]) == ("orders", 120, 3)
    assert first["windows"]["open"][0]["repairs"] == 3
    assert second["witness"]["notLogged"] == 11
    assert (total["served"], total["confirmed"]) == (240, 214)
    keep(store, orders[0], Equation(confirmed=10))
    assert run(*asked) == 0
    assert "second witness" in capsys.readouterr().out


def test_a_day_that_nobody_audited_is_missing(
    made: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the source that the deployment declares."""
    assert made()("show", "--day", "2026-01-01", "--format", "csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["source"], row["missing"]) for row in rows] == [
        ("orders", "288"),
        ("total", "288"),
    ]


def test_what_was_served_before_the_ledger_began_is_not_missing(
    made: Callable[..., Run], bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stack that is an hour old has no day to show; a range that is asked for is told whole."""
    began = datetime.now(UTC) - timedelta(minutes=50)
    LedgerBeginning(boto3.client("s3"), bucket).mark(began)
    run = made()

    def missing(*words: str) -> int:
        assert run("show", "--format", "csv", *words) == 1
        (row, _) = csv.DictReader(io.StringIO(capsys.readouterr().out))
        return int(row["missing"])

    assert 0 < missing() <= 10
    assert missing("--from", f"{began - timedelta(hours=9):%Y-%m-%dT%H}") > 100
