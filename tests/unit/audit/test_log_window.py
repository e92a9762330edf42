"""Each line of a window once, whatever its pages, streams and neighbours."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.log_events import LogBusy, LogNotReadable, MomentTooFull
from functions.audit.log.log_chunk import CHUNK_LINES, Chunk, LogKind
from functions.audit.log.log_pace import LogPace
from functions.audit.log.log_streams import HELD_CHARS, STREAMS_AT_ONCE
from functions.audit.log.log_window import MARGIN_MS, LogWindows
from functions.audit.log.stream_list import SLACK_MS, is_in_shard
from functions.audit.window import AuditWindow
from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.fakes.log_group import FakeLogGroup, refused
from tests.fakes.settable_clock import SettableClock

BASE = 1_796_000_000_000
WINDOW = AuditWindow("one", BASE, BASE + 1_000)
SOON_MS, LATER_MS = WINDOW.to_ms + 600_000, WINDOW.to_ms + SLACK_MS + 1


def windows(group: FakeLogGroup, now_ms: int = SOON_MS, page_lines: int = 10_000) -> LogWindows:
    clock = SettableClock()
    pace = LogPace(clock, clock.advance)
    return LogWindows(cast("Any", group), pace, now_ms=lambda: now_ms, page_lines=page_lines)


def told(chunks: Iterable[Chunk]) -> list[tuple[str, int, str]]:
    """Stream, time and text of each line."""
    return [
        (chunk.stream_of(number), line["timestamp"], line["message"])
        for chunk in chunks
        for number, line in enumerate(chunk.lines)
    ]


def read(
    group: FakeLogGroup,
    window: AuditWindow = WINDOW,
    kind: LogKind = "access",
    now_ms: int = SOON_MS,
) -> list[tuple[str, int, str]]:
    return told(windows(group, now_ms).chunks("group", window, kind))


LINES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60)
PAGES = st.lists(st.integers(0, 4), min_size=1).filter(any)
CUTS = st.lists(st.integers(1, 59), unique=True, max_size=6).map(sorted)


def turning(sizes: list[int]) -> Callable[[], int]:
    turn = iter(range(10**6))
    return lambda: sizes[next(turn) % len(sizes)]


@given(
    lines=LINES,
    sizes=PAGES,
    cuts=CUTS,
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5)),
    now_ms=st.sampled_from([SOON_MS, LATER_MS]),
)
def test_each_line_is_in_one_window_of_any_division(
    lines: list[tuple[int, int]],
    sizes: list[int],
    cuts: list[int],
    shape: tuple[int, int],
    now_ms: int,
) -> None:
    """Of time into windows and of streams into shards; whole groups and streams are read alike."""
    shards, list_page = shape
    group = FakeLogGroup(pages=turning(sizes), list_page=list_page)
    for number, (stream, time) in enumerate(lines):
        group.put(f"s{stream}", BASE + time, str(number))
    group.put(HEARTBEAT_STREAM, BASE + 7, "no usage")
    edges = [0, *cuts, 61]
    found = [
        line
        for begin, end in pairwise(edges)
        for shard in range(shards)
        for line in read(
            group, AuditWindow("one", BASE + begin, BASE + end, shard, shards), now_ms=now_ms
        )
    ]
    written = [(f"s{stream}", BASE + time, str(n)) for n, (stream, time) in enumerate(lines)]
    assert sorted(found) == sorted(written)


@given(lines=LINES, limit=st.integers(1, 6))
def test_without_tokens_a_window_is_whole_or_an_error(
    lines: list[tuple[int, int]], limit: int
) -> None:
    """As ministack pages."""
    group = FakeLogGroup(has_tokens=False)
    for number, (stream, time) in enumerate(lines):
        group.put(f"s{stream}", BASE + time, str(number))
    times = [time for _, time in lines]
    chunks = windows(group, page_lines=limit).chunks("group", WINDOW, "access")
    if max((times.count(time) for time in times), default=0) < limit:
        assert len(told(chunks)) == len(lines)
    else:
        with pytest.raises(MomentTooFull):
            told(chunks)


@given(lines=LINES, sizes=PAGES)
def test_an_execution_logs_streams_come_whole_and_in_order(
    lines: list[tuple[int, int]], sizes: list[int]
) -> None:
    """One stream a chunk, its lines as the ids say their order, and those around the window."""
    group = FakeLogGroup(pages=turning(sizes))
    for number, (stream, time) in enumerate(lines):
        group.put(f"s{stream}", BASE + time * 20_000, f"(id-{number}) {number}")
    around = range(-MARGIN_MS, 1_000 + MARGIN_MS)
    chunks = list(windows(group).chunks("group", WINDOW, "execution"))
    assert len({chunk.log_stream for chunk in chunks}) == len(chunks)
    for chunk in chunks:
        whole = [
            event["message"]
            for event in group.streams[chunk.log_stream]
            if event["timestamp"] - BASE in around
        ]
        assert [line["message"] for line in chunk.lines] == whole
    assert sum(len(chunk.lines) for chunk in chunks) == sum(
        time * 20_000 in around for _, time in lines
    )


def test_the_end_of_a_window_is_the_next_ones() -> None:
    """FilterLogEvents takes its end in, GetLogEvents does not."""
    group = FakeLogGroup()
    for time in (-1, 0, 999, 1_000):
        group.put("s", BASE + time, str(time))
    assert [text for *_, text in read(group)] == ["0", "999"]
    found = [
        line for shard in (0, 1) for line in read(group, WINDOW._replace(shard=shard, shards=2))
    ]
    assert [text for *_, text in found] == ["0", "999"]


def test_a_chunk_has_a_number_of_lines_at_most() -> None:
    """The rest is the next one's, and nothing more is held."""
    group = FakeLogGroup()
    for number in range(CHUNK_LINES + 1):
        group.put("s", BASE + number % 1_000, "x")
    sizes = [len(chunk.lines) for chunk in windows(group).chunks("group", WINDOW, "access")]
    assert sizes == [CHUNK_LINES, 1]


