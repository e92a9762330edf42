"""A whole forwarder on places in memory."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from functions.adapters.telemetry import Telemetry
from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.forwarding import Forwarding, Invocation
from functions.forwarder.gate import Post
from functions.forwarder.heartbeats import HeartbeatRelay
from functions.forwarder.holding import Holding
from functions.forwarder.parallel import Parallel
from functions.forwarder.posting import Posting
from functions.forwarder.rate_share import RateShare
from functions.forwarder.returning import Returning
from functions.forwarder.screening import Screening
from functions.forwarder.settle import Settlement
from tests.fakes.forwarding import NOW_MS, Answer, ScriptedAforo
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.model_queue import ModelQueue
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settling import (
    FakeLedger,
    FakeMessageQueue,
    FakePlaces,
    FakeUsageQueue,
    FakeVisibility,
)

HOLD_SECONDS = 50_400


@dataclass
class Bench:
    """A forwarder, its places, and Aforo as a function. `clock` is epoch seconds."""

    answer: Answer
    clock: SettableClock = field(default_factory=lambda: SettableClock(NOW_MS / 1000))
    places: FakePlaces = field(default_factory=FakePlaces)
    remaining_ms: list[int] = field(default_factory=lambda: [120_000])
    hold_seconds: float = HOLD_SECONDS
    events_per_minute: float = 1e9
    posts_at_once: int = 1
    most_events: int = 100  # in a post
    post: Post | None = None  # instead of `answer`
    queue: ModelQueue | None = None  # instead of fakes that only remember
    jitter: Callable[[], float] = random.random
    beside: "Bench | None" = None  # another process, whose places this one shares

    def __post_init__(self) -> None:
        self.aforo = ScriptedAforo(self.answer)
        self.usage_dead_letter = FakeMessageQueue("usage_dead_letter", self.places)
        self.settled = FakeMessageQueue("settled", self.places)
        self.ledger = FakeLedger(self.places)
        self.visibility = FakeVisibility(self.places)
        self.usage = FakeUsageQueue(self.places)
        if self.beside:
            self.usage_dead_letter, self.settled = (
                self.beside.usage_dead_letter,
                self.beside.settled,
            )
            self.ledger = self.beside.ledger
        self.telemetry = telemetry = Telemetry("forwarder")
        self.forwarding = Forwarding(
            posting=Posting(
                screening=Screening(by_reading(self.ledger.read_hour), ever, 86_400),
                breaker=Breaker(self.clock, self.hold_seconds, self.jitter),
                post=self.post or self.aforo.post,
                share=RateShare(self.events_per_minute, self.clock, self.clock.advance),
                parallel=Parallel(self.posts_at_once),
                most_events=self.most_events,
                most_bytes=1_048_576,
            ),
            settlement=Settlement(self.usage_dead_letter, self.ledger, self.settled, telemetry),
            returning=Returning(
                Holding(self.hold_seconds, self.jitter),
                self.queue or self.visibility,
                self.queue or self.usage,
            ),
            heartbeats=HeartbeatRelay(self.settled, self.queue or self.usage, telemetry),
            telemetry=telemetry,
            now_ms=lambda: int(self.clock() * 1000),
        )

    def forward(self, records: Iterable[dict[str, Any]]) -> list[str]:
        return self.forwarding.forward(records, Invocation("request-1", self._remaining))

    def _remaining(self) -> int:
        return self.remaining_ms.pop(0) if len(self.remaining_ms) > 1 else self.remaining_ms[0]

    def set_aside(self) -> list[dict[str, Any]]:
        return [from_json(body) for body in self.usage_dead_letter.bodies]

    def settled_keys(self) -> list[str]:
        found = [from_json(body).get("settled", ()) for body in self.settled.bodies]
        return [one["key"] for settled in found for one in settled]

    def stalls(self) -> list[tuple[int, int]]:
        """Since when and until when usage was said to wait, epoch milliseconds."""
        found = [from_json(body) for body in self.settled.bodies]
        return [
            (one["stalledSinceMs"], one["stalledUntilMs"])
            for one in found
            if "stalledSinceMs" in one
        ]

    def heartbeats(self) -> list[str]:
        """The heartbeats that went on."""
        return [body for body in self.settled.bodies if "heartbeatAtMs" in body]
