"""A month of a command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.deployment.deployment import TargetError
from functions.operator.statement.calendar_month import CalendarMonth
from functions.usage.moment import iso_from_epoch_ms


@given(st.integers(1970, 9998), st.integers(1, 12))
def test_months_follow_one_another_without_a_gap(year: int, number: int) -> None:
    """A moment lies in one; the ledger's names of a month are those of its days."""
    month = CalendarMonth(year, number)
    assert CalendarMonth.read(str(month)) == month
    assert month.end_ms == month.following().start_ms
    for moment in (month.start_ms, month.end_ms - 1):
        day = iso_from_epoch_ms(moment)[:10]
        assert f"ledger/{day}/00/x".startswith(month.ledger_prefix)
    assert month < month.following()


@pytest.mark.parametrize(
    "text",
    ["2026-13", "2026-1", "2026-11-01", "11/2026", "\N{ARABIC-INDIC DIGIT TWO}026-11"],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    """With the way to write one."""
    with pytest.raises(TargetError, match="is no month: write 2026-11"):
        CalendarMonth.read(text)


@pytest.mark.parametrize("text", ["0000-01", "0001-01", "1969-12", "9999-12"])
def test_a_year_that_no_ledger_has_is_refused(text: str) -> None:
    """Its times cannot be told as others are."""
    with pytest.raises(TargetError, match=f"--month: nobody metered in {text}: write 2026-11"):
        CalendarMonth.read(text)
