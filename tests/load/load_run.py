"""Loads of one cloud, one after the other: a rate and a time come in; when it was leaves, and what
was seen beside it.

The traffic runs here; beside it a thread looks at Redis, at processes and at Aforo, each as seldom
as the figure allows, since the cores are the functions'.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from redis import Redis

from tests.load.counted_watch import CountedWatch
from tests.load.cpu_samples import CpuSamples
from tests.load.gateway_calls import GatewayCalls
from tests.load.line_writing import LineWriting
from tests.load.load_cloud import STACK, LoadCloud, Through
from tests.load.looking_on import LookingOn
from tests.load.served_requests import ServedRequests
from tests.local.aforo.console import Console
from tests.local.demo.depth import waiting
from tests.local.demo.stage import DemoError, Stage
from tests.local.deploy import physical_ids

LOOK_SECONDS = 0.1  # at Redis: the resolution of "counted"
CPU_LOOKS = 10  # looks at Redis for one at the processes: each reads all of /proc
SAY_LOOKS = 50
WARM_UP_SECONDS = 10.0
DRAIN_SECONDS = 300.0
SEED = 20261130


@dataclass(frozen=True, slots=True)
class Asked:
    rate: float
    seconds: float


class Driven(NamedTuple):
    """What was measured begins at `from_ms`, epoch milliseconds, after `warm_up` requests."""

    asked: Asked
    from_ms: int
    warm_up: int
    seconds: float
    drained_seconds: float  # until all was billed and counted, after the last request


@dataclass
class LoadRun:
    stage: Stage
    cloud: LoadCloud
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    requests: ServedRequests = field(default_factory=ServedRequests)
    began_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    _looks: int = 0

    def __post_init__(self) -> None:
        endpoints = self.cloud.endpoints
        client = Redis.from_url(endpoints.redis_url)
        kind = GatewayCalls if self.cloud.through is Through.GATEWAY else LineWriting
        self._traffic = kind(self.cloud, self.requests, self.chance)
        self.watch = CountedWatch(client, endpoints.tenant_id, self.requests)
        self.cpu = CpuSamples(self.cloud.directory, _function_names(endpoints.functions))

    def run(self, asked: Asked) -> Driven:
        with (
            Console(self.cloud.endpoints.aforo_url) as console,
            LookingOn(lambda: self._look(console), LOOK_SECONDS) as looking,
        ):
            # A process imports for seconds where two cores start a dozen of them: no part of it.
            asyncio.run(self._traffic.drive(asked.rate, WARM_UP_SECONDS))
            self._drain(looking)
            from_ms, warm_up = time.time_ns() // 1_000_000, self.requests.served
            self.cpu.begin()
            seconds = asyncio.run(self._traffic.drive(asked.rate, asked.seconds))
            ended = time.monotonic()
            self._drain(looking)
            return Driven(asked, from_ms, warm_up, seconds, time.monotonic() - ended)

    def _drain(self, looking: LookingOn) -> None:
        """Until all is counted and no queue has anything. What never is, the account names."""

        def look() -> tuple[bool, str]:
            looking.check()
            billable, counted = len(self.requests.billable()), len(self.watch.counted)
            left = sum(waiting(self.cloud.endpoints, name) for name in self.cloud.endpoints.queues)
            said = f"{counted:,} of {billable:,} counted, {left} messages left"
            return counted == billable and not left, said

        try:
            self.stage.wait("all of it has arrived", look, DRAIN_SECONDS)
        except DemoError as error:
            self.stage.say(str(error))

    def _look(self, console: Console) -> None:
        self.watch.look()
        self._looks += 1
        if self._looks % CPU_LOOKS == 0:
            self.cpu.look()
        if self._looks % SAY_LOOKS == 0:
            self.stage.say(
                f"{self.stage.seconds():5.0f} s  {self.requests.served:,} served, "
                f"{console.ledger()['accepted']:,} billed, {self.watch.waiting:,} not counted yet"
            )


def _function_names(arns: Mapping[str, str]) -> dict[str, str]:
    """By physical name."""
    named = {arn.rpartition(":function:")[2]: name for name, arn in arns.items()}
    return {**named, physical_ids(STACK)["DemoBackendFunction"]: "the demo's backend"}
