"""The stops of the road, of the real modules, on places in memory that the weather takes away."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from functions.adapters.telemetry import Telemetry
from functions.forwarder.answer import NoAnswer
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.forwarder.putting_back import Later
from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.intake import Intake
from functions.metering.quarantine import QuarantineObject
from functions.reconciliation.counters.usage_counters import Counted, CounterBatch, Counters
from functions.reconciliation.heartbeats import HeartbeatReader
from functions.reconciliation.reconciling import Reconciliation
from functions.usage.errors import Retryable
from tests.fakes.access_log_lines import LOG_GROUP, REGION
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import said
from tests.fakes.model_queue import ModelQueue
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settling import Crash, FakePlaces
from tests.simulation.weather import Weather

if TYPE_CHECKING:
    from functions.reconciliation.command_executor import CommandExecutor
    from functions.reconciliation.counters.rollback import RollbackGuard
    from functions.reconciliation.counters.statements import Watermark

HOP_SECONDS = 3.0  # from a send to the first receive, at most


@dataclass
class Sky:
    """The weather as everything on the road feels it."""

    weather: Weather
    clock: SettableClock
    rng: random.Random
    begun: float
    dying: str = ""  # the stop whose process is to die at its next effect

    def reach(self, place: str, stop: str) -> None:
        """One call to a place from a process of a stop."""
        if self.dying == stop:
            raise Crash(stop)
        if self.is_away(place) or self.is_fluke():
            raise Retryable(f"{place} is away")

    def is_away(self, place: str) -> bool:
        return self.weather.is_away(place, self.clock() - self.begun)

    def is_fluke(self) -> bool:
        is_calm = self.clock() - self.begun >= self.weather.calm
        return not is_calm and self.rng.random() < self.weather.flukes

    def now_ms(self) -> int:
        return int(self.clock() * 1000)


@dataclass
class Queue(ModelQueue):
    """A queue with hops; `sky` is set by the road."""

    place: str = ""
    sky: Sky = field(kw_only=True)

    def put_back(self, letters: Mapping[str, Later]) -> set[str]:
        try:
            if letters:
                self.sky.reach(self.place, "forwarder")
        except Retryable:
            return set()
        return super().put_back(letters)

    def post(self, bodies: Iterable[str]) -> int:
        """As a sender does, with a hop."""
        sent = list(bodies)
        for one in sent:
            self.send(one, seconds=self.sky.rng.uniform(0, HOP_SECONDS))
        return len(sent)


class Sent:
    """Metering's side of UsageQueue."""

    def __init__(self, queue: Queue, sky: Sky) -> None:
        self._queue, self._sky = queue, sky

    def send(self, bodies: Iterable[str]) -> int:
        sent = list(bodies)
        if sent:
            self._sky.reach("usage_queue", "metering")
        return self._queue.post(sent)


class Kept:
    """Metering's side of the quarantine."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky

    def keep(self, objects: Iterable[QuarantineObject]) -> int:
        kept = list(objects)
        if kept:
            self._sky.reach("quarantine", "metering")
        return len(kept)


class Terms:
    """The configuration as a process has it: one that started while it was bad has none."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self._found: Configuration | None = None

    def current(self) -> Configuration:
        if self._found is None:
            if self._sky.is_away("configuration"):
                raise Retryable("no configuration to meter by")
            self._found = default_configuration()
        return self._found


def metering(queue: Queue, sky: Sky) -> Intake:
    """A process that has just started."""
    return Intake(
        source=AccessLogSource(REGION),
        terms=Terms(sky),
        keeper=Kept(sky),
        queue=Sent(queue, sky),
        telemetry=Telemetry("metering"),
        now_ms=sky.now_ms,
    )


class WeatheredPlaces(FakePlaces):
    """The forwarder's places."""

    NAMES: Mapping[str, str] = {
        "ledger": "ledger",
        "settled": "settled_queue",
        "usage_dead_letter": "dead_letter_queue",
    }

    def __init__(self, sky: Sky) -> None:
        super().__init__()
        self._sky = sky

    def reach(self, place: str) -> None:
        self._sky.reach(self.NAMES[place], "forwarder")


def aforo(sky: Sky) -> Callable[[Sequence[KeyedEvent]], Reply | NoAnswer]:
    """Aforo, which takes all but what the weather has it refuse."""

    def answer(block: Sequence[KeyedEvent]) -> Reply | NoAnswer:
        if sky.is_away("aforo_hangs"):
            return NoAnswer("no_answer", is_ambiguous=True)
        if sky.is_away("aforo_down") or sky.is_fluke():
            return said(503)
        if sky.is_away("aforo_busy"):
            return said(429, {"retryAfter": 30})
        errors = []
        if sky.is_away("aforo_refuses"):
            refused = [i for i in range(len(block)) if sky.rng.random() < 0.3]
            errors = [{"index": i, "error": "INTERNAL: try later"} for i in refused]
        taken = len(block) - len(errors)
        return said(202, {"accepted": taken, "failed": len(errors), "errors": errors})

    return answer


def forwarder(queue: Queue, sky: Sky, beside: Bench | None) -> Bench:
    return Bench(
        aforo(sky),
        clock=sky.clock,
        places=beside.places if beside else WeatheredPlaces(sky),
        queue=queue,
        jitter=sky.rng.random,
        beside=beside,
    )


class CountersInMemory:
    """Redis as reconciliation's processes share it: marks, and the watermark's hash."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        self.marks: set[int] = set()
        # The first reconcile begins each group so.
        self.groups: dict[str, int] = {LOG_GROUP: sky.now_ms() - 180_000}
        self.held_back: list[tuple[int, int]] = []  # since, until

    def settle(self, settlements: Sequence[CounterBatch]) -> list[Counted | Retryable]:
        return [self._settled(one) for one in settlements]

    def _settled(self, one: CounterBatch) -> Counted | Retryable:
        try:
            self._sky.reach("redis", "reconciliation")
        except Retryable as error:
            return error
        fresh = set(one.marks) - self.marks
        self.marks |= fresh
        return Counted(len(fresh), len(fresh), 0, None)

    def advance(self, log_group: str, at_ms: int) -> bool:
        self._sky.reach("redis", "reconciliation")
        is_newer = at_ms > self.groups.get(log_group, 0)
        if is_newer:
            self.groups[log_group] = at_ms
            self.held_back = [one for one in self.held_back if one[1] >= at_ms]
        return is_newer

    def hold_back(self, since_ms: int, until_ms: int) -> None:
        self._sky.reach("redis", "reconciliation")
        self.held_back.append((since_ms, until_ms))

    def oldest(self) -> int:
        return self.watermark_ms()

    def watermark_ms(self) -> int:
        """What the authorizer takes for the time up to which all is counted."""
        return min([*self.groups.values(), *(since for since, _ in self.held_back)], default=0)

    def look(self) -> None:
        """Nothing was rolled back."""


def reconciliation(shared: CountersInMemory, sky: Sky) -> Reconciliation:
    telemetry = Telemetry("reconciliation")
    return Reconciliation(
        counters=cast("Counters", shared),
        commands=cast("CommandExecutor", None),  # nobody sends one
        hearing=HeartbeatReader(cast("Watermark", shared), telemetry, sky.now_ms),
        rollback=cast("RollbackGuard", shared),
        telemetry=telemetry,
        horizon=timedelta(days=35),
        clock=sky.now_ms,
    )


type Records = list[dict[str, Any]]
