"""The audit's count at any rate of requests, on a virtual clock: the real windows, reading and
pace; what work takes is slept.

Microseconds a line are CPU, as audit-at-scale.md has them measured. Lambda gives a function of
1,024 MB 1,024/1,769 of a processor, and metering has the same size.
"""

import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from functions.adapters.telemetry import Telemetry
from functions.audit.comparison.comparing import Comparing
from functions.audit.comparison.expected import Expected, KeyState
from functions.audit.counting.another_window import AnotherWindow
from functions.audit.counting.counting import Counting, NotLookedAt
from functions.audit.counting.due_windows import WindowPlan
from functions.audit.counting.repairs_begun import RepairsBegun
from functions.audit.log.account import Account, AccountedEvent, BilledRequest
from functions.audit.log.log_chunk import Chunk
from functions.audit.log.log_pace import LogPace, account_quotas, calls_a_second
from functions.audit.log.log_window import LogWindows
from functions.audit.watched_source import WatchedSource
from functions.audit.window import AuditWindow, NamedWindow
from functions.audit.window_store import WindowStore
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket
from tests.simulation.busy_log import BUNDLE, GROUP, AccountQuotas, BusyLog
from tests.simulation.engine.machine_clock import MachineClock
from tests.simulation.engine.world import World

BEGIN = 1_791_014_400.0  # 2026-10-03T08:00Z
PROCESSOR = 1_024 / 1_769
READING = 8e-6 / PROCESSOR  # botocore's parsing of a page, to chunks
ASKING = (5e-6 + 5e-6) / PROCESSOR  # packing a call of metering, reading its answer
METERING = 30e-6 / PROCESSOR
KEEPING = 4.5e-6 / PROCESSOR  # a key's fingerprint, in `expected`
STRIKING = 4e-6 / PROCESSOR  # a row of the ledger
# The five minutes by which clocks may differ are read with each window (decision 10, measured).
ROWS_A_LINE = 2.1
CALL_SECONDS = 0.03  # of Lambda, beside metering's work
TIMEOUT_SECONDS = 900.0
EVERY_SECONDS = 300.0
WINDOW_SECONDS = 300
SOURCE = WatchedSource.model_validate({"name": "busy", "logGroup": GROUP, "kind": "access"})


class TimedOut(BaseException):
    """Lambda ends a process."""


@dataclass
class Process:
    """One invocation."""

    world: World
    ends: float

    def sleep(self, seconds: float) -> None:
        left = self.ends - self.world.now
        self.world.pause(min(seconds, max(left, 0.0)), skew=0)
        if seconds > left:
            raise TimedOut

    def left_ms(self) -> int:
        return int((self.ends - self.world.now) * 1000)


@dataclass
class Records(FakeBucket):
    """When which window had a record."""

    world: World = field(kw_only=True)
    written: dict[AuditWindow, float] = field(default_factory=dict)

    def put_object(self, **asked: Any) -> None:
        super().put_object(**asked)
        named = NamedWindow.read(asked["Key"])
        if named is not None:
            self.written[named.window] = self.world.now


@dataclass
class BusyPlaces:
    """Metering and the ledger, as one process waits for them. A second reading tells the requests
    of the first: the log's bundles depend on which streams are asked for together.
    """

    process: Process
    requests_a_second: float
    has_losses: bool
    told: Counter[AuditWindow] = field(default_factory=Counter)  # by the reading that is at work
    first_told: dict[AuditWindow, int] = field(default_factory=dict)

    def account(self, _group: str, chunk: Chunk, window: AuditWindow) -> Account:
        lines = len(chunk.lines) * BUNDLE
        self.process.sleep(CALL_SECONDS + lines * (ASKING + METERING + KEEPING))
        at = iso_from_epoch_ms(window.from_ms)
        keys = (f"{window} {self._number(window)}" for _ in chunk.lines)
        events = ((AccountedEvent(key, "m", 1, at),) for key in keys)
        billed = (BilledRequest("cus_a", (index,), some) for index, some in enumerate(events))
        return Account(chunk, tuple(billed))

    def _number(self, window: AuditWindow) -> int:
        number = self.told[window]
        self.told[window] += 1
        return number % self.first_told.get(window, sys.maxsize)

    def strike_out(self, expected: Expected, not_before_ms: int, _now: datetime) -> None:
        """All rows of the window are read, whichever share of the keys is expected."""
        for window, times in self.told.items():
            self.first_told.setdefault(window, times)
        self.told.clear()
        window_lines = self.requests_a_second * WINDOW_SECONDS
        self.process.sleep(0.1 + window_lines * ROWS_A_LINE * STRIKING)
        for hour, _ in expected.hours():
            marks = list(expected.fingerprints(hour))
            for mark in marks[1:] if self.has_losses else marks:
                expected.found(mark, KeyState.CONFIRMED)

    def of(self, _group: str, _from_ms: int, _to_ms: int) -> "BusyPlaces":
        """The quarantine, which keeps nothing."""
        return self

    def reason_of(self, _stream: str, _line: object) -> None:
        return None

    def start(self, window: AuditWindow, _repairs: int) -> str:
        """A repair, which is another's work."""
        return str(window)


