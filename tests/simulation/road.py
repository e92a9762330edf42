"""One clock, one heap of events: requests and heartbeats walk from the log to the counters, through
several processes of each stop.

Watched after every event: whether usage waits somewhere that is older than the watermark.
"""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic_core import from_json

from functions.usage.heartbeat import HEARTBEAT_STREAM, heartbeat_line
from functions.usage.mark import mark_of
from tests.fakes.access_log_lines import distinct_line, subscription_payload
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settling import Crash
from tests.simulation.aws.asynchronous import RETRIES
from tests.simulation.stops import (
    HOP_SECONDS,
    CountersInMemory,
    Queue,
    Sky,
    forwarder,
    metering,
    reconciliation,
)
from tests.simulation.untold import DEATH_SECONDS, TELLING_SECONDS
from tests.simulation.usage_road.road_places import SETTLED_VISIBILITY
from tests.simulation.weather import HOUR, draw_weather

DELIVERY_SECONDS = 45.0  # from the log to metering, at most
FORWARDER_EVERY, RECONCILIATION_EVERY = 5.0, 2.0
PROCESSES = 3
# The way of a line, and of the stall that tells of it: two hops, and the next poll of each stop
# that finds SQS; a heartbeat that was put meanwhile may be there before.
IN_FLIGHT_SECONDS = DELIVERY_SECONDS + 4 * (HOP_SECONDS + FORWARDER_EVERY)


@dataclass
class Line:
    """A request in the log that is neither counted nor kept. `excuse`: seconds by which the
    watermark may be younger.
    """

    number: int
    at: float
    excuse: float = 0


