"""One run's world and all that is in it: places, clients by name, functions, troubles, and what is
watched. A part of the simulation is a function that takes this and adds its places, functions and
checks (`tests.simulation.usage_road.build`).

How to add one:

* a queue: `url = sim.queue("usage queue", visibility_seconds=780)`;
* a bucket: `sim.bucket("ledger")`, its name is its place's;
* a function: `sim.function("forwarder", LambdaModule(...), seconds=120)`, then
  `sim.poll("usage queue", function, ...)` or `sim.lambdas` to invoke it;
* clients for a `LambdaModule`'s names: `{"s3_client": lambda _: lambda: sim.s3}`;
* `sim.checks`: asked after every event, each says what is wrong, or nothing;
* `sim.end_checks`: asked at the end; `sim.is_quiet`: whether a part has nothing left to do;
* `sim.putting_right`: what operators do when the troubles are over, in this order;
* `sim.arranging[Kind] = ...`: how a kind of disturbance is put to work.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from unittest.mock import patch

from functions.adapters import json_lines
from tests.simulation.at_once import AtOnce
from tests.simulation.aws.aws_place import AwsCalls
from tests.simulation.aws.event_source import EventSource
from tests.simulation.aws.function import Function
from tests.simulation.aws.lambda_calls import LambdaCalls
from tests.simulation.aws.log_calls import LogCalls
from tests.simulation.aws.s3_calls import S3Calls
from tests.simulation.aws.secret_calls import SecretCalls
from tests.simulation.aws.simulated_log import SimulatedLog
from tests.simulation.aws.simulated_queue import NOBODY, SimulatedQueue
from tests.simulation.aws.sqs_calls import SqsCalls
from tests.simulation.aws.versioned_bucket import VersionedBucket
from tests.simulation.broken_promise import BrokenPromiseError
from tests.simulation.disturbances import (
    CallGoesWrong,
    Chaos,
    ChaosKind,
    Deploy,
    Dies,
    Disturbance,
    PlaceAway,
    Skewed,
    StopAway,
)
from tests.simulation.engine.lambda_module import LambdaModule
from tests.simulation.engine.seam import Seams
from tests.simulation.engine.world import World
from tests.simulation.quiet_telemetry import QuietTelemetry
from tests.simulation.scenario import Scenario
from tests.simulation.troubles import Troubles
from tests.simulation.whereabouts import Whereabouts

type Check = Callable[[], str]
type Arrange = Callable[[object], None]


@dataclass(eq=False)
class Simulation:
    """Made of a scenario and a world at its beginning."""

    scenario: Scenario
    world: World
    telemetry: QuietTelemetry = field(default_factory=QuietTelemetry)
    whereabouts: Whereabouts = field(default_factory=Whereabouts)
    queues: dict[str, SimulatedQueue] = field(default_factory=dict)  # by name
    urls: dict[str, str] = field(default_factory=dict)  # of queues, by name
    buckets: dict[str, VersionedBucket] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)  # by stop
    sources: dict[str, EventSource] = field(default_factory=dict)  # by stop
    checks: list[Check] = field(default_factory=list)
    end_checks: list[Callable[[], Iterable[str]]] = field(default_factory=list)
    is_quiet: list[Callable[[], bool]] = field(default_factory=list)
    calming: list[Callable[[], None]] = field(default_factory=list)
    putting_right: list[Callable[[], None]] = field(default_factory=list)
    arranging: dict[type, Arrange] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)  # told by places, raised after the event
    patches: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.troubles = Troubles(self.world)
        self.seams = Seams(self.world, self.troubles)
        calls = AwsCalls(self.seams)
        self.sqs = SqsCalls(calls, fails=partial(self.troubles.happens, ChaosKind.ENTRY_FAILS))
        self.s3, self.logs = S3Calls(calls), LogCalls(calls)
        self.secrets, self.lambdas = SecretCalls(calls), LambdaCalls(self.seams)
        self.patches.enter_context(patch.object(json_lines, "ThreadPoolExecutor", AtOnce))
        for kind in (PlaceAway, CallGoesWrong, Dies, Chaos):
            self.arranging[kind] = self._trouble
        self.arranging[Skewed] = self._skew
        self.arranging[StopAway] = self._stop_away
        self.arranging[Deploy] = self._deploy
        self.world.watchers.append(self._watch)

    @property
    def begun(self) -> float:
        return self.scenario.begun

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.world.now - self.scenario.begun

    def queue(
        self,
        name: str,
        *,
        visibility_seconds: float,
        dead_letters: str = "",
        is_followed: bool = False,
    ) -> str:
        """The URL. `is_followed`: event keys that wait here are somewhere (`whereabouts`)."""
        queue = SimulatedQueue(
            self.world,
            name,
            visibility_seconds,
            self.queues.get(dead_letters),
            self.whereabouts if is_followed else NOBODY,
            twice=partial(self.troubles.happens, ChaosKind.RECEIVED_TWICE),
        )
        self.queues[name], self.urls[name] = queue, self.sqs.add(queue)
        return self.urls[name]

    def bucket(self, name: str) -> VersionedBucket:
        bucket = VersionedBucket(self.world, name)
        self.buckets[self.s3.add(bucket)] = bucket
        return bucket

    def log_group(self, name: str) -> SimulatedLog:
        group = SimulatedLog(self.world, name)
        self.logs.add(group)
        return group

    def function(self, stop: str, module: LambdaModule, seconds: float) -> Function:
        """Its module finds what its process has wired, for as long as the run lasts."""
        self.patches.enter_context(module.installed())
        self.functions[stop] = Function(self.world, stop, module, seconds)
        return self.functions[stop]

    def poll(
        self, queue: str, function: Function, *, batch_size: int, window: float, most_at_once: int
    ) -> EventSource:
        """The function works for the queue."""
        source = EventSource(
            self.world, self.queues[queue], function, batch_size, window, most_at_once
        )
        self.sources[function.stop] = source
        return source

    def arrange(self, disturbances: Iterable[Disturbance]) -> None:
        """Puts them on the heap, or into what the seams ask."""
        for one in disturbances:
            self.arranging[type(one)](one)

    def calm(self) -> None:
        """All troubles are over."""
        self.troubles.are_over = True
        for end in self.calming:
            end()
        for source in self.sources.values():
            source.is_on = True
            source.wake()

    def accuse(self, what: str) -> None:
        """By a place, in the middle of a process: the run ends after this event."""
        self.wrong.append(what)

    def _watch(self) -> None:
        if self.wrong:
            raise BrokenPromiseError(self.wrong[0])
        for check in self.checks:
            if fault := check():
                raise BrokenPromiseError(fault)

    def _trouble(self, one: object) -> None:
        assert isinstance(one, PlaceAway | CallGoesWrong | Dies | Chaos)
        self.troubles.add(one, self.begun)

    def _skew(self, one: object) -> None:
        assert isinstance(one, Skewed)
        if one.stop in self.functions:
            self.functions[one.stop].skew_seconds = one.seconds

    def _stop_away(self, one: object) -> None:
        assert isinstance(one, StopAway)
        source = self.sources[one.stop]

        def turn(*, is_on: bool) -> None:
            source.is_on = is_on
            self.world.tell(one.stop, "is on again" if is_on else "is off")
            source.wake()

        self.world.at(self.begun + one.at, lambda: turn(is_on=False))
        self.world.at(self.begun + one.until, lambda: turn(is_on=True))

    def _deploy(self, one: object) -> None:
        assert isinstance(one, Deploy)
        self.world.at(self.begun + one.at, self.functions[one.stop].replace)
