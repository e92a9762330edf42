"""Words of a command line become hours of the ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.operator.deployment.deployment import TargetError
from functions.operator.ledger.asked_hours import question_of
from functions.operator.ledger.question import LedgerQuery


def hours(
    *, hour: str | None = None, since: str | None = None, until: str | None = None
) -> tuple[str, str]:
    question = question_of(hour=hour, since=since, until=until, rows=LedgerQuery())
    return question.since, question.until


def hour_before(now: datetime, before: timedelta) -> str:
    return f"{now - before:%Y-%m-%dT%H}"


def test_an_hour_is_one_hour_and_a_day_is_a_whole_day() -> None:
    """A day that stood for its first hour would answer that nothing was billed."""
    assert hours(hour="2026-10-02T08") == ("2026-10-02T08", "2026-10-02T09")
    assert hours(hour="2026-10-02T08:15:30.412Z") == ("2026-10-02T08", "2026-10-02T09")
    assert hours(hour="2026-10-31") == ("2026-10-31T00", "2026-11-01T00")


def test_a_time_ago_needs_no_calendar() -> None:
    """`6h`, as a log is asked for; the hour that it is in is read whole."""
    before = datetime.now(UTC)
    since, _ = hours(since="6h")
    assert since in {hour_before(now, timedelta(hours=6)) for now in (before, datetime.now(UTC))}


@pytest.mark.parametrize("text", ["soon", "6 h", "500d"])
def test_a_time_that_is_none_is_named_with_its_option(text: str) -> None:
    """And with what to write."""
    with pytest.raises(TargetError, match=f"--from: {text}.*write"):
        hours(since=text)