@dataclass
class Road:
    """`watch` is told of every moment at which the watermark is younger than what waits."""

    seed: int
    watch: Callable[[str], None]
    waiting: dict[int, Line] = field(default_factory=dict)
    kept: int = 0  # lines that Lambda gave up on: its OnFailure destination has them
    heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    deaths: list[tuple[float, float]] = field(default_factory=list)  # when, and what it may cost
    since: float = 0.0  # the watermark is younger than it may be; 0: it is not
    watched: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        clock = SettableClock()
        self.sky = Sky(draw_weather(self.rng), clock, self.rng, clock())
        self.usage = Queue(clock, place="usage_queue", sky=self.sky)
        self.settled = Queue(
            clock,
            visibility_seconds=SETTLED_VISIBILITY,
            place="settled_queue",
            sky=self.sky,
        )
        self.counters = CountersInMemory(self.sky)
        self.intakes = [metering(self.usage, self.sky) for _ in range(PROCESSES)]
        first = forwarder(self.usage, self.sky, None)
        others = [forwarder(self.usage, self.sky, first) for _ in range(PROCESSES - 1)]
        self.forwarders = [first, *others]
        self.readers = [reconciliation(self.counters, self.sky) for _ in range(2)]
        self.numbers: dict[int, int] = {}  # by mark
        self._next, self._steps = 0, 0

    def run(self, hours: float) -> None:
        end = self.sky.begun + hours * HOUR
        self._every(60.0, self._put_heartbeat)
        self._every(11.0, self._put_requests)
        self._every(FORWARDER_EVERY, self._forward)
        self._every(RECONCILIATION_EVERY, self._reconcile)
        while self.heap and self.heap[0][0] < end:
            at, _, action = heapq.heappop(self.heap)
            self.sky.clock.now = max(at, self.sky.clock.now)
            action()
            self._look()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._steps += 1
        heapq.heappush(self.heap, (self.sky.clock() + seconds, self._steps, action))

    def _every(self, seconds: float, action: Callable[[], None]) -> None:
        def again() -> None:
            action()
            self._later(seconds, again)

        self._later(self.rng.uniform(0, seconds), again)

    def _put_heartbeat(self) -> None:
        line = heartbeat_line(self.sky.now_ms())
        self._deliver([line], [], stream=HEARTBEAT_STREAM)

    def _put_requests(self) -> None:
        at_ms = self.sky.now_ms()
        numbers = list(range(self._next, self._next + self.rng.randint(1, 4)))
        self._next = numbers[-1] + 1
        lines = [distinct_line(n, requestTimeEpoch=str(at_ms)) for n in numbers]
        if self.rng.random() < 0.1:  # one that is quarantined
            lines.append(distinct_line(self._next, customerId="-", requestTimeEpoch=str(at_ms)))
            self._next += 1
        self.waiting |= {n: Line(n, self.sky.clock()) for n in numbers}
        self._deliver(lines, numbers)
        if self.rng.random() < 0.1:  # CloudWatch delivers at least once
            self._deliver(lines, numbers)

    def _deliver(self, lines: list[str], numbers: list[int], stream: str = "stream") -> None:
        stamp = self.sky.now_ms()
        log_events = [{"id": "1", "timestamp": stamp, "message": line} for line in lines]
        payload = subscription_payload([], logStream=stream, logEvents=log_events)
        seconds = self.rng.uniform(1, DELIVERY_SECONDS)
        self._later(seconds, lambda: self._meter(payload, numbers, 0))

    def _meter(self, payload: dict[str, object], numbers: list[int], tries: int) -> None:
        place = self.rng.randrange(PROCESSES)
        if self.rng.random() < 0.02:
            self.intakes[place] = metering(self.usage, self.sky)  # Lambda starts a new one
        intake = self.intakes[place]
        is_killed = self._may_die("metering")
        before = set(self.usage.messages)
        try:
            intake.take(payload, "own")
        except Crash:
            self.intakes[place] = metering(self.usage, self.sky)
        except Exception:  # noqa: BLE001 - Lambda, too, tries again whatever it was
            is_killed = is_killed or intake._failed._untold is not None
        else:
            self._learn(before)
            return
        finally:
            self.sky.dying = ""
        self._learn(before)
        lines = [self.waiting[n] for n in numbers if n in self.waiting]
        for line in lines if is_killed else ():
            line.excuse = max(line.excuse, DEATH_SECONDS["metering"])
        if tries < len(RETRIES):
            again = lambda: self._meter(payload, numbers, tries + 1)  # noqa: E731
            self._later(RETRIES[tries], again)
            return
        self.kept += len(lines)
        for line in lines:
            del self.waiting[line.number]

    def _learn(self, before: set[str]) -> None:
        """Which mark is which request's."""
        for name in self.usage.messages.keys() - before:
            for event in from_json(self.usage.messages[name].body).get("events", ()):
                number = int(event["metadata"]["extendedRequestId"].strip("id="))
                self.numbers[mark_of(event["idempotencyKey"])] = number

    def _forward(self) -> None:
        if self.sky.is_away("usage_queue"):
            return
        bench = self.rng.choice(self.forwarders)
        records = self.usage.receive(self.rng.choice([3, 20, 100]))
        if not records:
            return
        self._may_die("forwarder")
        try:
            staying = set(bench.forward(records))
        except Crash:
            self._died("forwarder")
        else:
            self.usage.delete(o["messageId"] for o in records if o["messageId"] not in staying)
        finally:
            self.sky.dying = ""
            self.settled.post(self.forwarders[0].settled.bodies)
            self.forwarders[0].settled.bodies.clear()

    def _reconcile(self) -> None:
        if self.sky.is_away("settled_queue"):
            return
        reader = self.rng.choice(self.readers)
        records = self.settled.receive(50)
        if not records:
            return
        self._may_die("reconciliation")
        try:
            staying = set(reader.take(records))
        except Crash:
            self._died("reconciliation")
        else:
            self.settled.delete(o["messageId"] for o in records if o["messageId"] not in staying)
        finally:
            self.sky.dying = ""
        for mark in self.counters.marks & self.numbers.keys():
            self.waiting.pop(self.numbers[mark], None)

    def _may_die(self, stop: str) -> bool:
        is_time = self.sky.clock() - self.sky.begun < self.sky.weather.calm
        if stop in self.sky.weather.kills and is_time and self.rng.random() < 0.02:
            self.sky.dying = stop
        return self.sky.dying == stop

    def _died(self, stop: str) -> None:
        self.deaths.append((self.sky.clock(), DEATH_SECONDS[stop]))

    def _look(self) -> None:
        now = self.sky.clock()
        watermark = self.counters.watermark_ms() / 1000
        self.watched += bool(self.waiting) and watermark > 0
        younger = [line for line in self.waiting.values() if watermark > self._allowed(line)]
        self.since = (self.since or now) if younger else 0.0
        if younger and now - self.since > TELLING_SECONDS:
            self.watch(
                f"at {now - self.sky.begun:.0f} s request {younger[0].number} of"
                f" {younger[0].at - self.sky.begun:.0f} s waits, and the watermark says"
                f" {watermark - self.sky.begun:.0f} s ({self.sky.weather})"
            )

    def _allowed(self, line: Line) -> float:
        death = sum(seconds for at, seconds in self.deaths if at >= line.at)
        return line.at + IN_FLIGHT_SECONDS + line.excuse + death
