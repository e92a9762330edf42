"""The demo's table closes only when every witness agrees about every request."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console

from functions.audit.equation import Equation
from tests.local.demo.account import (
    Account,
    CustomerAccount,
    LostAndFound,
    SecondMeter,
    StillSetAside,
)
from tests.local.demo.table import customers_table, requests_table, still_set_aside_table

COUNTS = st.integers(0, 1_000)


POISONED = StillSetAside("apigw1-1", "cus_0", "api_calls", "poison", "VALIDATION_FAILED")


@st.composite
def closed_accounts(draw: st.DrawFn) -> Account:
    """Runs in which everything ended well, but for what Aforo refuses for good."""
    billed = draw(st.lists(COUNTS, min_size=1, max_size=4))
    excluded = draw(st.dictionaries(st.sampled_from(["denied", "unauthorized"]), COUNTS))
    poisoned = draw(st.integers(0, 2))  # of the first customer
    second, lost = draw(COUNTS), draw(COUNTS)
    served = sum(billed) + poisoned + sum(excluded.values())
    return Account(
        audited=Equation(confirmed=sum(billed), setAside=poisoned, excluded=excluded),
        windows=draw(COUNTS),
        windows_open=0,
        served=served,
        logged=served,
        not_billable=sum(excluded.values()),
        confirmed=sum(billed),
        still_set_aside=(POISONED,) * poisoned,
        billed=sum(billed),
        kept=0,
        usage_dead_letter=int(poisoned > 0),
        second_meter=SecondMeter(second, second),
        billed_twice=0,
        accepted=sum(billed) + second,
        duplicates=draw(COUNTS),
        forged=draw(st.sampled_from([{}, {"cus_forger": 7}])),
        forger="cus_forger",
        lost=LostAndFound(lost, lost, lost),
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


# A message holds any number of events, a window any number of requests.
NO_FIGURE = {"duplicates", "usage_dead_letter", "windows"}
TERMS = ("confirmed", "set_aside", "needs_decision", "held", "unaccounted")
REASONS = ("excluded", "quarantined")
CHANGED = [field.name for field in fields(Account) if field.type is int]
OF_A_CUSTOMER = ("served", "billed", "in_ledger", "set_aside", "used")


@given(closed_accounts())
def test_a_run_in_which_nothing_went_wrong_closes(account: Account) -> None:
    """Duplicates are no fault: Aforo was asked twice and took once."""
    assert account.faults == []
    assert account.audited.unaccounted == 0


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


@given(closed_accounts(), st.sampled_from(TERMS), st.integers(1, 50))
def test_a_term_of_the_audit_that_nobody_else_knows_is_a_fault(
    account: Account, term: str, more: int
) -> None:
    """Also where the gateway served and logged so many more."""
    figure = getattr(account.audited, term) + more
    audited = account.audited.model_copy(update={term: figure})
    assert replace(account, audited=audited).faults
    served = account.served + more
    assert replace(account, audited=audited, served=served, logged=served).faults


@given(
    closed_accounts(),
    st.sampled_from(REASONS),
    st.sampled_from(["denied", "excluded_path"]),
    st.integers(1, 50),
)
def test_a_request_that_is_excluded_or_kept_and_billed_is_a_fault(
    account: Account, term: str, reason: str, more: int
) -> None:
    """Each request is in one row of the table."""
    known = getattr(account.audited, term)
    reasons = {**known, reason: known.get(reason, 0) + more}
    assert replace(account, audited=account.audited.model_copy(update={term: reasons})).faults


@given(closed_accounts(), st.integers(1, 50))
def test_a_request_moved_from_one_term_to_another_is_a_fault(account: Account, moved: int) -> None:
    """The audit's sum is right, and yet it says of some that they are not billable."""
    terms = account.audited
    assume(terms.confirmed >= moved)
    excluded = {**terms.excluded, "denied": terms.excluded.get("denied", 0) + moved}
    changes = {"confirmed": terms.confirmed - moved, "excluded": excluded}
    assert replace(account, audited=terms.model_copy(update=changes)).faults == [
        "confirmed = in the ledger",
        "confirmed = in Aforo's book",
        "excluded = refused or free",
    ]


@given(closed_accounts(), st.sampled_from(["served", "found", "billed"]), st.integers(-50, 50))
def test_what_was_lost_is_found_and_billed(account: Account, name: str, difference: int) -> None:
    """All of it, and nothing else."""
    assume(difference)
    lost = replace(account.lost, **{name: getattr(account.lost, name) + difference})
    faults = replace(account, lost=lost).faults
    assert faults == ["what was served without a filter = found = billed"]


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
    billed = {"confirmed", "billed", "accepted", "served", "logged"}
    confirmed = account.audited.confirmed + more
    changed = replace(
        account,
        audited=account.audited.model_copy(update={"confirmed": confirmed}),
        **{name: getattr(account, name) + more for name in billed},
    )
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
SERVED_MORE = ["served = audited", "excluded = refused or free"]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"logged": 9}, ["served = in the logs"]),
        ({"windows_open": 1}, ["every window is audited, and closed"]),
        ({"audited": Equation(confirmed=7, setAside=1, excluded={"denied": 2})}, SERVED_MORE),
        ({"kept": 1}, ["nothing is quarantined"]),
        ({"not_billable": 2}, ["excluded = refused or free"]),
        ({"still_set_aside": (EXHAUSTED,)}, ["only poison is still set aside"]),
        ({"usage_dead_letter": 0}, ["what is set aside lies in UsageDeadLetterQueue"]),
        ({"billed_twice": 1}, ["nothing is billed twice"]),
        ({"billed": 8}, ["confirmed = in Aforo's book"]),
        ({"accepted": 8}, ["both meters: confirmed = accepted by Aforo"]),
        ({"second_meter": SecondMeter(3, 2)}, ["second meter: in the ledger = confirmed"]),
        ({"forged": {"cus_1": 1, "cus_0": 4}}, ["forged calls are billed to the forger"]),
    ],
)
def test_faults_say_what_is_not_true(changes: dict[str, Any], faults: list[str]) -> None:
    """As the rows of the table read."""
    account = Account(
        audited=Equation(confirmed=7, setAside=1, excluded={"unauthorized": 3}),
        windows=4,
        windows_open=0,
        served=11,
        logged=11,
        not_billable=3,
        confirmed=7,
        still_set_aside=(POISONED,),
        billed=7,
        kept=0,
        usage_dead_letter=1,
        second_meter=SecondMeter(2, 2),
        billed_twice=0,
        accepted=9,
        duplicates=0,
        forged={"cus_1": 1},
        forger="cus_1",
        lost=LostAndFound(5, 5, 5),
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
    terms = account.audited
    for figure in (account.served, terms.confirmed, account.windows, *terms.excluded.values()):
        assert f"{figure:,}" in shown
    customers = {one.customer_id for one in account.customers}
    for name in (*terms.excluded, *customers, *(one.key for one in account.still_set_aside)):
        assert name in shown
