"""The events of an invocation come in; the outcome of each key leaves.

Guaranteed: a key is posted once however many messages carry it, nothing is posted that screening
keeps back, and no event waits for another's ledger. What may be posted when, the gate says.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.delivery import BatchOutcome, deliver
from functions.forwarder.gate import Gate, Post
from functions.forwarder.packing import KeyedEvent, distinct, pack
from functions.forwarder.parallel import Parallel
from functions.forwarder.rate_share import RateShare
from functions.forwarder.screening import Screening
from functions.forwarder.tries import Doubts
from functions.usage.event import UsageEvent
from functions.usage.outcome import ForwardingOutcome


@dataclass(slots=True)
class Posted:
    """What became of every key, and what it took."""

    outcomes: dict[str, ForwardingOutcome] = field(default_factory=dict)
    posts: int = 0
    conflicts: int = 0  # keys that came twice with different content; the first was posted
    stopped: str = ""  # why posting ended early, if it did

    def take(self, delivery: BatchOutcome) -> None:
        self.outcomes |= delivery.outcomes
        self.posts += delivery.posts
        self.stopped = delivery.stopped.reason if delivery.stopped else self.stopped


@dataclass(frozen=True, slots=True)
class Posting:
    """Packs, screens and posts. `post` sends one block to Aforo; several threads call it."""

    screening: Screening
    breaker: Breaker
    post: Post
    share: RateShare
    parallel: Parallel
    most_events: int
    most_bytes: int

    def run(
        self,
        events: Iterable[UsageEvent],
        *,
        doubts: Doubts,
        now_ms: int,
        spare_seconds: Callable[[], float],
    ) -> Posted:
        """Outcomes by key. `spare_seconds` may pass before the last moment to start a post."""
        found = distinct(events)
        posted = Posted(conflicts=len(found.conflicts))
        young, old = self._by_age(found.keyed_events.values(), now_ms)
        gate = Gate(self.post, self.breaker, self.share, spare_seconds)
        # The young first: an hour of the ledger may take all the time that there is.
        for keyed_events in (young, old):
            posted.outcomes |= self.screening.decide(
                keyed_events, doubts=doubts, now_ms=now_ms, has_time=gate.has_time
            )
            batches = self._batches(p for p in keyed_events if p.key not in posted.outcomes)
            if batches and self.breaker.is_probing():
                # One post is enough to see whether Aforo is back; more would only leave more doubt.
                posted.take(deliver(batches.pop(0), gate))
            for outcome in self.parallel.run(partial(deliver, gate=gate), batches):
                posted.take(outcome)
        return posted

    def _batches(self, waiting: Iterable[KeyedEvent]) -> list[Sequence[KeyedEvent]]:
        return [*pack(waiting, most_events=self.most_events, most_bytes=self.most_bytes)]

    def _by_age(
        self, keyed_events: Collection[KeyedEvent], now_ms: int
    ) -> tuple[Sequence[KeyedEvent], Sequence[KeyedEvent]]:
        old = self.screening.old(keyed_events, now_ms)
        keys = {keyed.key for keyed in old}
        return [keyed for keyed in keyed_events if keyed.key not in keys], old
