"""The demo's table closes only when every witness agrees about every request."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console

from tests.local.demo.account import Account, CustomerAccount, SecondMeter, StillSetAside
from tests.local.demo.table import customers_table, requests_table, still_set_aside_table

COUNTS = st.integers(0, 1_000)


POISONED = StillSetAside("apigw1-1", "cus_0", "api_calls", "poison", "VALIDATION_FAILED")


@st.composite
def closed_accounts(draw: st.DrawFn) -> Account:
    """Runs in which everything ended well, but for what Aforo refuses for good."""
    billed = draw(st.lists(COUNTS, min_size=1, max_size=4))
    excluded = draw(st.dictionaries(st.sampled_from(["denied", "unauthorized"]), COUNTS))
    poisoned = draw(st.integers(0, 2))  # of the first customer
    second = draw(COUNTS)
    billable = sum(billed) + poisoned
    return Account(
        served=billable + sum(excluded.values()),
        logged=billable + sum(excluded.values()),
        billable=billable,
        excluded=excluded,
        quarantined=0,
        confirmed=sum(billed),
        still_set_aside=(POISONED,) * poisoned,
        usage_dead_letter=int(poisoned > 0),
        second_meter=SecondMeter(second, second),
        billed_twice=0,
        accepted=sum(billed) + second,
        duplicates=draw(COUNTS),
        forged=draw(st.sampled_from([{}, {"cus_forger": 7}])),
        forger="cus_forger",
        customers=[
            customer(f"cus_{n}", b, set_aside=0 if n else poisoned) for n, b in enumerate(billed)
        ],
    )


def customer(customer_id: str, billed: int, set_aside: int = 0) -> CustomerAccount:
    return CustomerAccount(
        customer_id,
        served=billed + set_aside,
        billed=billed,
        in_ledger=billed,
        set_aside=set_aside,
        used=billed + set_aside,
        remaining=9 - billed,
    )


NO_FIGURE = {"duplicates", "usage_dead_letter"}  # a message holds any number of events
CHANGED = [field.name for field in fields(Account) if field.type is int]
OF_A_CUSTOMER = ("served", "billed", "in_ledger", "set_aside", "used")


@given(closed_accounts())
def test_a_run_in_which_nothing_went_wrong_closes(account: Account) -> None:
    """Duplicates are no fault: Aforo was asked twice and took once."""
    assert account.faults == []
    assert account.unaccounted == 0


@given(
    closed_accounts(),
    st.sampled_from([name for name in CHANGED if name not in NO_FIGURE]),
    st.integers(-50, 50),
)
def test_one_witness_that_says_otherwise_is_a_fault(
    account: Account, name: str, difference: int
) -> None:
    """Whichever it is, and by however little."""
    assume(difference)
    assert replace(account, **{name: getattr(account, name) + difference}).faults


@given(closed_accounts(), st.sampled_from(["denied", "excluded_path"]), st.integers(1, 50))
def test_a_request_that_is_excluded_and_billed_is_a_fault(
    account: Account, reason: str, more: int
) -> None:
    """Each request is in one row of the table."""
    excluded = {**account.excluded, reason: account.excluded.get(reason, 0) + more}
    assert replace(account, excluded=excluded).faults


@given(closed_accounts(), st.sampled_from(OF_A_CUSTOMER), st.integers(-50, 50), st.data())
def test_a_customer_that_one_witness_sees_otherwise_is_named(
    account: Account, name: str, difference: int, data: st.DataObject
) -> None:
    """Served, billed, in the ledger, counted."""
    assume(difference)
    place = data.draw(st.integers(0, len(account.customers) - 1))
    one = account.customers[place]
    customers = [*account.customers]
    customers[place] = replace(one, **{name: getattr(one, name) + difference})
    faults = replace(account, customers=customers).faults
    assert any(one.customer_id in fault for fault in faults)


@given(closed_accounts(), st.integers(1, 50))
def test_requests_billed_to_nobody_that_we_know_are_a_fault(account: Account, more: int) -> None:
    """The totals agree and each customer's figures agree: and yet somebody else was billed."""
    billed = {"billable", "confirmed", "accepted", "served", "logged"}
    changed = replace(account, **{name: getattr(account, name) + more for name in billed})
    assert changed.faults == ["every billed request belongs to a customer of the demo"]


@given(closed_accounts(), st.integers(1, 50))
def test_a_request_moved_from_one_customer_to_another_is_a_fault(
    account: Account, moved: int
) -> None:
    """Billed to the wrong one: the totals close, the customers do not."""
    assume(len(account.customers) > 1)
    first, second, *others = account.customers
    customers = [
        replace(first, billed=first.billed - moved, in_ledger=first.in_ledger - moved),
        replace(second, billed=second.billed + moved, in_ledger=second.in_ledger + moved),
        *others,
    ]
    assert len(replace(account, customers=customers).faults) == 2


EXHAUSTED = replace(POISONED, set_aside_class="exhausted")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"logged": 9}, ["served = in the log"]),
        ({"quarantined": 1}, ["nothing is quarantined"]),
        ({"still_set_aside": (EXHAUSTED,)}, ["only poison is still set aside"]),
        ({"usage_dead_letter": 0}, ["what is set aside lies in UsageDeadLetterQueue"]),
        ({"billed_twice": 1}, ["nothing is billed twice"]),
        ({"accepted": 8}, ["confirmed = accepted by Aforo"]),
        ({"second_meter": SecondMeter(3, 2)}, ["second meter: metered = confirmed"]),
        ({"forged": {"cus_1": 1, "cus_0": 4}}, ["forged calls are billed to the forger"]),
    ],
)
def test_faults_say_what_is_not_true(changes: dict[str, Any], faults: list[str]) -> None:
    """As the rows of the table read."""
    account = Account(
        served=11,
        logged=11,
        billable=8,
        excluded={"unauthorized": 3},
        quarantined=0,
        confirmed=7,
        still_set_aside=(POISONED,),
        usage_dead_letter=1,
        second_meter=SecondMeter(2, 2),
        billed_twice=0,
        accepted=9,
        duplicates=0,
        forged={"cus_1": 1},
        forger="cus_1",
        customers=[customer("cus_1", 7, set_aside=1)],
    )
    assert replace(account, **changes).faults == faults


@given(closed_accounts())
def test_tables_show_every_figure(account: Account) -> None:
    """Thousands with commas; each customer and each reason in a row of its own."""
    console = Console(width=120)
    tables = (requests_table, customers_table, still_set_aside_table)
    with console.capture() as captured:
        console.print(*(table(account) for table in tables))
    shown = captured.get()
    for figure in (account.served, account.billable, *account.excluded.values()):
        assert f"{figure:,}" in shown
    customers = {one.customer_id for one in account.customers}
    for name in (*account.excluded, *customers, *(one.key for one in account.still_set_aside)):
        assert name in shown