def test_a_stream_whose_times_are_shown_late_is_read_all_the_same() -> None:
    """AWS writes them within an hour: until then its silence says nothing."""
    group = FakeLogGroup(shown={"stale": BASE - 10 * SLACK_MS})
    group.put("stale", BASE + 1, "1")
    group.put("live", BASE + 2, "2")
    for kind in ("access", "execution"):
        shards = [WINDOW._replace(shard=shard, shards=2) for shard in (0, 1)]
        found = [line for one in shards for line in read(group, one, kind)]
        assert sorted(text for *_, text in found) == ["1", "2"]


def test_of_an_old_window_silent_streams_are_left_out() -> None:
    """Else each window would ask about every stream that there ever was."""
    group = FakeLogGroup()
    group.put("old", BASE - 1, "0")
    group.put("live", BASE + 1, "1")
    for shard in (0, 1):
        read(group, WINDOW._replace(shard=shard, shards=2), now_ms=LATER_MS)
    assert [asked["logStreamName"] for call, asked in group.asked if call == "events"][0:1] == [
        "live"
    ]
    assert "old" not in {asked.get("logStreamName") for _, asked in group.asked}
    assert not any(call == "filter" for call, _ in group.asked)


def test_streams_that_are_younger_than_the_window_are_asked_about_together() -> None:
    """Of a past month they are nearly all; one could hold a line that was written late."""
    group = FakeLogGroup()
    for number in range(9):
        group.created[f"s{number}"] = WINDOW.to_ms + number
        group.put(f"s{number}", WINDOW.to_ms + number, "young")
    group.put("s3", BASE + 1, "late")
    found = [
        line
        for shard in (0, 1)
        for line in read(group, WINDOW._replace(shard=shard, shards=2), now_ms=LATER_MS)
    ]
    assert [text for *_, text in found] == ["late"]
    assert [call for call, _ in group.asked if call != "streams"] == ["filter", "filter"]


def test_silent_streams_are_asked_about_a_hundred_at_a_time() -> None:
    """A call each would take longer than the window lasts."""
    group = FakeLogGroup()
    for number in range(2 * STREAMS_AT_ONCE + 1):
        group.put(f"s{number:03}", BASE - 1, "old")
    assert read(group, kind="execution", now_ms=SOON_MS) != []
    group.asked.clear()
    window = WINDOW._replace(from_ms=BASE + MARGIN_MS, to_ms=BASE + MARGIN_MS + 1_000)
    assert read(group, window, "execution") == []
    assert sum(call == "filter" for call, _ in group.asked) == 3


