"""Marks and the sets that they stand in: never to change while marks are in force."""

from hypothesis import given
from hypothesis import strategies as st

from functions.usage.mark import (
    CELLS_PER_HOUR,
    CELLS_PER_MINUTE,
    HourOfMeter,
    cell_of,
    hours_key,
    mark_of,
)

KEY = "apigw1-2b351c19b745f9548acdcce45c2d9ded86618b20"
MARKS = st.integers(-(2**63), 2**63 - 1)
MINUTES = st.integers(0, 100_000_000)


def test_marks_and_their_sets_are_what_they_have_always_been() -> None:
    """Frozen: looked for elsewhere, an event would count twice."""
    assert mark_of(KEY) == -2200498951668603058
    hour = HourOfMeter("tenant_1", "cus_1", "api_calls", 497_480)
    assert hour.first_set() == "aforo:{tenant_1:cus_1}:marks:api_calls:497480"
    assert hour.cell_set(497_480 * 240 + 7) == "aforo:{tenant_1:cus_1}:marks:api_calls:497480:7"
    assert hours_key("tenant_1", "cus_1", "api_calls") == "aforo:{tenant_1:cus_1}:hours:api_calls"
    assert cell_of(29_848_800, mark_of(KEY)) == 119395202


@given(st.text(max_size=60))
def test_a_mark_is_an_integer_that_an_intset_holds(key: str) -> None:
    """Signed, 64 bits; the same key has the same mark."""
    assert -(2**63) <= mark_of(key) < 2**63
    assert mark_of(key) == mark_of(key)


@given(MINUTES, MARKS)
def test_a_cell_lies_in_its_minute(minute: int, mark: int) -> None:
    """Cells are numbered as time goes, so that those of an hour can be told from their number."""
    cell = cell_of(minute, mark)
    assert cell // CELLS_PER_MINUTE == minute
    assert cell // CELLS_PER_HOUR == minute // 60
