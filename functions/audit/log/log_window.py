"""A log group and an audit's window come in; its lines leave, a chunk at a time.

Guaranteed: each line of the window is in one chunk, whatever the pages and streams are, and none of
the window's neighbours; of an execution log those of some minutes around it as well. Held are one
chunk and one page; of an execution log also the lines of streams until each is whole.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.adapters.log_events import (
    PAGE_EVENTS,
    LogLine,
    filtered_pages,
    is_gone,
    line_of_event,
    reading,
)
from functions.audit.log.log_chunk import Chunk, LogKind, mixed_chunks, stream_chunks
from functions.audit.log.log_pace import LogPace
from functions.audit.log.log_streams import LogStreams, filtered
from functions.audit.log.stream_list import FoundStreams, StreamList, TimeRange
from functions.audit.log.two_quotas import lines_of_streams
from functions.audit.window import AuditWindow
from functions.usage.heartbeat import HEARTBEAT_STREAM

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

__all__ = ["Chunk", "LogKind", "LogWindows"]

# A REST API's integration may take 29 s, or some minutes by a raised quota (gateway-logs.md): the
# other lines of a request whose first is in the window, and those that show that its first is not.
MARGIN_MS = 300_000


class LogWindows:
    """Reads log groups. `gone` names what is not there any more: groups, and streams as
    `group:stream`; their lines are no longer to be had.
    """

    def __init__(
        self,
        client: "CloudWatchLogsClient",
        pace: LogPace,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        page_lines: int = PAGE_EVENTS,
    ) -> None:
        self._client = client
        self._pace = pace
        self._now_ms = now_ms
        self._page_lines = page_lines
        self.gone: set[str] = set()

    def chunks(self, log_group: str, window: AuditWindow, kind: LogKind) -> Iterator[Chunk]:
        """None where the group is gone. LogBusy when CloudWatch throttles for too long,
        LogNotReadable when our role may not read it: then what has come is not all.
        """
        streams = LogStreams(self._client, self._pace, log_group, self._page_lines)
        try:
            with reading(log_group):
                if kind == "execution":
                    yield from self._of_execution_log(streams, window)
                elif window.shards == 1:
                    yield from mixed_chunks(_of_group(streams, window))
                else:
                    yield from mixed_chunks(self._of_streams(streams, window))
        except ClientError as error:
            if not is_gone(error):
                raise
            self.gone.add(log_group)
        self.gone.update(f"{log_group}:{name}" for name in streams.gone)

    def _of_streams(
        self, streams: LogStreams, window: AuditWindow
    ) -> Iterator[tuple[str, LogLine]]:
        of = TimeRange(window.from_ms, window.to_ms)
        found = self._found(streams.log_group, of, window)
        return lines_of_streams(streams, of, found)

    def _of_execution_log(self, streams: LogStreams, window: AuditWindow) -> Iterator[Chunk]:
        """By streams, since a request is in one, and with event ids, which say its lines' order."""
        of = TimeRange(max(0, window.from_ms - MARGIN_MS), window.to_ms + MARGIN_MS)
        found = self._found(streams.log_group, of, window)
        for name, lines in streams.whole([*found.live, *found.doubtful], of):
            yield from stream_chunks(name, lines)

    def _found(self, log_group: str, of: TimeRange, window: AuditWindow) -> FoundStreams:
        listed = StreamList(self._client, self._pace, log_group)
        return listed.find(of, self._now_ms(), window.shard, window.shards)


def _of_group(streams: LogStreams, window: AuditWindow) -> Iterator[tuple[str, LogLine]]:
    of = TimeRange(window.from_ms, window.to_ms)
    asked = filtered(streams.log_group, of, streams.page_lines)
    for page in filtered_pages(streams.filter, asked):
        for event in page:
            if event["logStreamName"] != HEARTBEAT_STREAM:
                yield event["logStreamName"], line_of_event(event)
