"""A file that is half of one does not close the other half."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.customers.closing_guard import closed_too_many
from functions.operator.customers.customer_file import CustomerFile
from tests.fakes.customer_register import CustomerRegister

GRANT = {"limit": 100, "period": "month", "ratePerSecond": 10, "burst": 20}


def customers(first: int, after: int) -> CustomerFile:
    entries = [{"customerId": f"cus_{n}", "grants": [GRANT]} for n in range(first, after)]
    return CustomerFile.model_validate({"customers": entries})


def refused(stated: int, left: int, at_most: int | None = None) -> str:
    """Of so many customers the last ones are left in the file."""
    register = CustomerRegister()
    register.apply(customers(0, stated))
    changes = register.changes(customers(stated - left, stated), is_all=True)
    return closed_too_many(changes, register.known(), at_most)


@pytest.mark.parametrize(
    ("stated", "left", "is_refused"),
    [(10, 0, False), (11, 0, True), (20, 9, True), (20, 10, False), (200, 180, False)],
)
def test_a_tenth_or_ten(stated: int, left: int, *, is_refused: bool) -> None:
    """So many are closed by a yes alone."""
    assert bool(refused(stated, left)) is is_refused


def test_the_number_says_that_it_is_meant() -> None:
    """With how many there are, and what to give."""
    why = refused(50, 10)
    assert why == (
        "40 of 50 customers would be closed: is the file whole? If it is meant, give"
        " --close-at-most 40"
    )
    assert refused(50, 10, at_most=40) == ""
    assert refused(50, 10, at_most=39) == why
    assert refused(50, 49, at_most=0) != ""


@given(st.integers(0, 30), st.integers(0, 30))
def test_who_closes_nobody_is_never_refused(stated: int, more: int) -> None:
    """Whatever else the file changes."""
    register = CustomerRegister()
    register.apply(customers(0, stated))
    changes = register.changes(customers(0, stated + more), is_all=True)
    assert closed_too_many(changes, register.known(), None) == ""
