"""Every event once, however a log pages."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given
from hypothesis import strategies as st

from functions.adapters.log_events import (
    LogBusy,
    LogLine,
    LogNotReadable,
    MomentTooFull,
    filtered_pages,
    is_gone,
    line_of_event,
    place_in_moment,
    reading,
)
from tests.fakes.log_group import FakeLogGroup, refused


def numbers(group: FakeLogGroup, limit: int) -> list[str]:
    asked = {"logGroupName": "group", "startTime": 0, "endTime": 100, "limit": limit}
    pages = filtered_pages(lambda asked: cast("Any", group.filter_log_events(**asked)), asked)
    return [event["message"] for page in pages for event in page]


@example(times=[4, 4, 4, 4], sizes=[4])
@given(
    times=st.lists(st.integers(0, 100), max_size=30),
    sizes=st.lists(st.integers(0, 4), min_size=1).filter(any),
)
def test_every_event_comes_once_by_tokens(times: list[int], sizes: list[int]) -> None:
    """Whatever the size of the pages, empty ones among them; of a single page that is full of one
    moment nobody can tell whether it is all.
    """
    turn = iter(range(10**6))
    group = FakeLogGroup(pages=lambda: sizes[next(turn) % len(sizes)])
    for number, time in enumerate(times):
        group.put(f"s{number % 3}", time, str(number))
    try:
        found = numbers(group, 4)
    except MomentTooFull:
        assert (len(times), len(set(times))) == (4, 1)
    else:
        assert sorted(found) == sorted(map(str, range(len(times))))


@given(times=st.lists(st.integers(0, 20), max_size=40), limit=st.integers(1, 6))
def test_without_tokens_every_event_comes_once_or_an_error_says_so(
    times: list[int], limit: int
) -> None:
    """As ministack pages: a moment that fills a page cannot be passed, and is not lost silently."""
    group = FakeLogGroup(has_tokens=False)
    for number, time in enumerate(times):
        group.put(f"s{number % 3}", time, str(number))
    fullest = max((times.count(time) for time in times), default=0)
    if fullest < limit:
        assert sorted(numbers(group, limit)) == sorted(map(str, range(len(times))))
    else:
        with pytest.raises(MomentTooFull, match=f"{limit} lines"):
            numbers(group, limit)


def test_with_tokens_a_full_moment_is_no_fault() -> None:
    """CloudWatch says itself when it is done."""
    group = FakeLogGroup(pages=lambda: 2)
    for number in range(6):
        group.put("s", 0, str(number))
    assert numbers(group, 2) == ["0", "1", "2", "3", "4", "5"]


def test_only_cloudwatchs_ids_say_an_order() -> None:
    """A random one would shuffle the lines of a request."""
    event: Any = {"eventId": "7" * 56, "timestamp": 1, "message": "m"}
    line: LogLine = line_of_event(event)
    assert line == {"id": "7" * 56, "timestamp": 1, "message": "m"}
    assert place_in_moment(line) == "7" * 56
    assert place_in_moment({**line, "id": "83b3b885-x"}) == ""


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("AccessDeniedException", LogNotReadable),
        ("ThrottlingException", LogBusy),
        ("TooManyRequestsException", LogBusy),
        ("ResourceNotFoundException", ClientError),
        ("InternalFailure", ClientError),
    ],
)
def test_a_refusal_says_what_to_do_about_it(code: str, raised: type[Exception]) -> None:
    """And names the log group."""
    with pytest.raises(raised) as found, reading("group"):
        raise refused(code)
    if raised is not ClientError:
        assert str(found.value) == "group"
    else:
        assert is_gone(cast("ClientError", found.value)) == code.startswith("ResourceNot")
