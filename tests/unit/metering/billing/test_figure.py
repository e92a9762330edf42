"""What can be billed by: numbers as lines write them, and lists."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metering.billing.figure import LARGEST, figure_of
from functions.metering.billing.listed import ELEMENTS, elements_of
from functions.usage.outcome import Quarantined


@pytest.mark.parametrize(
    ("value", "figure"),
    [
        ("12", 12),
        ("0", 0),
        ("000", 0),
        ("0012", 12),
        ("12.5", 12.5),
        ("12.50", 12.5),
        ("12.0", 12),
        ("0.25", 0.25),
        ("00.25", 0.25),
        (12, 12),
        (12.5, 12.5),
        (1e-7, 1e-7),
        (1e11, 10**11),
        ("1000000000000", LARGEST),
        ("1000000000001", None),
        ("999999999999999", None),
        ("1234567890.12345", 1234567890.12345),  # 15 digits
        ("1234567890.123456", None),  # 16
        ("0001234567890.1234500000", 1234567890.12345),  # what a nought adds is no digit
        ("1234567890123456", None),
        ("-1", None),
        (-1, None),
        ("1e3", None),
        ("1,5", None),
        ("NaN", None),
        (math.nan, None),
        (math.inf, None),
        ("", None),
        (".5", None),
        ("5.", None),
        (" 5", None),
        ("٣", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_a_figure_is_taken_as_it_stands_or_not_at_all(value: object, figure: float | None) -> None:
    """Nothing is rounded, and a whole one is an int."""
    found = figure_of(value)
    assert found == figure
    assert type(found) is type(figure)


@given(st.decimals(0, 10**12, places=3))
def test_what_is_billed_is_what_was_written(number: Decimal) -> None:
    """Of any number that a double holds exactly enough to be written back."""
    assert figure_of(str(number)) == float(number)


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        (None, []),
        ("-", []),
        ("", []),
        ("search", [{"toolName": "search"}]),
        ("search, fetch", [{"toolName": "search"}, {"toolName": "fetch"}]),
        ('["search", {"a": 1}]', [{"toolName": "search"}, {"a": 1}]),
        ([{"a": 1}], [{"a": 1}]),
        ("[]", []),
        (["x"] * ELEMENTS, [{"toolName": "x"}] * ELEMENTS),
    ],
)
def test_the_elements_of_a_list(value: object, elements: list[object]) -> None:
    """A text is the name of a tool, or several; JSON is what it is."""
    found = elements_of(value, "tools")
    assert not isinstance(found, Quarantined)
    assert list(found) == elements


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (7, "neither a JSON array nor names"),
        ({"a": 1}, "neither a JSON array nor names"),
        ("[1", "neither a JSON array nor names"),
        ("a,,b", "neither a name nor an object"),
        ([{}], "neither a name nor an object"),
        (["x", 7], "neither a name nor an object"),
        (["x"] * (ELEMENTS + 1), "more than 1000 elements"),
    ],
)
def test_what_is_no_list_is_not_billed(value: object, why: str) -> None:
    """All of it or none: an element that is not understood may be worth something."""
    found = elements_of(value, "tools")
    assert isinstance(found, Quarantined)
    assert found.reason == "bad_list"
    assert found.detail.startswith(("tools ", "an element of tools "))
    assert why in found.detail
