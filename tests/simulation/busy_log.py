"""One log group as CloudWatch answers for it at any rate of requests: the account's quotas, pages
of 1 MB, latency, and figures of streams that are an hour late.

A log event here is a bundle of BUNDLE lines, and says the length of all of them.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.audit.log.log_pace import LogCall
from tests.fakes.log_group import refused
from tests.simulation.engine.world import World

LINE_BYTES = 537  # a line of format v1 (511), and what CloudWatch counts beside it (26)
PAGE_LINES = 1_900  # of 1 MB; CloudWatch's other bound, 10,000 lines, is never met
BUNDLE = 475
PAGE_BUNDLES = PAGE_LINES // BUNDLE
CALL_SECONDS = 0.25  # nobody has measured it; a page of 1 MB
LISTED_AT_ONCE = 50
FIGURES_LATE_MS = 3_600_000
GROUP = "busy"


class Bundle(str):
    """As long as its lines are."""

    __slots__ = ()

    def __len__(self) -> int:
        return BUNDLE * LINE_BYTES


@dataclass
class AccountQuotas:
    """Calls a second of the whole account: more are throttled, whoever makes them."""

    world: World
    a_second: Mapping[LogCall, float]
    made: Counter[LogCall] = field(default_factory=Counter)
    throttled: int = 0
    _last: dict[LogCall, deque[float]] = field(default_factory=dict)

    def take(self, call: LogCall) -> None:
        last = self._last.setdefault(call, deque())
        while last and last[0] <= self.world.now - 1:
            last.popleft()
        if len(last) >= self.a_second[call]:
            self.throttled += 1
            raise refused("ThrottlingException")
        last.append(self.world.now)
        self.made[call] += 1


@dataclass
class BusyLog:
    """The client of one process, whose `sleep` is what its work takes. `line_seconds`: CPU."""

    quotas: AccountQuotas
    sleep: Callable[[float], None]
    requests_a_second: float
    streams: int
    line_seconds: float

    def bundles(self, from_ms: int, to_ms: int, streams: int) -> int:
        """How many of so many streams are written in a time."""
        seconds = (to_ms - from_ms) / 1000
        written = self.requests_a_second * seconds * streams / self.streams / BUNDLE
        return max(1, round(written)) if self.requests_a_second else 0

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        names = asked.get("logStreamNames", ["all"])
        streams = self.streams if names == ["all"] else len(names)
        many = self.bundles(asked["startTime"], asked["endTime"] + 1, streams)
        start = int(asked.get("nextToken", "0"))
        end = min(start + PAGE_BUNDLES, many)
        self._call(LogCall.FILTER, end - start)
        events = [
            {"logStreamName": names[at % len(names)], "eventId": f"{names[0]} {at}", **event}
            for at, event in self._events(asked, names[0], start, end)
        ]
        return {"events": events, **({"nextToken": str(end)} if end < many else {})}

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        many = self.bundles(asked["startTime"], asked["endTime"], 1)
        start = int(asked.get("nextToken", "0"))
        end = min(start + PAGE_BUNDLES, many)
        self._call(LogCall.EVENTS, end - start)
        events = [event for _, event in self._events(asked, asked["logStreamName"], start, end)]
        return {"events": events, "nextForwardToken": str(end)}

    def describe_log_streams(self, **asked: Any) -> dict[str, Any]:
        start = int(asked.get("nextToken", "0"))
        end = min(start + LISTED_AT_ONCE, self.streams)
        self._call(LogCall.STREAMS, 0)
        shown = int(self.quotas.world.now * 1000) - FIGURES_LATE_MS
        listed = [
            {"logStreamName": f"s{at:05}", "creationTime": 1, "lastIngestionTime": shown}
            for at in range(start, end)
        ]
        return {"logStreams": listed, **({"nextToken": str(end)} if end < self.streams else {})}

    def _call(self, call: LogCall, bundles: int) -> None:
        self.quotas.take(call)
        self.sleep(CALL_SECONDS + bundles * BUNDLE * self.line_seconds)

    def _events(
        self, asked: Mapping[str, Any], name: str, start: int, end: int
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        at_ms = asked["startTime"]
        for at in range(start, end):
            yield at, {"timestamp": at_ms, "message": Bundle(f"{name} {at_ms} {at}")}