@dataclass
class AuditAtScale:
    """Each of `shards` has a process, which takes a share of the quotas as one of `pace_of`.
    `has_losses`: in each window something is missing, so that its log is read twice.
    """

    requests_a_second: float
    region: str
    shards: int
    streams: int = 500
    pace_of: int = 0
    has_losses: bool = False
    away: tuple[float, float] = (math.inf, math.inf)  # hours in which the schedule is off

    def __post_init__(self) -> None:
        self.world = World(0, BEGIN, MachineClock(BEGIN))  # the machine's own clock goes on
        self.plan = WindowPlan(WINDOW_SECONDS, 600, self.shards, 86_400)
        self.quotas = AccountQuotas(self.world, account_quotas(self.region))
        self.records = Records(world=self.world)
        self._chance = random.Random(0)
        self.timed_out = self.failed = 0

    def run(self, hours: float) -> None:
        ends = BEGIN + hours * 3600
        for run in range(int(hours * 3600 / EVERY_SECONDS)):
            at = BEGIN + 700 + run * EVERY_SECONDS
            if not self.away[0] <= (at - BEGIN) / 3600 < self.away[1]:
                for shard in range(self.shards):
                    self.world.at(at, self._counted(shard, at + TIMEOUT_SECONDS))
        self.world.run(ends)

    def _counted(self, shard: int, ends: float) -> Callable[[], None]:
        def work() -> None:
            try:
                self._count(shard, Process(self.world, ends))
            except TimedOut:
                self.timed_out += 1

        return lambda: self.world.start(work)

    def _count(self, shard: int, process: Process) -> None:
        places: Any = BusyPlaces(process, self.requests_a_second, self.has_losses)
        rates = calls_a_second(self.region, self.pace_of or self.shards)
        client = BusyLog(self.quotas, process.sleep, self.requests_a_second, self.streams, READING)
        log = LogWindows(
            cast("Any", client),
            LogPace(lambda: self.world.now, process.sleep, rates, self._chance.random),
            now_ms=lambda: int(self.world.now * 1000),
        )
        now = datetime.fromtimestamp(self.world.now, UTC)
        store, telemetry = (
            WindowStore(cast("Any", self.records), "ledger"),
            Telemetry("audit-count"),
        )
        comparing = Comparing(log, places, places, places, lambda: now, lambda: now)
        counting = Counting(
            lambda: [SOURCE],
            store,
            comparing,
            RepairsBegun(store, comparing, places, telemetry),
            self.plan,
            telemetry,
            shard,
        )
        try:
            counting.run(now, AnotherWindow(process.left_ms, self.shards).has_time)
        except NotLookedAt:
            self.failed += 1

    def delays(self) -> list[float]:
        """Minutes from each window's end to its record, of the last shard; oldest first. Of those
        without a record it is how long they wait by now.
        """
        first = int((BEGIN - WINDOW_SECONDS) * 1000)  # the first run's
        last = int((self.world.now - 600) * 1000)
        found = []
        for start in range(first, last - WINDOW_SECONDS * 1000 + 1, WINDOW_SECONDS * 1000):
            end = start + WINDOW_SECONDS * 1000
            shards = [AuditWindow("busy", start, end, n, self.shards) for n in range(self.shards)]
            written = [self.records.written.get(one, self.world.now) for one in shards]
            found.append((max(written) - end / 1000) / 60)
        return found
