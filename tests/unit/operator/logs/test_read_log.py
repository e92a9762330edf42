"""A log is read from its newest end, until there is enough or the time is over."""

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.adapters.log_events import LogBusy, LogNotReadable
from functions.operator.logs.read_log import CALLS_A_SECOND, LogQuestion, ReadLog
from tests.fakes.log_group import FakeLogGroup, refused
from tests.fakes.settable_clock import SettableClock

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

NOW_MS = 10_000_000
HOUR_MS = 3_600_000


def filled(count: int, **group: Any) -> FakeLogGroup:
    """A line each second until now; the tenth, twentieth ... is a warning."""
    made = FakeLogGroup(**group)
    for number in range(count):
        level = "WARNING" if number % 10 == 9 else "INFO"
        said = {"level": level, "message": f"line.{number % 2}", "number": number}
        made.put("s", NOW_MS - (count - 1 - number) * 1_000, json.dumps(said))
    return made


def reading(
    group: FakeLogGroup, seconds: float = 30.0, clock: SettableClock | None = None
) -> ReadLog:
    clock = clock or SettableClock()
    client = cast("CloudWatchLogsClient", group)
    return ReadLog(client, clock.now + seconds, clock, clock.advance)


def numbers(group: FakeLogGroup, log: ReadLog | None = None, **asked: Any) -> list[object]:
    question = LogQuestion(from_ms=NOW_MS - HOUR_MS, to_ms=NOW_MS, **asked)
    return [line.facts["number"] for line in (log or reading(group)).lines(group.name, question)]


def test_the_last_lines_are_found_without_reading_the_rest() -> None:
    """Of an hour, only the last two minutes are asked for."""
    group = filled(1_000)
    assert numbers(group, last=3) == [997, 998, 999]
    assert len(group.asked) == 1


def test_all_lines_of_the_span_come_once_and_in_order() -> None:
    """Whatever pages CloudWatch makes of them, empty ones too."""
    sizes = iter([0, 7] * 1_000)
    group = filled(300, pages=lambda: next(sizes))
    assert numbers(group, last=1_000) == list(range(300))


def test_lines_are_chosen_by_message_and_by_fault() -> None:
    """One message is told to CloudWatch, too; of several each line is looked at."""
    group = filled(100)
    assert numbers(group, last=2, messages=["line.0"]) == [96, 98]
    assert {asked["filterPattern"] for _, asked in group.asked} == {'"line.0"'}
    assert numbers(group, last=3, messages=["line.0", "line.1"]) == [97, 98, 99]
    assert numbers(group, last=9, faults_only=True) == list(range(9, 100, 10))[-9:]


def test_the_time_ends_the_reading_and_says_where() -> None:
    """What was not read is no `not there`: in the middle of a stretch, and between two."""
    group = filled(1_000, pages=lambda: 10)
    log = reading(group, seconds=0.5)
    assert numbers(group, log, last=1_000) == list(range(880, 940))
    assert log.not_all_before_ms == NOW_MS + 1
    clock = SettableClock()
    slow = filled(1_000, before_call=lambda _call: clock.advance(1))
    log = reading(slow, seconds=2, clock=clock)
    assert numbers(slow, log, last=1_000) == list(range(400, 1_000))
    assert log.not_all_before_ms == NOW_MS + 1 - 10 * 60_000


def test_calls_are_no_more_than_the_account_has() -> None:
    """Others of the account read logs, too; the first ones wait for nobody."""
    group, clock = filled(1_000, pages=lambda: 10), SettableClock()
    began = clock.now
    numbers(group, reading(group, clock=clock), last=10)
    assert (len(group.asked), clock.now) == (12, began + 2)
    assert CALLS_A_SECOND == 5


@pytest.mark.parametrize(
    ("code", "error"),
    [("ThrottlingException", LogBusy), ("AccessDeniedException", LogNotReadable)],
)
def test_a_refusal_of_cloudwatch_is_told(code: str, error: type[Exception]) -> None:
    """Not as an empty log."""

    def refusing(_call: str) -> None:
        raise refused(code)

    with pytest.raises(error):
        numbers(filled(1, before_call=refusing))
