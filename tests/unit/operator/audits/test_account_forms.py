"""The equation of each source, as a table, JSON lines and CSV."""

import csv
import io
import json

import pytest

from functions.audit.equation import Equation
from functions.operator.audits.account_forms import write_accounts
from functions.operator.audits.source_account import (
    OpenWindow,
    SourceAccount,
    Unaudited,
    WitnessSum,
)
from functions.operator.rows import RowFormat
from tests.unit.operator.audits.kept_audits import FIVE_MS, START_MS, windows

ORDERS = SourceAccount(
    "orders",
    Equation(
        confirmed=90,
        setAside=1,
        excluded={"unauthorized": 2, "throttled": 5},
        quarantined={"tamper": 1},
        unaccounted=1,
    ),
    closed=11,
    open_windows=(OpenWindow(windows(1)[0], 0, 1, 3, "2026-11-28T08:15:00.000Z"),),
    last_audit="2026-11-28T09:10:00.000Z",
    witness=WitnessSum(1, 107, 100, 7),
)
PETS = SourceAccount(
    "pets",
    Equation(confirmed=4, needsDecision=1, held=1),
    unaudited=(Unaudited(START_MS, START_MS + 2 * FIVE_MS, 2),),
    witness=WitnessSum(not_compared={"name_shared": 1}),
)


def written(*accounts: SourceAccount, form: RowFormat) -> str:
    out = io.StringIO()
    write_accounts(accounts, out, form)
    return out.getvalue()


def test_a_table_has_a_row_a_source_and_a_total() -> None:
    """And a section for what has rows: reasons, open windows, gaps, the second witness."""
    shown = written(ORDERS, PETS, form="table").splitlines()
    lines = [" ".join(line.split()) for line in shown]
    assert lines[1:4] == [
        "orders 100 90 1 0 7 1 0 1 11 1 0 2026-11-28T09:10:00.000Z",
        "pets 6 4 0 1 0 0 1 0 0 0 2",
        "total 106 94 1 1 7 1 1 1 11 1 2 2026-11-28T09:10:00.000Z",
    ]
    text = "\n".join(lines)
    assert "by reason:\nsource term reason requests\norders excluded throttled 5\n" in text
    opened = "2026-11-28T08:00:00.000Z 2026-11-28T08:05:00.000Z 0 1 3 2026-11-28T08:15:00.000Z"
    assert (
        f"open windows:\nsource from to held unaccounted repairs auditedAt\norders {opened}" in text
    )
    assert "pets 2026-11-28T08:00:00.000Z 2026-11-28T08:10:00.000Z 2" in text
    assert "orders 1 107 100 7\npets 0 0 0 0 name_shared=1" in text


def test_what_has_no_rows_has_no_section() -> None:
    """A source of which all is closed is one row, and the total."""
    assert len(written(SourceAccount("pets", closed=3), form="table").splitlines()) == 3


def test_json_has_everything_and_a_total_without_a_source() -> None:
    """A row a line; the terms of each add up to what was served."""
    orders, pets, total = map(json.loads, written(ORDERS, PETS, form="json").splitlines())
    assert orders["source"] == "orders"
    assert orders["excluded"] == {"unauthorized": 2, "throttled": 5}
    assert orders["windows"]["closed"] == 11
    assert orders["windows"]["open"][0]["repairs"] == 3
    assert orders["witness"] == {
        "hours": 1,
        "counted": 107,
        "logged": 100,
        "notLogged": 7,
        "notCompared": {},
    }
    assert pets["windows"]["missing"][0]["windows"] == 2
    assert pets["lastAudit"] is None
    assert "source" not in total
    assert (total["served"], total["confirmed"], total["held"]) == (106, 94, 1)


def test_csv_has_a_column_for_each_figure() -> None:
    """Reasons in one cell; the second witness has no total, for sources may share a stage."""
    rows = list(csv.DictReader(io.StringIO(written(ORDERS, PETS, form="csv"))))
    assert [row["source"] for row in rows] == ["orders", "pets", "total"]
    assert rows[0]["excludedByReason"] == "throttled=5 unauthorized=2"
    assert [row["countedByGateway"] for row in rows] == ["107", "0", ""]
    assert rows[2]["unaccounted"] == "1"


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_no_source_is_a_total_of_nothing(form: RowFormat) -> None:
    """Nothing was audited, and nothing is metered."""
    assert written(form=form)
