"""What audits found in a range, by source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.json_lines import UnreadableObject
from functions.audit.equation import Equation
from functions.audit.sources.witnessed_hour import Uncompared, WitnessedHour, witness_name
from functions.audit.window_store import WindowStore
from functions.operator.audits.audited_range import AuditedRange
from functions.operator.audits.source_account import SourceAccount, Unaudited
from functions.usage.moment import DAY_MS, HOUR_MS
from tests.unit.operator.audits.kept_audits import (
    MINUTE_MS,
    START_MS,
    fake_store,
    keep,
    keep_hour,
    windows,
)

CLOSED = Equation(confirmed=3, excluded={"throttled": 1})
OPEN = Equation(confirmed=2, held=1, unaccounted=4)


def account(
    store: WindowStore, *, minutes: int = 60, now_ms: int = START_MS + DAY_MS
) -> SourceAccount:
    """Of the first hour, unless it is said otherwise; looked at a day later."""
    end = START_MS + minutes * MINUTE_MS
    return AuditedRange(store, START_MS, end, now_ms).account("orders")


def test_the_equation_is_the_sum_of_the_windows() -> None:
    """And each open one is told, with why; other sources and times are left out."""
    store = fake_store()
    first, second, *rest = windows(12)
    keep(store, first, CLOSED)
    keep(store, second, OPEN, repairs=2)
    for window in [*rest, *windows(2, begin=60), *windows(2, begin=-10)]:
        keep(store, window, CLOSED)
    keep(store, windows(1, source="orders-2")[0], OPEN)
    found = account(store)
    assert found.equation == Equation(
        confirmed=35, excluded={"throttled": 11}, held=1, unaccounted=4
    )
    assert (found.closed, found.missing) == (11, 0)
    (one,) = found.open_windows
    assert (one.window, one.held, one.unaccounted, one.repairs) == (second, 1, 4, 2)
    assert found.last_audit == "2026-11-28T09:10:00.000Z"
    assert not found.is_closed


def test_what_nobody_looked_at_is_missing() -> None:
    """At the beginning, in between and at the end, but only what is due."""
    store = fake_store()
    for window in [*windows(2, begin=10), *windows(3, begin=30)]:
        keep(store, window, CLOSED)
    found = account(store)
    assert [(one.from_ms - START_MS, one.windows) for one in found.unaudited] == [
        (0, 2),
        (20 * MINUTE_MS, 2),
        (45 * MINUTE_MS, 3),
    ]
    soon = account(store, now_ms=START_MS + 66 * MINUTE_MS)
    assert [one.windows for one in soon.unaudited] == [2, 2, 1]
    assert not found.is_closed


def test_a_source_that_nobody_looked_at_is_missing_whole() -> None:
    """In windows of five minutes."""
    assert account(fake_store()).unaudited == (Unaudited(START_MS, START_MS + HOUR_MS, 12),)


def test_what_is_shorter_than_a_window_is_missing_too() -> None:
    """As one; and what is not due yet is neither missing nor closed."""
    assert account(fake_store(), minutes=1).missing == 1
    fresh = account(fake_store(), now_ms=START_MS + MINUTE_MS)
    assert fresh.missing == 0
    assert not fresh.is_closed


def test_a_late_audit_is_not_missing_yet() -> None:
    """By how long after its end the newest window was looked at."""
    store = fake_store()
    (window,) = windows(1)
    record = keep(store, window, CLOSED)
    late = record.model_copy(update={"audited_at": "2026-11-28T09:05:00.000Z"})
    store.keep(window, late)
    # An hour after its end: the next is looked at at 09:10 and those five minutes later.
    assert account(store, now_ms=START_MS + 70 * MINUTE_MS).missing == 0
    assert account(store, now_ms=START_MS + 75 * MINUTE_MS).missing == 1


def test_windows_of_a_longer_length_count_once() -> None:
    """Where a range was audited by the quarter of an hour, too."""
    store = fake_store()
    for window in windows(12):
        keep(store, window, CLOSED)
    for window in windows(4, minutes=15):
        keep(store, window, Equation(confirmed=9, excluded={"throttled": 3}))
    assert account(store).equation == Equation(confirmed=36, excluded={"throttled": 12})


@given(st.sets(st.integers(0, 23)), st.sets(st.integers(0, 23)))
def test_each_window_is_closed_open_or_missing(closed: set[int], unclosed: set[int]) -> None:
    """And the equation is that of those that are there."""
    store = fake_store()
    for number, window in enumerate(windows(24)):
        if number in closed | unclosed:
            keep(store, window, OPEN if number in unclosed else CLOSED)
    found = account(store, minutes=120)
    assert found.closed + len(found.open_windows) + found.missing == 24
    assert len(found.open_windows) == len(unclosed)
    assert found.equation.served == 4 * found.closed + 7 * len(unclosed)
    assert found.is_closed == (closed >= set(range(24)) and not unclosed)


def test_the_second_witness_is_summed_by_hour() -> None:
    """What could not be compared is told by why; hours outside are left out."""
    store = fake_store()
    for hour in (
        WitnessedHour("orders", START_MS, 100, 110),
        WitnessedHour("orders", START_MS + HOUR_MS, 50, None, Uncompared.NAME_SHARED),
        WitnessedHour("orders", START_MS + 2 * HOUR_MS, 40, 40),
        WitnessedHour("orders", START_MS + 3 * HOUR_MS, 1_000, 1_000),
        WitnessedHour("orders", START_MS - HOUR_MS, 1_000, 1_000),
    ):
        keep_hour(store, hour)
    seen = account(store, minutes=180).witness
    assert (seen.hours, seen.counted, seen.logged, seen.not_logged) == (2, 150, 140, 10)
    assert seen.not_compared == {"name_shared": 1}


def test_an_hour_that_cannot_be_read_is_named() -> None:
    """It is not left out unsaid."""
    store = fake_store()
    name = witness_name("orders", START_MS)
    store.s3.put_object(Bucket="ledger", Key=name, Body=b"{}")
    with pytest.raises(UnreadableObject, match=name):
        account(store)
