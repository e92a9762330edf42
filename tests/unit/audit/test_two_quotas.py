"""Streams are read by two calls in turns, each at the pace of its own quota."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.log_events import LogBusy
from functions.audit.log.log_pace import LogCall, LogPace
from functions.audit.log.log_streams import STREAMS_AT_ONCE, LogStreams
from functions.audit.log.stream_list import FoundStreams, TimeRange
from functions.audit.log.two_quotas import (
    FULL_PAGE_CHARS,
    PAGES_AT_ONCE,
    TwoQuotas,
    lines_of_streams,
)
from tests.fakes.log_group import FakeLogGroup
from tests.fakes.settable_clock import SettableClock

BASE = 1_796_000_000_000
RANGE = TimeRange(BASE, BASE + 1_000)
RATES = {LogCall.EVENTS: 10.0, LogCall.FILTER: 4.0, LogCall.STREAMS: 10.0}


def streams_of(group: FakeLogGroup, clock: SettableClock | None = None) -> LogStreams:
    clock = clock or SettableClock()
    return LogStreams(cast("Any", group), LogPace(clock, clock.advance, RATES), "group")


def reading(group: FakeLogGroup, clock: SettableClock | None = None) -> TwoQuotas:
    return TwoQuotas(streams_of(group, clock), RANGE, sorted(group.streams))


def filled(streams: int, lines: int, chars: int = 1, page: int = 10_000) -> FakeLogGroup:
    group = FakeLogGroup(pages=lambda: page)
    for stream in range(streams):
        for line in range(lines):
            group.put(f"s{stream:04}", BASE + line, f"{stream} {line}".ljust(chars))
    return group


def test_two_quotas_take_less_time_than_either() -> None:
    """A stream of six pages is six calls or, by GetLogEvents, seven: 14 a second, not 10."""
    group, clock = filled(streams=60, lines=6, page=1, chars=FULL_PAGE_CHARS), SettableClock()
    began = clock.now
    lines = list(reading(group, clock).lines())
    assert len({line["message"] for _, line in lines}) == len(lines) == 360
    calls = [call for call, _ in group.asked]
    assert clock.now - began <= len(calls) / 14 * 1.1
    assert calls.count("events") > calls.count("filter") > len(calls) / 4


def test_small_streams_share_a_call() -> None:
    """Once it is seen that they are: a call each would be a quota's worth of nearly nothing."""
    group = filled(streams=1_000, lines=2, chars=40)
    assert len(list(reading(group).lines())) == 2_000
    names = [len(asked["logStreamNames"]) for call, asked in group.asked if call == "filter"]
    assert max(names) == STREAMS_AT_ONCE
    assert len(group.asked) < 60


def test_a_group_of_streams_is_some_pages() -> None:
    """Their last pages are then one; and in the end nobody has much left to read alone."""
    group = filled(streams=300, lines=1, chars=FULL_PAGE_CHARS // 2)
    assert len(list(reading(group).lines())) == 300
    names = [len(asked["logStreamNames"]) for call, asked in group.asked if call == "filter"]
    assert max(names) == 2 * PAGES_AT_ONCE
    assert names[-1] <= 2


def test_a_stream_that_is_deleted_while_it_is_read_is_no_shorter_one() -> None:
    """Of several nobody could say which lines have come: the window is read again."""
    group = filled(streams=100, lines=2, page=1)
    calls = iter(range(100))

    def delete(_call: str) -> None:
        if next(calls) == 1:
            del group.streams["s0002"]

    group.before_call = delete
    with pytest.raises(LogBusy):
        list(streams_of(group).filtered_pages(["s0001", "s0002"], RANGE))


def test_busy_streams_whose_figures_are_late_are_read_by_both() -> None:
    """A call for a hundred of them shows that they are not silent; it is all that is lost."""
    group = filled(streams=150, lines=3, page=1, chars=FULL_PAGE_CHARS + 1)
    silent = [f"t{number:03}" for number in range(100)]
    for name in silent:
        group.put(name, BASE - 1, "old")
    names = [*(name for name in group.streams if name not in silent), *silent]
    found = list(lines_of_streams(streams_of(group), RANGE, FoundStreams([], names)))
    assert len({line["message"] for _, line in found}) == len(found) == 450
    calls = [call for call, _ in group.asked]
    filtered = [asked["logStreamNames"] for call, asked in group.asked if call == "filter"]
    assert len(calls) <= 450 + 150 + 10
    assert sum(len(some) > 99 for some in filtered) <= 3
    assert calls.count("events") > calls.count("filter") > 450 / 4


@given(
    streams=st.dictionaries(st.integers(0, 30), st.integers(1, 9)),
    page=st.integers(1, 4),
    gone=st.sets(st.integers(0, 30), max_size=3),
)
def test_each_line_comes_once_and_what_is_gone_is_named(
    streams: dict[int, int], page: int, gone: set[int]
) -> None:
    """Whoever reads a stream; those of one stream in the log's order."""
    group = FakeLogGroup(pages=lambda: page)
    for stream, lines in streams.items():
        for number in range(lines):
            group.put(f"s{stream:02}", BASE + number, str(number))
    names = [f"s{stream:02}" for stream in sorted(streams.keys() | gone)]
    reader = streams_of(group)
    found: dict[str, list[str]] = {}
    for name, line in TwoQuotas(reader, RANGE, names).lines():
        found.setdefault(name, []).append(line["message"])
    assert found == {f"s{s:02}": [str(one) for one in range(n)] for s, n in streams.items()}
    assert reader.gone == {f"s{stream:02}" for stream in gone - streams.keys()}
