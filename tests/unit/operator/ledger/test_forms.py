"""Rows as a program reads them, as a spreadsheet does, and as a person does."""

import csv
import json
from collections.abc import Iterable
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from functions.operator.ledger.forms import COLUMNS, FORMS
from functions.usage.ledger_row import LedgerRow
from tests.fakes.set_aside_messages import ledger_row

AT = "2026-11-21T10:20:30.000Z"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def shown(form: str, rows: Iterable[LedgerRow]) -> str:
    out = StringIO(newline="")
    FORMS[form](rows, out)
    return out.getvalue()


def row(
    number: int, *, quantity: float = 1, customer: str = "cus_a", set_aside_class: str = ""
) -> LedgerRow:
    made = ledger_row(number, set_aside_class=set_aside_class, occurred_at=AT)
    return {**made, "quantity": quantity, "customerId": customer}


@given(st.lists(st.builds(row, st.integers(0, 99), customer=TEXT), max_size=5))
def test_json_lines_are_the_rows(rows: list[LedgerRow]) -> None:
    """One per line, whatever a customer is called."""
    assert [json.loads(line) for line in shown("json", rows).split("\n")[:-1]] == rows


@given(st.lists(st.builds(row, st.integers(0, 99), customer=TEXT), max_size=5))
def test_csv_has_a_column_for_each_field(rows: list[LedgerRow]) -> None:
    """Those that a row lacks are empty, and a boolean is as in JSON."""
    found = list(csv.DictReader(StringIO(shown("csv", rows), newline="")))
    assert [one["customerId"] for one in found] == [one["customerId"] for one in rows]
    assert all(tuple(one) == COLUMNS and one["replayId"] == "" for one in found)
    assert all(one["verified"] == "true" for one in found)


def test_sums_are_by_customer_meter_day_and_outcome() -> None:
    """They add up to the last digit, and the total to the sum of the lines. What Aforo took without
    saying so is no plain `confirmed`.
    """
    rows: list[LedgerRow] = [
        row(1, quantity=0.1),
        row(2, quantity=0.2),
        row(3, quantity=7, set_aside_class="poison"),
        row(4, quantity=1000, customer="cus_long_name"),
        {**row(5, quantity=5), "verified": False},
    ]
    assert shown("summary", rows).splitlines() == [
        "customer       meter      day         outcome                events  quantity",
        "cus_a          api_calls  2026-11-21  confirmed                   2       0.3",
        "cus_a          api_calls  2026-11-21  confirmed, unverified       1         5",
        "cus_a          api_calls  2026-11-21  set aside: poison           1         7",
        "cus_long_name  api_calls  2026-11-21  confirmed                   1      1000",
        "total                                                             5    1012.3",
    ]


def test_sums_of_nothing_are_a_total_of_nothing() -> None:
    """An answer, and not an error."""
    assert shown("summary", []).splitlines()[-1].split() == ["total", "0", "0"]
