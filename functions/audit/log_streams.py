"""A log group and a range of time come in; its streams that may hold a line of the range leave, and
the lines of streams, read by name.

Guaranteed: no stream is left out that holds a line of the range, as far as AWS says how late its
figures are; one that is deleted meanwhile is named in `gone`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from functions.adapters.log_events import (
    PAGE_EVENTS,
    LogLine,
    filtered_pages,
    is_gone,
    line_of_event,
    place_in_moment,
)
from functions.audit.log_pace import LogCall, LogPace
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.moment import HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilterLogEventsResponseTypeDef, LogStreamTypeDef

# A stream's last times are written "typically in less than an hour from ingestion, but in rare
# situations might take longer" (API reference, LogStream). What happened before is known.
SLACK_MS = 2 * HOUR_MS
STREAMS_AT_ONCE = 100  # FilterLogEvents takes no more names
# Lines of several streams that are held until each stream's are whole: as Python objects some
# 100 MB where lines are short. More are read again, fewer streams at a time.
HELD_CHARS = 16_000_000


class TimeRange(NamedTuple):
    """Epoch milliseconds, `to_ms` not included."""

    from_ms: int
    to_ms: int


class FoundStreams(NamedTuple):
    """`live` were written to at or after the range's beginning; of `doubtful` nobody knows yet."""

    live: list[str]
    doubtful: list[str]


def is_in_shard(stream: str, shard: int, shards: int) -> bool:
    """Whether a stream belongs to this share of the group."""
    return int.from_bytes(sha256(stream.encode()).digest()) % shards == shard


@dataclass(frozen=True, slots=True)
class LogStreams:
    """Reads one log group stream by stream."""

    client: "CloudWatchLogsClient"
    pace: LogPace
    log_group: str
    page_lines: int = PAGE_EVENTS
    gone: set[str] = field(default_factory=set)

    def find(self, of: TimeRange, now_ms: int, shard: int = 0, shards: int = 1) -> FoundStreams:
        """In the order of their names, without the heartbeat's."""
        found = FoundStreams([], [])
        for name, last in sorted(self._listed().items()):
            if name == HEARTBEAT_STREAM or not is_in_shard(name, shard, shards):
                continue
            if last is not None and last >= of.from_ms:
                found.live.append(name)
            elif last is None or now_ms - of.to_ms <= SLACK_MS:
                found.doubtful.append(name)
        return found

    def lines_of(self, name: str, of: TimeRange) -> Iterator[LogLine]:
        """As CloudWatch has them; GetLogEvents says no event ids. Nothing is held but a page."""
        asked: dict[str, Any] = {
            "logGroupName": self.log_group,
            "logStreamName": name,
            "startTime": of.from_ms,
            "endTime": of.to_ms,  # not included, unlike FilterLogEvents'
            "startFromHead": True,
            "limit": self.page_lines,
        }
        token = ""
        try:
            while True:
                page = self.pace.make(LogCall.EVENTS, lambda: self.client.get_log_events(**asked))
                for one in page["events"]:
                    yield {"id": "", "timestamp": one["timestamp"], "message": one["message"]}
                # A page may be empty while there are more: the end is a token that repeats.
                if page["nextForwardToken"] == token:
                    return
                token = asked["nextToken"] = page["nextForwardToken"]
        except ClientError as error:
            if not is_gone(error):
                raise
            self.gone.add(name)

    def whole(self, names: Sequence[str], of: TimeRange) -> Iterator[tuple[str, list[LogLine]]]:
        """All lines of each stream in the log's order, with event ids; streams without lines are
        left out. Many small streams are one call.
        """
        for start in range(0, len(names), STREAMS_AT_ONCE):
            yield from self._whole(names[start : start + STREAMS_AT_ONCE], of)

    def _whole(self, names: Sequence[str], of: TimeRange) -> Iterator[tuple[str, list[LogLine]]]:
        held = self._held(names, of)
        if held is not None:
            for name, lines in held.items():
                yield name, sorted(lines, key=_in_log)
        elif len(names) == 1:
            self.gone.update(names)
        else:
            middle = len(names) // 2
            yield from self._whole(names[:middle], of)
            yield from self._whole(names[middle:], of)

    def _held(self, names: Sequence[str], of: TimeRange) -> dict[str, list[LogLine]] | None:
        """None where they are too much to hold, or one of them is gone."""
        held: dict[str, list[LogLine]] = {}
        chars = 0
        asked = {**filtered(self.log_group, of, self.page_lines), "logStreamNames": list(names)}
        try:
            for page in filtered_pages(self.filter, asked):
                for event in page:
                    held.setdefault(event["logStreamName"], []).append(line_of_event(event))
                    chars += len(event["message"])
                if chars > HELD_CHARS and len(names) > 1:
                    return None
        except ClientError as error:
            if not is_gone(error):
                raise
            return None
        return held

    def filter(self, asked: dict[str, Any]) -> "FilterLogEventsResponseTypeDef":
        """One page, when its turn is there."""
        return self.pace.make(LogCall.FILTER, lambda: self.client.filter_log_events(**asked))

    def _listed(self) -> dict[str, int | None]:
        """When each stream was last written to, as far as CloudWatch knows. Where the list has
        several pages it is read until it says nothing new: one that is deleted meanwhile may move
        another over the edge of a page.
        """
        listed: dict[str, int | None] = {}
        while True:
            before = len(listed)
            pages = self._list_into(listed)
            if pages == 1 or len(listed) == before:
                return listed

    def _list_into(self, listed: dict[str, int | None]) -> int:
        """How many pages there were."""
        asked: dict[str, Any] = {"logGroupName": self.log_group}
        pages = 0
        while True:
            page = self.pace.make(
                LogCall.STREAMS, lambda: self.client.describe_log_streams(**asked)
            )
            pages += 1
            listed.update((one["logStreamName"], _last(one)) for one in page["logStreams"])
            if not (token := page.get("nextToken")):
                return pages
            asked["nextToken"] = token


def filtered(log_group: str, of: TimeRange, page_lines: int) -> dict[str, Any]:
    """What FilterLogEvents is asked."""
    return {
        "logGroupName": log_group,
        "startTime": of.from_ms,
        "endTime": of.to_ms - 1,  # included, and times are whole milliseconds
        "limit": page_lines,
    }


def _last(stream: "LogStreamTypeDef") -> int | None:
    """Of lines that came out of order, one figure may be older than the other."""
    times = (stream.get("lastEventTimestamp"), stream.get("lastIngestionTime"))
    return max((one for one in times if one is not None), default=None)


def _in_log(line: LogLine) -> tuple[int, str]:
    return line["timestamp"], place_in_moment(line)
