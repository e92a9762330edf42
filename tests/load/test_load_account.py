"""A load closes only where every witness says the same."""

from dataclasses import replace

import pytest

from tests.load.load_account import LoadAccount

CLOSED = LoadAccount(
    asked_rate=10,
    seconds=10,
    served=120,
    warm_up=20,
    refused=1,
    failed=0,
    logged=120,
    billable=115,
    billed=115,
    not_served=0,
    billed_twice=0,
    confirmed=115,
    seen_counted=115,
    used=115,
    left={"usage": 0},
)


def test_it_closes_where_all_agree() -> None:
    """Billed is what was served and billable."""
    assert CLOSED.faults == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"billed": 114}, "114 billed, 115 served and billable"),
        ({"billed_twice": 1}, "1 billed twice"),
        ({"not_served": 1}, "1 billed that nobody served"),
        ({"logged": 119}, "119 in the log, 120 served"),
        ({"failed": 2}, "2 answered by an error"),
        ({"confirmed": 114}, "114 confirmed in the ledger, 115 billable"),
        ({"seen_counted": 114}, "114 counted, 115 billable"),
        ({"used": 116}, "116 used by the counters, 115 billable"),
        ({"left": {"usage": 3}}, "3 messages left in usage"),
        ({"seconds": 11.0}, "9 a second served, 10 asked"),
    ],
)
def test_each_witness_that_differs_is_named(wrong: dict[str, object], named: str) -> None:
    """Alone: one fault does not hide in another."""
    assert replace(CLOSED, **wrong).faults == [named]  # type: ignore[arg-type]
