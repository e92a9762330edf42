"""Log streams and a range of time come in; their lines in the range leave.

Guaranteed: each line once, however large the streams are; one that is deleted meanwhile is named in
`gone`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.adapters.log_events import (
    PAGE_EVENTS,
    LogBusy,
    LogLine,
    filtered_pages,
    is_gone,
    line_of_event,
    place_in_moment,
)
from functions.audit.log.log_pace import LogCall, LogPace
from functions.audit.log.stream_list import TimeRange

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilterLogEventsResponseTypeDef

STREAMS_AT_ONCE = 100  # FilterLogEvents takes no more names
# Lines of several streams that are held until each stream's are whole: as Python objects some
# 100 MB where lines are short. More are read again, fewer streams at a time.
HELD_CHARS = 16_000_000


@dataclass(frozen=True, slots=True)
class LogStreams:
    """Reads one log group stream by stream."""

    client: "CloudWatchLogsClient"
    pace: LogPace
    log_group: str
    page_lines: int = PAGE_EVENTS
    gone: set[str] = field(default_factory=set)

    def event_pages(self, name: str, of: TimeRange) -> Iterator[list[LogLine]]:
        """GetLogEvents' pages, a call each; it says no event ids. Nothing is held but a page."""
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
                yield [
                    {"id": "", "timestamp": one["timestamp"], "message": one["message"]}
                    for one in page["events"]
                ]
                # A page may be empty while there are more: the end is a token that repeats.
                if page["nextForwardToken"] == token:
                    return
                token = asked["nextToken"] = page["nextForwardToken"]
        except ClientError as error:
            if not is_gone(error):
                raise
            self.gone.add(name)

    def filtered_pages(
        self, names: Sequence[str], of: TimeRange
    ) -> Iterator[list[tuple[str, LogLine]]]:
        """FilterLogEvents' pages of at most STREAMS_AT_ONCE streams, a call each, as they come.
        LogBusy where one is deleted after the first page: nobody could say what came of it.
        """
        asked = {**filtered(self.log_group, of, self.page_lines), "logStreamNames": list(names)}
        has_begun = False
        try:
            for page in filtered_pages(self.filter, asked):
                has_begun = True
                yield [(event["logStreamName"], line_of_event(event)) for event in page]
        except ClientError as error:
            if not is_gone(error):
                raise
            if len(names) > 1 and has_begun:
                raise LogBusy(f"{self.log_group}: streams are deleted meanwhile") from error
        else:
            return
        if len(names) == 1:
            self.gone.update(names)
            return
        for name in names:
            yield from self.filtered_pages([name], of)

    def whole(self, names: Sequence[str], of: TimeRange) -> Iterator[tuple[str, list[LogLine]]]:
        """All lines of each stream in the log's order, with event ids; streams without lines are
        left out. Many small streams are one call.
        """
        for start in range(0, len(names), STREAMS_AT_ONCE):
            yield from self._whole(names[start : start + STREAMS_AT_ONCE], of)

    def _whole(self, names: Sequence[str], of: TimeRange) -> Iterator[tuple[str, list[LogLine]]]:
        held = self.held(names, of)
        if held is not None:
            for name, lines in held.items():
                yield name, sorted(lines, key=_in_log)
        elif len(names) == 1:
            self.gone.update(names)
        else:
            middle = len(names) // 2
            yield from self._whole(names[:middle], of)
            yield from self._whole(names[middle:], of)

    def held(
        self, names: Sequence[str], of: TimeRange, most_chars: int = HELD_CHARS
    ) -> dict[str, list[LogLine]] | None:
        """The lines of some streams together, as FilterLogEvents gives them. None where several
        have more than that, or one of them is gone.
        """
        held: dict[str, list[LogLine]] = {}
        chars = 0
        asked = {**filtered(self.log_group, of, self.page_lines), "logStreamNames": list(names)}
        try:
            for page in filtered_pages(self.filter, asked):
                for event in page:
                    held.setdefault(event["logStreamName"], []).append(line_of_event(event))
                    chars += len(event["message"])
                if chars > most_chars and len(names) > 1:
                    return None
        except ClientError as error:
            if not is_gone(error):
                raise
            return None
        return held

    def filter(self, asked: dict[str, Any]) -> "FilterLogEventsResponseTypeDef":
        """One page, when its turn is there."""
        return self.pace.make(LogCall.FILTER, lambda: self.client.filter_log_events(**asked))


def filtered(log_group: str, of: TimeRange, page_lines: int) -> dict[str, Any]:
    """What FilterLogEvents is asked."""
    return {
        "logGroupName": log_group,
        "startTime": of.from_ms,
        "endTime": of.to_ms - 1,  # included, and times are whole milliseconds
        "limit": page_lines,
    }


def _in_log(line: LogLine) -> tuple[int, str]:
    return line["timestamp"], place_in_moment(line)
