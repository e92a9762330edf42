"""The calendar of grants, and what a state means after its windows."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.usage.moment import HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.period import Period, Recurrence
from functions.usage.quota import read_state

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
RECURRENCES = st.builds(Recurrence, st.sampled_from(Period), st.integers(1, 31))


@pytest.mark.parametrize(
    ("anchor_day", "moment", "start", "end"),
    [
        (1, "2026-11-23T12:00:00Z", "2026-11-01", "2026-12-01"),
        (1, "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01"),
        (1, "2026-12-01T00:00:00Z", "2026-12-01", "2027-01-01"),
        (15, "2026-11-14T23:59:59Z", "2026-10-15", "2026-11-15"),
        (15, "2026-11-15T00:00:00Z", "2026-11-15", "2026-12-15"),
        (15, "2027-01-03T00:00:00Z", "2026-12-15", "2027-01-15"),
        (31, "2026-02-27T23:59:59Z", "2026-01-31", "2026-02-28"),
        (31, "2026-02-28T00:00:00Z", "2026-02-28", "2026-03-31"),
        (29, "2028-02-28T12:00:00Z", "2028-01-29", "2028-02-29"),
        (31, "2026-04-30T00:00:00Z", "2026-04-30", "2026-05-31"),
    ],
)
def test_month_begins_on_its_anchor_day(anchor_day: int, moment: str, start: str, end: str) -> None:
    """A month runs from anchor day to anchor day; in a short month that is its last day."""
    window = Recurrence(Period.MONTH, anchor_day).window_at(epoch_ms_from_iso(moment))
    assert iso_from_epoch_ms(window.start_ms)[:10] == start
    assert iso_from_epoch_ms(window.end_ms)[:10] == end


@pytest.mark.parametrize(
    ("period", "moment", "start", "end"),
    [
        (Period.HOUR, "2026-11-23T12:00:00Z", "2026-11-23T12", "2026-11-23T13"),
        (Period.HOUR, "2026-11-23T12:59:59Z", "2026-11-23T12", "2026-11-23T13"),
        (Period.HOUR, "2026-12-31T23:30:00Z", "2026-12-31T23", "2027-01-01T00"),
        (Period.DAY, "2026-11-23T00:00:00Z", "2026-11-23T00", "2026-11-24T00"),
        (Period.DAY, "2026-11-23T23:59:59Z", "2026-11-23T00", "2026-11-24T00"),
        (Period.DAY, "2028-02-28T12:00:00Z", "2028-02-28T00", "2028-02-29T00"),
    ],
)
@pytest.mark.parametrize("anchor_day", [1, 31])
def test_hours_and_days_are_those_of_the_clock(
    period: Period, moment: str, start: str, end: str, anchor_day: int
) -> None:
    """Whatever day a month would begin on."""
    window = Recurrence(period, anchor_day).window_at(epoch_ms_from_iso(moment))
    assert iso_from_epoch_ms(window.start_ms) == f"{start}:00:00.000Z"
    assert iso_from_epoch_ms(window.end_ms) == f"{end}:00:00.000Z"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_period_is_that_of_utc_wherever_the_machine_stands(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines of different zones count and decide by the same month."""
    try:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        window = Recurrence(Period.MONTH).window_at(epoch_ms_from_iso("2026-11-30T23:30:00Z"))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert iso_from_epoch_ms(window.start_ms) == "2026-11-01T00:00:00.000Z"
    assert iso_from_epoch_ms(window.end_ms) == "2026-12-01T00:00:00.000Z"


@given(RECURRENCES, MOMENTS)
def test_periods_leave_no_gap_and_no_overlap(recurrence: Recurrence, moment: datetime) -> None:
    """A window covers its moment, lies on full hours, and the next begins where it ends."""
    epoch_ms = int(moment.timestamp() * 1000)
    window = recurrence.window_at(epoch_ms)
    assert window.start_ms <= epoch_ms < window.end_ms
    assert window.start_ms % HOUR_MS == window.end_ms % HOUR_MS == 0
    assert recurrence.window_at(window.end_ms).start_ms == window.end_ms
    assert recurrence.window_at(window.end_ms - 1) == window


def test_idle_customer_gets_a_fresh_period_without_a_writer() -> None:
    """A customer that called nothing for three months is neither without a grant nor charged."""
    month = Recurrence(Period.MONTH)
    august = month.window_at(epoch_ms_from_iso("2026-08-10T00:00:00Z"))
    september = month.window_at(august.end_ms)
    now = epoch_ms_from_iso("2026-11-23T00:00:00Z")
    fields = {
        "limit": "100",
        "used": "90",
        "next_limit": "100",
        "next_used": "0",
        "start_ms": str(august.start_ms),
        "end_ms": str(august.end_ms),
        "next_start_ms": str(september.start_ms),
        "next_end_ms": str(september.end_ms),
    }
    recurring = {"period": "month", "anchor_day": "1"}

    state = read_state("m", {f"m:{name}": text for name, text in (fields | recurring).items()})
    once = read_state("m", {f"m:{name}": text for name, text in fields.items()})

    allowance = state.allowance_at(now)
    assert allowance is not None
    assert (allowance.limit, allowance.used) == (100, 0)
    assert (allowance.start_ms, allowance.end_ms) == month.window_at(now)
    assert once.allowance_at(now) is None
