"""The report of an audit, as a person reads it and as a program does."""

import csv
import io
import json
from typing import Any

import pytest

from functions.operator.audits.audit_result import AuditResultFound
from functions.operator.audits.report_forms import write_report
from functions.operator.rows import RowFormat
from tests.unit.audit.audit_world import AuditWorld, Fate, PlayedAudit


def found(fates: list[list[Fate]], **order: Any) -> AuditResultFound:
    """The report that the machine's own code writes of such a world."""
    world = AuditWorld(fates)
    audit = PlayedAudit(world, "by-hand", world.order(**order))
    audit.run()
    told = audit.report()
    whole = json.loads(world.bucket.objects["audit-runs/by-hand/report.json"])
    return AuditResultFound(whole, told["reportUri"])


def written(result: AuditResultFound, form: RowFormat) -> str:
    out = io.StringIO()
    write_report(result, out, form)
    return out.getvalue()


LOST = [[Fate.CONFIRMED, Fate.LOST, Fate.KEPT], [Fate.OLD, Fate.EXCLUDED]]


def test_the_text_has_the_equation_before_and_after_and_the_bill() -> None:
    """And where the whole report stands."""
    text = written(found(LOST, notes=("Looked at up to then",)), "table")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "audit by-hand: done"
    assert "2 windows looked at; 5 lines" in lines[1]
    assert lines[2] == "Looked at up to then"
    assert "orders before 5 1 0 0 1 1 0 2" in lines
    assert "orders after 5 2 0 0 1 1 0 1" in lines
    assert "meteredAgain 1" in lines
    assert "tooOld cus_a calls 2026-11-22 1 2" in lines
    assert lines[-1] == "report: s3://ledger/audit-runs/by-hand/report.json"


def test_json_is_the_whole_report() -> None:
    """As it stands in S3."""
    result = found(LOST)
    assert json.loads(written(result, "json")) == result.report


def test_csv_is_the_bill() -> None:
    """A row for each customer, meter and day, under what is done about it."""
    rows = list(csv.DictReader(io.StringIO(written(found(LOST), "csv"))))
    assert {(row["fate"], row["day"]) for row in rows} == {
        ("meteredAgain", "2026-11-23"),
        ("tooOld", "2026-11-22"),
    }


def test_a_dry_run_says_what_would_be_billed() -> None:
    """It changes nothing: what is missing is so afterwards."""
    result = found(LOST, dryRun=True)
    assert written(result, "table").startswith("dry run of an audit by-hand: done\n")
    assert "wouldBeBilled,cus_a,calls,2026-11-23,1,2" in written(result, "csv").splitlines()
    assert not result.is_closed


@pytest.mark.parametrize(
    ("fates", "closed"),
    [
        ([[Fate.CONFIRMED, Fate.SET_ASIDE, Fate.EXCLUDED, Fate.KEPT]], True),
        ([[Fate.LOST]], True),
        ([[Fate.LOST], [Fate.OLD]], False),
        ([[Fate.BEYOND]], False),
    ],
)
def test_an_audit_is_closed_when_nothing_is_missing_afterwards(
    fates: list[list[Fate]], *, closed: bool
) -> None:
    """What is too old to be metered again remains."""
    assert found(fates).is_closed is closed


def test_an_audit_that_stopped_early_is_not_closed() -> None:
    """Whatever it has found up to then; and it says why."""
    result = found([[Fate.CONFIRMED]])
    stopped = result._replace(report={**result.report, "trouble": "metering fails"})
    assert not stopped.is_closed
    assert "stopped early: metering fails" in written(stopped, "table")
    left = {**result.report, "windows": {"lookedAt": 1, "left": 2}}
    assert not result._replace(report=left).is_closed
    assert ", 2 left;" in written(result._replace(report=left), "table")
    assert not AuditResultFound({}).is_closed
