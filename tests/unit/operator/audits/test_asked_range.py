"""The time of an audit, as people write it."""

import pytest

from functions.operator.audits.asked_range import AskedRange, AskedTimes
from functions.usage.errors import Permanent
from functions.usage.moment import DAY_MS, HOUR_MS, epoch_ms_from_iso

DAY = epoch_ms_from_iso("2026-11-28T00:00:00Z")


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        (AskedRange(), AskedTimes(None, None)),
        (AskedRange(day="2026-11-28"), AskedTimes(DAY, DAY + DAY_MS)),
        (
            AskedRange(since="2026-11-28T08", until="2026-11-28T09:30"),
            AskedTimes(DAY + 8 * HOUR_MS, DAY + 9 * HOUR_MS + HOUR_MS // 2),
        ),
        (AskedRange(since="2026-11-28T01:00:00+01:00"), AskedTimes(DAY, None)),
        (AskedRange(until="2026-11-28"), AskedTimes(None, DAY)),
    ],
)
def test_times_are_utc_unless_they_say_otherwise(asked: AskedRange, times: AskedTimes) -> None:
    """A day, an hour, a minute, or a time with its offset."""
    assert asked.times() == times


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (AskedRange(day="2026-11-28", since="2026-11-28"), "--day: give it, or --from and --to"),
        (AskedRange(day="2026-11-28T08"), "--day: 2026-11-28T08 is no day"),
        (AskedRange(since="yesterday"), "--from: yesterday is no time: write 2026-11-28"),
        (AskedRange(day="9999-12-31"), "--day: no log is of 9999-12-31: write 2026-11-28"),
        (AskedRange(since="0001-01-01"), "--from: no log is of 0001-01-01: write 2026-11-28"),
        (AskedRange(since="2026-11-28", until="2026-11-28"), "--to: 2026-11-28 must be later"),
    ],
)
def test_a_time_that_is_none_names_its_option(asked: AskedRange, said: str) -> None:
    """And what to write."""
    with pytest.raises(Permanent, match=said):
        asked.times()
