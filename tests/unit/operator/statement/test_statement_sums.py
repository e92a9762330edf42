"""A statement says what the ledger says; all statements together are the ledger."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.statement.calendar_month import CalendarMonth
from functions.usage.ledger_row import LedgerRow
from tests.unit.operator.statement.customer_ledger import (
    AUGUST,
    OCTOBER,
    SEPTEMBER,
    WRITES,
    CustomerLedger,
    Model,
    added,
    modelled,
    stated,
)

MONTHS = (AUGUST, SEPTEMBER, OCTOBER)
type Writes = list[list[LedgerRow]]


@given(WRITES, st.sampled_from(MONTHS))
def test_a_statement_is_what_counting_by_hand_gives(writes: Writes, month: CalendarMonth) -> None:
    """By day, class and meter, each key once, to the last digit."""
    ledger = CustomerLedger()
    ledger.write(writes)
    status, text = ledger.ask("show", month)
    expected = modelled(ledger.rows, month)
    assert status == (0 if expected else 1)
    if expected:
        assert stated(json.loads(text)["statement"]["usage"]) == expected


@settings(max_examples=50)
@given(WRITES, WRITES, WRITES, WRITES)
def test_the_sum_of_the_statements_is_the_ledger(
    before: Writes, between: Writes, after: Writes, last: Writes
) -> None:
    """Whatever is settled when, in a closed month or not; what is left, `verify` names."""
    ledger = CustomerLedger()
    said: list[tuple[str, Model]] = []
    for writes, month in zip((before, between, after), MONTHS, strict=True):
        ledger.write(writes)
        if not said and not modelled(ledger.rows, month):
            continue  # nobody knows of such a customer
        statement = ledger.close(month)
        said.append((str(month), stated(statement["usage"])))
        said += [(one["month"], stated(one["usage"])) for one in statement["settledAfterClosing"]]
    closed = [month for month in MONTHS if any(name == str(month) for name, _ in said)]
    for month in closed:
        found = added(usage for name, usage in said if name == str(month))
        expected = modelled(ledger.rows, month)
        assert without_decisions(found) == without_decisions(expected)
    assert ledger.verify()[0] == (0 if closed else 1)
    ledger.write(last)
    if closed:
        status, checks = ledger.verify()
        assert status == 0
        assert {one["result"] for one in checks} <= {"unchanged", "added"}


def without_decisions(model: Model) -> Model:
    """What needs a decision changes with time alone, and is not carried."""
    return {name: amount for name, amount in model.items() if name[0] != "needsDecision"}
