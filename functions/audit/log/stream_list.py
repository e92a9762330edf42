"""A log group and a range of time come in; its streams that may hold a line of the range leave.

Guaranteed: none is left out that holds one, as far as AWS says how late its figures are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.audit.log.log_pace import LogCall, LogPace
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.moment import HOUR_MS

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import LogStreamTypeDef

# A stream's last times are written "typically in less than an hour from ingestion, but in rare
# situations might take longer" (API reference, LogStream). What happened before is known.
SLACK_MS = 2 * HOUR_MS


class TimeRange(NamedTuple):
    """Epoch milliseconds, `to_ms` not included."""

    from_ms: int
    to_ms: int


class FoundStreams(NamedTuple):
    """`live` were there at the range's end, and written to at or after its beginning; `doubtful`
    hold nothing, unless CloudWatch's figures or the lines are late.
    """

    live: list[str]
    doubtful: list[str]


def is_in_shard(stream: str, shard: int, shards: int) -> bool:
    """Whether a stream belongs to this share of the group."""
    return int.from_bytes(sha256(stream.encode()).digest()) % shards == shard


class _Times(NamedTuple):
    created_ms: int
    last_ms: int | None  # when it was last written to, as far as CloudWatch knows


@dataclass(frozen=True, slots=True)
class StreamList:
    """The streams of one log group."""

    client: "CloudWatchLogsClient"
    pace: LogPace
    log_group: str

    def find(self, of: TimeRange, now_ms: int, shard: int = 0, shards: int = 1) -> FoundStreams:
        """In the order of their names, without the heartbeat's."""
        found = FoundStreams([], [])
        for name, times in sorted(self._listed(now_ms).items()):
            if name == HEARTBEAT_STREAM or not is_in_shard(name, shard, shards):
                continue
            if times.last_ms is None or times.last_ms < of.from_ms:
                if times.last_ms is None or now_ms - of.to_ms <= SLACK_MS:
                    found.doubtful.append(name)
            elif times.created_ms >= of.to_ms:
                found.doubtful.append(name)
            else:
                found.live.append(name)
        return found

    def _listed(self, now_ms: int) -> dict[str, _Times]:
        """Where the list has several pages it is read until it says nothing new: a stream that is
        deleted meanwhile may move another over the edge of a page. Streams that are made meanwhile
        are none of that: of a busy stage there is always a new one.
        """
        listed: dict[str, _Times] = {}
        old: set[str] = set()
        while True:
            before = len(old)
            pages = 0
            for page in self._pages_of_streams():
                pages += 1
                listed.update((one["logStreamName"], _times_of(one)) for one in page)
            old = {name for name, times in listed.items() if times.created_ms <= now_ms}
            if pages == 1 or len(old) == before:
                return listed

    def _pages_of_streams(self) -> Iterator[list["LogStreamTypeDef"]]:
        asked: dict[str, Any] = {"logGroupName": self.log_group}
        while True:
            page = self.pace.make(
                LogCall.STREAMS, lambda: self.client.describe_log_streams(**asked)
            )
            yield page["logStreams"]
            if not (token := page.get("nextToken")):
                return
            asked["nextToken"] = token


def _times_of(stream: "LogStreamTypeDef") -> _Times:
    """Of lines that came out of order, one last time may be older than the other."""
    last = (stream.get("lastEventTimestamp"), stream.get("lastIngestionTime"))
    known = [one for one in last if one is not None]
    return _Times(stream.get("creationTime", 0), max(known, default=None))
