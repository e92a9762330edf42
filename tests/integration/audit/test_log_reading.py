"""A window's lines out of a real log group: both ways of reading give the same, each once."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.adapters.log_events import PAGE_EVENTS, MomentTooFull
from functions.audit.log.log_chunk import CHUNK_LINES, Chunk, LogKind
from functions.audit.log.log_pace import LogCall, LogPace
from functions.audit.log.log_window import MARGIN_MS, LogWindows
from functions.audit.log.stream_list import SLACK_MS
from functions.audit.window import AuditWindow
from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.local.ministack import Ministack

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

# Ahead of the streams' creation, so that they are there in the window.
BASE = (time.time_ns() // 10**9 + 3_600) * 1_000
WINDOW = AuditWindow("one", BASE, BASE + 10_000)
SOON_MS = WINDOW.to_ms + 600_000
LATER_MS = WINDOW.to_ms + MARGIN_MS + SLACK_MS + 1

type Told = list[tuple[str, int, str]]


class Log:
    """A log group of its own in the emulator, and the lines that were put there."""

    def __init__(self) -> None:
        self.client: CloudWatchLogsClient = boto3.client("logs")
        self.group = f"/audit/{uuid4().hex}"
        self.client.create_log_group(logGroupName=self.group)
        self.client.meta.events.register("before-call.cloudwatch-logs", self._count)
        self.calls: Counter[str] = Counter()
        self.written: Told = []
        self._streams: set[str] = set()

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def put(self, stream: str, lines: Iterable[tuple[int, str]]) -> None:
        if stream not in self._streams:
            self._streams.add(stream)
            self.client.create_log_stream(logGroupName=self.group, logStreamName=stream)
        events: Any = [{"timestamp": BASE + at, "message": text} for at, text in sorted(lines)]
        if events:
            self.client.put_log_events(
                logGroupName=self.group, logStreamName=stream, logEvents=events
            )
        self.written += [(stream, one["timestamp"], one["message"]) for one in events]

    def chunks(
        self,
        window: AuditWindow = WINDOW,
        kind: LogKind = "access",
        now_ms: int = SOON_MS,
        page_lines: int = PAGE_EVENTS,
    ) -> list[Chunk]:
        pace = LogPace(rates=dict.fromkeys(LogCall, 10_000.0))
        reader = LogWindows(self.client, pace, now_ms=lambda: now_ms, page_lines=page_lines)
        return list(reader.chunks(self.group, window, kind))

    def read(self, windows: Iterable[AuditWindow], **how: Any) -> Told:
        """Stream, time and text of each line, sorted."""
        return sorted(line for window in windows for line in told(self.chunks(window, **how)))


def told(chunks: Iterable[Chunk]) -> Told:
    return [
        (chunk.stream_of(number), line["timestamp"], line["message"])
        for chunk in chunks
        for number, line in enumerate(chunk.lines)
    ]


def shards(window: AuditWindow, number: int) -> list[AuditWindow]:
    return [window._replace(shard=shard, shards=number) for shard in range(number)]


@pytest.fixture
def new_log(on_ministack: Ministack) -> Callable[[], Log]:
    return Log


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9_999)), max_size=40),
    cuts=st.lists(st.integers(1, 9_999), unique=True, max_size=3).map(sorted),
    number=st.integers(2, 4),
    now_ms=st.sampled_from([SOON_MS, LATER_MS]),
)
def test_both_ways_give_each_line_once(
    new_log: Callable[[], Log],
    lines: list[tuple[int, int]],
    cuts: list[int],
    number: int,
    now_ms: int,
) -> None:
    """By FilterLogEvents over the group and by its streams; for any division into windows."""
    log = new_log()
    for stream in range(6):
        some = [(at, f"{n}") for n, (one, at) in enumerate(lines) if one == stream]
        log.put(f"s{stream}", some)
    windows = [
        WINDOW._replace(from_ms=BASE + begin, to_ms=BASE + end)
        for begin, end in pairwise([0, *cuts, 10_000])
    ]
    expected = sorted(log.written)
    assert log.read(windows) == expected
    shares = [share for window in windows for share in shards(window, number)]
    assert log.read(shares, now_ms=now_ms) == expected
    whole = [chunk for share in shards(WINDOW, number) for chunk in log.chunks(share, "execution")]
    assert sorted(told(whole)) == expected


def test_a_log_of_several_pages_is_read_whole(new_log: Callable[[], Log]) -> None:
    """The emulator cuts an answer at 10,000 lines and says nothing of it."""
    log = new_log()
    for stream in ("a", "b"):
        log.put(stream, [(number % 10_000, f"{stream}{number}") for number in range(12_000)])
    expected = sorted(log.written)
    chunks = log.chunks()
    assert sorted(told(chunks)) == expected
    assert {len(chunk.lines) for chunk in chunks[:-1]} == {CHUNK_LINES}
    assert log.calls["GetLogEvents"] == 0
    filtered = log.calls["FilterLogEvents"]
    assert log.read(shards(WINDOW, 2)) == expected
    # Both are in one shard: of one two pages and the repeated token, of the other two pages.
    assert log.calls["GetLogEvents"] == 3
    assert log.calls["FilterLogEvents"] - filtered == 2
    assert sorted(told(log.chunks(kind="execution"))) == expected


def test_the_heartbeat_is_no_usage(new_log: Callable[[], Log]) -> None:
    """Its stream is never read."""
    log = new_log()
    log.put("s", [(1, "a line")])
    log.put(HEARTBEAT_STREAM, [(1, "a heartbeat")])
    for windows in ([WINDOW], shards(WINDOW, 2)):
        assert [text for *_, text in log.read(windows)] == ["a line"]
    assert [text for *_, text in told(log.chunks(kind="execution"))] == ["a line"]


def test_more_than_a_page_of_streams_is_listed(new_log: Callable[[], Log]) -> None:
    """DescribeLogStreams gives fifty at a time."""
    log = new_log()
    for number in range(60):
        log.put(f"s{number:02}", [(number, "x")])
    assert len(log.read(shards(WINDOW, 3))) == 60
    assert len(log.chunks(kind="execution")) == 60


def test_a_moment_that_fills_a_page_is_an_error(new_log: Callable[[], Log]) -> None:
    """Where there is no token to the rest; by its streams the window can be read all the same."""
    log = new_log()
    log.put("s", [(5, str(number)) for number in range(4)])
    with pytest.raises(MomentTooFull):
        log.chunks(page_lines=3)
    assert len(log.read(shards(WINDOW, 2), page_lines=3)) == 4


def test_a_group_that_is_gone_is_named(on_ministack: Ministack) -> None:
    """It has no lines, and is no fault of ours."""
    reader = LogWindows(boto3.client("logs"), LogPace())
    group = f"/audit/{uuid4().hex}"
    for window in (WINDOW, WINDOW._replace(shards=2)):
        for kind in ("access", "execution"):
            assert list(reader.chunks(group, window, kind)) == []
    assert reader.gone == {group}


def test_an_execution_log_is_read_around_the_window(new_log: Callable[[], Log]) -> None:
    """A request's other lines stand there."""
    log = new_log()
    edges = (-MARGIN_MS, 10_000 + MARGIN_MS - 1)
    log.put("s", [(at, "(a) line") for at in (edges[0] - 1, *edges, edges[1] + 1)])
    (chunk,) = log.chunks(kind="execution")
    assert [line["timestamp"] - BASE for line in chunk.lines] == list(edges)
