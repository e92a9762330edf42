"""Quantities are exact, and one number has one text."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.statement.usage_sums import SumKind, UsageSums, plain
from tests.fakes.settled_row import settled_row

AT = "2026-11-01T00:00:00.000Z"
QUANTITIES = st.integers(0, 10**18) | st.floats(0, 1e300, allow_nan=False)


def sums(quantities: list[float]) -> UsageSums:
    found = UsageSums(0)
    for number, quantity in enumerate(quantities):
        found.add(settled_row(f"key-{number}", AT, quantity=quantity))
    return found


@given(st.lists(QUANTITIES, min_size=1, max_size=6))
def test_a_sum_is_exact_in_any_order(quantities: list[float]) -> None:
    """1e300 and 1e-300 together have 600 digits, and lose none."""
    forth = sums(quantities).by_meter(SumKind.BILLED)["api_calls"]
    back = sums(quantities[::-1]).by_meter(SumKind.BILLED)["api_calls"]
    assert forth.as_json() == back.as_json()
    whole = sum(map(Fraction, map(str, quantities)), start=Fraction(0))
    assert Fraction(str(forth.as_json()["quantity"])) == whole


@given(st.lists(QUANTITIES, max_size=4), st.lists(QUANTITIES, max_size=4))
def test_what_was_added_can_be_taken_off(first: list[float], second: list[float]) -> None:
    """Nothing is left of what is taken off whole."""
    whole, part = sums([*first, *second]), sums(first)
    assert not whole.without(whole)
    rest = whole.without(part)
    rest.add_all(part)
    assert rest.as_json() == whole.as_json()


@pytest.mark.parametrize(
    ("quantity", "text"),
    [("1E+3", "1000"), ("0.30", "0.3"), ("-2.50", "-2.5"), ("0E-9", "0"), ("-0", "0")],
)
def test_a_quantity_has_one_text(quantity: str, text: str) -> None:
    """Without an exponent, and without zeros that say nothing."""
    assert plain(Decimal(quantity)) == text
