"""A log group and a span come in; the deliveries leave that metering would have got of its lines.

FilterLogEvents is asked at most five times a second (the quota of an account), and never after the
time that the person gives is over: then LogBusy, and what was found until then stands.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.adapters.log_events import LogBusy, filtered_pages, line_of_event, reading
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.metering.log_delivery import LogDelivery
from functions.replay.log_lines import LogLines, RequestPlace
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.vended_line import Wrapped, unwrapped

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsResponseTypeDef

PACE_SECONDS = 0.2
# Some hundred megabytes: an execution log has 25 lines a request, and the person can ask narrower.
MOST_LINES = 200_000
# Both lines of a request and its answer: an integration takes minutes at the most.
COVERED_MS = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class LogSearch:
    """`until` is a time of `clock`; `sleep` keeps the pace."""

    client: "CloudWatchLogsClient"
    owner: str
    until: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    calls: list[float] = field(default_factory=list)

    def deliveries(
        self, source: SourceDeclaration, from_ms: int, to_ms: int, term: str = ""
    ) -> Iterator[LogDelivery]:
        """One a stream, its lines in order. `term`: only lines that hold it, and of an execution
        log all lines of the requests that they are of. LogBusy only after what was read.
        """
        streams: dict[str, list[object]] = defaultdict(list)
        busy: LogBusy | None = None
        try:
            for event in self._events(source.log_group, from_ms, to_ms, term):
                if event["logStreamName"] != HEARTBEAT_STREAM and term in event["message"]:
                    streams[event["logStreamName"]].append(line_of_event(event))
        except LogBusy as error:
            busy = error
        for stream, lines in streams.items():
            found = lines
            if term and source.kind == "execution":
                found = self._whole(source.log_group, stream, lines)
            yield LogDelivery(self.owner, source.log_group, stream, found)
        if busy is not None:
            raise busy

    def _events(
        self, log_group: str, from_ms: int, to_ms: int, term: str
    ) -> Iterator["FilteredLogEventTypeDef"]:
        asked: dict[str, Any] = {"logGroupName": log_group, "startTime": from_ms, "endTime": to_ms}
        if term:
            asked["filterPattern"] = f'"{term}"'
        count = 0
        with reading(log_group):
            for page in filtered_pages(self._page, asked):
                yield from page
                count += len(page)
                if count > MOST_LINES:
                    raise LogBusy(log_group)

    def _page(self, asked: dict[str, Any]) -> "FilterLogEventsResponseTypeDef":
        self.pace()
        if self.clock() >= self.until:
            raise LogBusy(asked["logGroupName"])
        return self.client.filter_log_events(**asked)

    def pace(self) -> None:
        """Before each call: not sooner than a fifth of a second after the last one."""
        now = self.clock()
        if self.calls and (early := self.calls[-1] + PACE_SECONDS - now) > 0:
            self.sleep(early)
            now += early
        self.calls[:] = [now]

    def _whole(self, log_group: str, stream: str, hits: list[object]) -> list[object]:
        """Every line of the request ids that the hits begin with, each once."""
        found: dict[object, object] = {}
        covered: dict[str, int] = {}
        for hit in hits:
            name = _request_id(hit)
            timestamp = hit["timestamp"] if isinstance(hit, dict) else 0
            if name is None or timestamp <= covered.get(name, -1):
                continue
            covered[name] = timestamp + COVERED_MS
            place = RequestPlace.model_validate(
                {
                    "logGroup": log_group,
                    "logStream": stream,
                    "requestId": name,
                    "extendedRequestId": None,
                    "firstTimestamp": timestamp,
                }
            )
            self.pace()
            for line in LogLines(self.client, self.clock).of(place):
                found.setdefault(line["id"], line)
        return list(found.values()) or hits


def _request_id(hit: object) -> str | None:
    """What an execution line is prefixed with."""
    message = hit.get("message") if isinstance(hit, dict) else None
    found = unwrapped(message) if isinstance(message, str) else None
    if not isinstance(found, Wrapped) or not found.line.startswith("("):
        return None
    return found.line[1:].partition(") ")[0] or None
