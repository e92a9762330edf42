"""A log group, a span and what a line must hold come in; what its last lines tell leaves.

FilterLogEvents goes only forward in time, so the newest stretch is read first, and each one before
it is four times as long. It ends when there are lines enough, or with the time that the person
gives: then `not_all_before_ms` says which part was not read to its end.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.adapters.log_events import PAGE_EVENTS, reading
from functions.operator.logs.told_line import ToldLine, told_line

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef, FilterLogEventsResponseTypeDef

FIRST_STRETCH_MS = 120_000
# The account's quota of FilterLogEvents.
CALLS_A_SECOND = 5


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """`messages` names lines by their message or a metric, any of them; empty: all but idle
    ones.
    """

    from_ms: int
    to_ms: int
    messages: Sequence[str] = ()
    faults_only: bool = False
    last: int = 50

    def chooses(self, line: ToldLine) -> bool:
        if self.faults_only and not line.is_fault:
            return False
        if not self.messages:
            return not line.is_idle
        return any(line.is_named(one) for one in self.messages)


@dataclass(slots=True)
class ReadLog:
    """`until` is a time of `clock`."""

    client: "CloudWatchLogsClient"
    until: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    seen: int = 0
    not_all_before_ms: int | None = None
    _calls: deque[float] = field(default_factory=lambda: deque(maxlen=CALLS_A_SECOND))

    def lines(self, log_group: str, question: LogQuestion) -> list[ToldLine]:
        """In the log's order. LogBusy where CloudWatch throttles us, LogNotReadable where it
        denies.
        """
        found: list[ToldLine] = []
        for from_ms, to_ms in _stretches(question.from_ms, question.to_ms):
            found = [*self._told(log_group, question, from_ms, to_ms), *found]
            if len(found) >= question.last or self.not_all_before_ms is not None:
                break
            if self.clock() >= self.until and from_ms > question.from_ms:
                self.not_all_before_ms = from_ms
                break
        return found[-question.last :]

    def _told(
        self, log_group: str, question: LogQuestion, from_ms: int, to_ms: int
    ) -> Iterator[ToldLine]:
        asked: dict[str, Any] = {
            "logGroupName": log_group,
            "startTime": from_ms,
            "endTime": to_ms,
            "limit": PAGE_EVENTS,
        }
        if len(question.messages) == 1:
            asked["filterPattern"] = f'"{question.messages[0]}"'
        for event in self._events(log_group, asked):
            self.seen += 1
            line = told_line(event["timestamp"], event["message"])
            if line is not None and question.chooses(line):
                yield line

    def _events(self, log_group: str, asked: dict[str, Any]) -> Iterator["FilteredLogEventTypeDef"]:
        # An emulator's lines have no id: pages are told apart by their tokens alone.
        with reading(log_group):
            while True:
                page = self._page(asked)
                yield from page.get("events", [])
                if "nextToken" not in page:
                    return
                if self.clock() >= self.until:
                    self.not_all_before_ms = asked["endTime"] + 1
                    return
                asked = {**asked, "nextToken": page["nextToken"]}

    def _page(self, asked: dict[str, Any]) -> "FilterLogEventsResponseTypeDef":
        if len(self._calls) == CALLS_A_SECOND and (early := self._calls[0] + 1 - self.clock()) > 0:
            self.sleep(early)
        self._calls.append(self.clock())
        return self.client.filter_log_events(**asked)


def _stretches(first_ms: int, last_ms: int) -> Iterator[tuple[int, int]]:
    """Newest first. Both ends belong to a stretch, as FilterLogEvents has it."""
    end, length = last_ms + 1, FIRST_STRETCH_MS
    while end > first_ms:
        begin = max(first_ms, end - length)
        yield begin, end - 1
        end, length = begin, 4 * length
