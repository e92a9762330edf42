"""What happened in a run, told apart as finely as the catalogue of failures asks: taken where it
happens, and never from what was planned.
"""

import json
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import httpx

from functions.forwarder import settled_rows
from functions.usage.heartbeat import HEARTBEAT_STREAM
from tests.local.aforo.fault_list import Active
from tests.simulation.aws.function import Answered, Function
from tests.simulation.aws.simulated_queue import Message
from tests.simulation.engine.process import Process, Raised
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.aforo_place import AforoPlace, Asked
from tests.simulation.usage_road.road_places import FORWARDER, METERING, USAGE_DEAD_LETTERS

_GZIP = 31
_MOST_DIGITS = 4  # of seconds that anybody would wait


@dataclass(eq=False)
class Witnesses:
    """`faults` of Aforo by kind, and `statuses` that it answered; `classes` of what was set aside;
    `outage` is the longest time in which Aforo answered nothing but 5xx.
    """

    sim: Simulation
    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    retry_after: Counter[str] = field(default_factory=Counter)  # by form
    classes: Counter[str] = field(default_factory=Counter)
    failed_whole: int = 0  # invocations of the forwarder that left every message
    failed_heartbeats: int = 0  # heartbeats that metering did not pass on
    copies_given_up: int = 0  # one key, set aside from two messages in one invocation
    outage: float = 0.0
    _down_since: float | None = None

    def attend(self, aforo: AforoPlace) -> None:
        """From now on."""
        self._at_aforo(aforo)
        _overhear(self.sim.functions[FORWARDER], self._forwarded)
        _overhear(self.sim.functions[METERING], self._metered)
        dead = self.sim.queues[USAGE_DEAD_LETTERS]
        enter = dead._enter

        def entered(message: Message) -> None:
            record = json.loads(message.body).get("setAside")
            self.classes[record["setAsideClass"] if record else "received_too_often"] += 1
            enter(message)

        dead._enter = entered  # type: ignore[method-assign]
        both = settled_rows._more_doubtful
        self.sim.patches.enter_context(
            patch.object(settled_rows, "_more_doubtful", self._counting(both))
        )

    def _counting(self, both: Callable[..., Any]) -> Callable[..., Any]:
        def counted(known: Any, other: Any) -> Any:
            self.copies_given_up += other["outcome"] == known["outcome"] == "set_aside"
            return both(known, other)

        return counted

    def _at_aforo(self, aforo: AforoPlace) -> None:
        answer, for_post = aforo.answer, aforo.faults.for_post

        def answered(asked: Asked, process: Process) -> httpx.Response:
            response = answer(asked, process)
            self._heard(response.status_code, response.headers)
            return response

        def met(events: Sequence[Any]) -> Active | None:
            active = for_post(events)
            if active is not None:
                self.faults[active.fault.kind] += 1
            return active

        aforo.answer = answered  # type: ignore[method-assign]
        patches = self.sim.patches
        patches.enter_context(patch.object(type(aforo.faults), "for_post", lambda _, e: met(e)))

    def _heard(self, status: int, headers: Mapping[str, str]) -> None:
        self.statuses[status] += 1
        told = headers.get("retry-after")
        if status == httpx.codes.TOO_MANY_REQUESTS and told:
            form = "number" if told.isdigit() else "date"
            self.retry_after[
                "absurd" if form == "number" and len(told) > _MOST_DIGITS else form
            ] += 1
        now = self.sim.world.now
        if not httpx.codes.is_server_error(status):
            self._down_since = None
        elif self._down_since is None:
            self._down_since = now
        else:
            self.outage = max(self.outage, now - self._down_since)

    def _forwarded(self, event: Any, answer: object) -> None:
        if isinstance(answer, Mapping):
            again, records = answer.get("batchItemFailures", ()), event["Records"]
            self.failed_whole += 1 < len(records) == len(again)

    def _metered(self, event: Any, answer: object) -> None:
        if isinstance(answer, Raised) and isinstance(event, Mapping) and "awslogs" in event:
            packed = b64decode(event["awslogs"]["data"])
            delivery = json.loads(zlib.decompress(packed, _GZIP))
            self.failed_heartbeats += delivery["logStream"] == HEARTBEAT_STREAM


def _overhear(function: Function, heard: Callable[[Any, object], None]) -> None:
    call = function.call

    def overheard(event: Any, done: Answered) -> None:
        def answered(answer: object) -> None:
            heard(event, answer)
            done(answer)

        call(event, answered)

    function.call = overheard  # type: ignore[method-assign]
