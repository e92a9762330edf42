"""The lines of one request, out of all that bear its caller-chosen id."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.metering.execution.grouping import Group, grouped
from functions.replay.one_request import lines_of_request
from tests.fakes.execution_log_lines import (
    REQUEST_ID,
    prefixed,
    request_texts,
    vended,
    vended_columns,
)

T = 1_790_000_000_000
REFUSED = ["Unauthorized request: x"]
RESPONSE = ["Gateway response type: DEFAULT_5XX with status code: 504"]


def texts(number: int) -> list[str]:
    """A request's lines: served, refused, answered by the gateway, or without an end."""
    end = [None, REFUSED, RESPONSE, [*RESPONSE, "Method completed with status: 504"], []][
        number % 5
    ]
    return prefixed(request_texts(extended_id=f"X{number}=", end=end))


@st.composite
def logs(draw: st.DrawFn, *, distinct: bool = True) -> list[dict[str, Any]]:
    """Requests of one id, some at once; the first may have begun before what we see."""
    waiting = [texts(n) for n in draw(st.permutations(range(draw(st.integers(1, 5)))))]
    running: list[list[str]] = []
    lines: list[str] = []
    while waiting or running:
        if waiting and (not running or draw(st.booleans())):
            running.append(waiting.pop())
        one = draw(st.sampled_from(running))
        size = len(one) if draw(st.booleans()) else draw(st.integers(1, len(one)))
        lines += [one.pop(0) for _ in range(size)]
        running = [left for left in running if left]
    lines = lines[draw(st.integers(0, len(lines) - 1)) if draw(st.booleans()) else 0 :]
    step = 1 if distinct else draw(st.sampled_from([1, 7, 100]))
    return [
        {"id": f"{n:056}", "timestamp": T + n // step, "message": line}
        for n, line in enumerate(lines)
    ]


def groups_of(log: Sequence[object]) -> Iterator[Group]:
    """As metering makes them."""
    for group in grouped(log):
        assert isinstance(group, Group)
        yield group


def ids_of(group: Group) -> set[str]:
    return {event["id"] for event in group.log_events if isinstance(event, dict)}


def own(*moments: int) -> list[dict[str, Any]]:
    """Lines that are known to be a request's own, as they are kept."""
    return [{"timestamp": moment, "message": f"({REQUEST_ID}) line"} for moment in moments]


def found(log: list[dict[str, Any]], extended_id: str | None, own: Any) -> list[str]:
    return [one["id"] for one in lines_of_request(log, REQUEST_ID, extended_id, own)]


@given(logs(), st.data())
def test_what_leaves_is_a_group_of_metering_whole_and_alone(
    log: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Neither a line less, which could make one request of two, nor another's group. Whichever
    delivery our lines came in: it saw some lines of the log in a row, and grouped those.
    """
    begin = data.draw(st.integers(0, len(log) - 1))
    delivery = log[begin : data.draw(st.integers(begin + 1, len(log)))]
    ours = data.draw(st.sampled_from(list(groups_of(delivery))))
    # What stands before any identity is at the edge of what we read, minutes away from ours.
    named = [event["id"] for event in log if "Extended Request Id:" in event["message"]]
    assume(named and min(ids_of(ours)) >= named[0])
    (whole,) = [group for group in groups_of(log) if ids_of(ours) & ids_of(group)]
    extended_id = ours.starts[0].extended_request_id
    assert found(log, extended_id, ours.log_events) == sorted(ids_of(whole))


@given(logs(distinct=False), st.data())
def test_within_one_millisecond_whole_groups_leave_that_may_be_ours(
    log: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Lines of the same moment do not say whose they are: then both requests are read again, each
    by itself.
    """
    ours = data.draw(st.sampled_from(list(groups_of(log))))
    extended_id = ours.starts[0].extended_request_id
    lines = lines_of_request(log, REQUEST_ID, extended_id, cast("Any", ours.log_events))
    again = list(groups_of(lines))
    assert ours.log_events in [group.log_events for group in again]
    whole = [group.log_events for group in groups_of(log)]
    assert all(group.log_events in whole for group in again)
    assert extended_id is None or len(again) == 1


def test_a_line_of_ours_that_is_not_there_yet_is_waited_for() -> None:
    """Also where another request of the id is whole."""
    log = [
        {"id": f"{n:056}", "timestamp": T + n, "message": line}
        for n, line in enumerate([*texts(0), *texts(5)])
    ]
    half = len(log) // 2
    assert found(log, "X0=", own(T, T + 3))
    assert found(log[1:], "X0=", own(T, T + 3)) == []
    assert found(log[half:], None, own(T + half - 1)) == []
    assert found(log[:half], None, own(T + half + 1)) == []
    assert found(log, "Unknown=", own(T)) == []
    assert found([], None, own(T)) == []


@pytest.mark.parametrize("wrapped", [vended, vended_columns])
def test_vended_lines_are_read_as_metering_reads_them(wrapped: Callable[..., str]) -> None:
    """Of two APIs that share a group and a request id, too: they may overlap."""
    ours, theirs = texts(0), texts(5)
    other = {"api_id": "yy22", "resource_arn": "arn:aws:apigateway:x::/restapis/yy22/stages/live"}
    lines = [each for pair in zip(ours, theirs, strict=True) for each in pair]
    log = [
        {"id": f"{n:056}", "timestamp": T + n, "message": wrapped(line, **(other if n % 2 else {}))}
        for n, line in enumerate(lines)
    ]
    for extended_id in ("X0=", None):
        assert found(log, extended_id, log[2:9:2]) == [one["id"] for one in log[::2]]
    assert found(log, None, own(T)) == []  # that one is not wrapped: another delivery's


def test_an_id_that_was_taken_for_a_credential_hides_no_request() -> None:
    """A caller chooses it; what is kept then does not begin as the log does."""
    lines = prefixed(request_texts(extended_id="X0="), request_id="sk_live_abc")
    log = [{"id": f"{n:056}", "timestamp": T + n, "message": one} for n, one in enumerate(lines)]
    kept = [{**one, "message": "(sk_live_[redacted]) line"} for one in log[2:5]]
    assert lines_of_request(log, "sk_live_abc", "X0=", kept) == log


def test_no_more_of_the_log_is_read_than_is_needed() -> None:
    """A caller of one id for all its requests has a quarter of an hour of them behind ours."""
    log = [
        {"id": f"{n:056}", "timestamp": T + n, "message": line}
        for n, line in enumerate(line for number in range(50) for line in texts(5 * number))
    ]
    for extended_id in ("X0=", None):
        read = iter(log)
        assert lines_of_request(read, REQUEST_ID, extended_id, own(T + 3))
        assert len(list(read)) > len(log) * 9 / 10
