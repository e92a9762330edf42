"""CloudWatch Logs: groups of streams, in which events stand in the order of their time."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.simulation.engine.world import World

ID_DIGITS = 56


@dataclass(frozen=True, slots=True, order=True)
class LogEvent:
    """One line. `event_id` rises with the log; `keys` are those of the events that it becomes, and
    `request` is the number of the one whose line it is: an execution log has many of each.
    """

    timestamp: int  # epoch milliseconds
    event_id: str
    stream: str = field(compare=False)
    message: str = field(compare=False)
    keys: tuple[str, ...] = field(compare=False, default=())
    ingested_at: float = field(compare=False, default=0.0)
    request: int = field(compare=False, default=0)


@dataclass(eq=False)
class SimulatedLog:
    """One group. `watchers` hear of every event that is put."""

    world: World
    name: str
    streams: dict[str, list[LogEvent]] = field(default_factory=dict)
    created: dict[str, float] = field(default_factory=dict)  # epoch seconds, by stream
    watchers: list[Callable[[LogEvent], None]] = field(default_factory=list)
    is_subscribed: bool = True
    _numbers: Iterator[int] = field(default_factory=count)

    def put(
        self,
        stream: str,
        message: str,
        keys: tuple[str, ...] = (),
        timestamp: int | None = None,
        request: int = 0,
    ) -> LogEvent:
        """By API Gateway, or whoever may put; now, if nothing else is said."""
        at_ms = int(self.world.now * 1000) if timestamp is None else timestamp
        name = f"{(at_ms << 144) + next(self._numbers):0{ID_DIGITS}}"
        event = LogEvent(at_ms, name, stream, message, keys, self.world.now, request)
        if stream not in self.streams:
            self.streams[stream], self.created[stream] = [], self.world.now
        insort(self.streams[stream], event)
        for heard in self.watchers:
            heard(event)
        return event

    def between(self, from_ms: int, to_ms: int, streams: Iterable[str]) -> list[LogEvent]:
        """Those from and before a time, of some streams, in the log's order."""
        found: list[LogEvent] = []
        for name in streams:
            events = self.streams[name]
            first = bisect_left(events, LogEvent(from_ms, "", "", ""))
            last = bisect_left(events, LogEvent(to_ms, "", "", ""))
            found += events[first:last]
        return sorted(found)
