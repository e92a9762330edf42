"""docs/explanation/quota.md says what the code does."""

import pytest

from functions.authorizer.decision import Deny, DenyCode
from functions.authorizer.last_known import NUMBERS_SECONDS, STANDING_SECONDS
from functions.usage.quota import HEADROOM_CAP, headroom, overshoot_bound
from tests.unit.usage.bound_table import CASES, PAGE, Case, table, with_table

TEXT = PAGE.read_text()


def test_the_table_of_bounds_is_current() -> None:
    """Else: python -m tests.unit.usage.bound_table."""
    assert table() in TEXT
    assert with_table(TEXT) == TEXT


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_held_back_may_go_over(case: Case) -> None:
    """Headroom and overshoot are together what is in flight; below its cap it is all of it."""
    exposure = case.ttl + case.lag
    held_back = headroom(
        case.limit,
        rate_per_second=case.rate,
        burst=case.burst,
        exposure_seconds=exposure,
        cap=case.cap,
    )
    beyond = overshoot_bound(
        case.limit,
        rate_per_second=case.rate,
        burst=case.burst,
        exposure_seconds=exposure,
        cap=case.cap,
    )
    assert held_back + beyond == case.burst + case.rate * exposure
    if held_back < int(case.cap * case.limit):
        assert beyond < 1


@pytest.mark.parametrize("code", list(DenyCode))
def test_every_code_is_explained(code: DenyCode) -> None:
    """With its message, letter for letter: a client's author searches for either."""
    assert f"| `{code}` | {Deny(code, 1).message} |" in TEXT


def test_the_figures_are_the_code_s() -> None:
    """Those that a reader plans with."""
    assert f"{HEADROOM_CAP:.0%} of the limit" in TEXT
    assert f"{NUMBERS_SECONDS:.0f} seconds" in TEXT
    assert f"{STANDING_SECONDS / 60:.0f} minutes" in TEXT