def test_a_stream_that_is_deleted_while_streams_are_listed_hides_no_other() -> None:
    """The list moves up by one, over the edge of a page."""
    group = FakeLogGroup(list_page=2)
    for name in ("a", "b", "c", "d", "e"):
        group.put(name, BASE + 1, name)
    lists = iter([None, "a"])

    def delete(call: str) -> None:
        if call == "streams" and (name := next(lists, None)):
            del group.streams[name]

    group.before_call = delete
    reader = windows(group)
    found = told(reader.chunks("group", WINDOW, "execution"))
    assert sorted(text for *_, text in found) == ["b", "c", "d", "e"]
    assert reader.gone == {"group:a"}


def test_streams_that_are_made_all_the_time_do_not_keep_the_list_from_ending() -> None:
    """They are younger than the window; what they hold is another one's."""
    group = FakeLogGroup(list_page=2)
    for name in ("b", "c", "d"):
        group.put(name, BASE + 1, name)

    def make(call: str) -> None:
        if call == "streams":
            name = f"a{len(group.streams):03}"
            group.created[name] = SOON_MS + 1
            group.put(name, SOON_MS + 1, "young")

    group.before_call = make
    assert sorted(text for *_, text in read(group, kind="execution")) == ["b", "c", "d"]
    assert len(group.streams) < 50


@pytest.mark.parametrize("kind", ["access", "execution"])
def test_a_stream_that_is_deleted_while_it_is_read_hides_no_other(kind: LogKind) -> None:
    """It is named: its lines are not to be had any more."""
    group = FakeLogGroup()
    for name in ("a", "b", "c"):
        group.put(name, BASE + 1, name)

    def delete(call: str) -> None:
        if call != "streams":
            group.streams.pop("b", None)

    group.before_call = delete
    reader = windows(group)
    found = [
        line
        for shard in (0, 1)
        for line in told(reader.chunks("group", WINDOW._replace(shard=shard, shards=2), kind))
    ]
    assert sorted(text for *_, text in found) == ["a", "c"]
    assert reader.gone <= {"group:b"}


def test_streams_that_are_too_much_to_hold_are_read_fewer_at_a_time() -> None:
    """A chunk's worth of each is held, not all of them."""
    group = FakeLogGroup(pages=lambda: 10)
    text = "x" * (HELD_CHARS // 60)
    for name in range(4):
        for number in range(20):
            group.put(f"s{name}", BASE + number, f"(id-{number}) {text}")
    found = read(group, kind="execution")
    assert len(found) == len(set(found)) == 80
    names = [len(asked["logStreamNames"]) for call, asked in group.asked if call == "filter"]
    assert {4, 2} <= set(names)


def test_a_log_group_that_is_gone_has_no_lines_and_says_so() -> None:
    """Whose lines nobody can account for any more."""
    for kind in ("access", "execution"):
        reader = windows(FakeLogGroup(name="another"))
        assert list(reader.chunks("group", WINDOW, kind)) == []
        assert reader.gone == {"group"}


@pytest.mark.parametrize(
    ("code", "raised"),
    [("ThrottlingException", LogBusy), ("AccessDeniedException", LogNotReadable)],
)
@pytest.mark.parametrize("shards", [1, 2])
def test_a_log_that_cannot_be_read_is_not_an_empty_one(
    code: str, raised: type[Exception], shards: int
) -> None:
    """An audit that believed so would close over what it has not seen."""

    def refuse(_call: str) -> None:
        raise refused(code)

    group = FakeLogGroup(before_call=refuse)
    with pytest.raises(raised, match="group"):
        read(group, WINDOW._replace(shards=shards))


@given(st.text(min_size=1), st.integers(1, 20))
def test_a_stream_is_in_one_shard(stream: str, shards: int) -> None:
    """Whoever asks, and whenever."""
    assert sum(is_in_shard(stream, shard, shards) for shard in range(shards)) == 1
