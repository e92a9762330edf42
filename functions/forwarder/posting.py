"""The events of an invocation come in; the outcome of each key leaves.

Guaranteed: a key is posted once however many messages carry it, nothing is posted that screening
keeps back, no post is started that cannot end in time or within our share of Aforo's rate, and no
event waits for another's ledger. One post that is stopped stops all that have not begun.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.answer import Stop, Verdict
from functions.forwarder.delivery import BatchOutcome, deliver
from functions.forwarder.holding import BREAKER_OPEN, OUT_OF_TIME, OWN_RATE, UNTRIED
from functions.forwarder.packing import KeyedEvent, distinct, pack
from functions.forwarder.parallel import Parallel
from functions.forwarder.rate_share import RateShare
from functions.forwarder.screening import Screening
from functions.forwarder.tries import Doubts
from functions.usage.event import UsageEvent
from functions.usage.outcome import ForwardingOutcome, Held

type HasTime = Callable[[], bool]
type Post = Callable[[Sequence[KeyedEvent], HasTime], Verdict]


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
    """Packs, screens and posts. `post` sends one batch to Aforo; it is called by several threads,
    and asks before each sending whether there is time.
    """

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
        run = _Run(self, spare_seconds)
        # The young first: an hour of the ledger may take all the time that there is.
        for keyed_events in (young, old):
            posted.outcomes |= self.screening.decide(
                keyed_events, doubts=doubts, now_ms=now_ms, has_time=run.has_time
            )
            waiting = [p for p in keyed_events if p.key not in posted.outcomes]
            for delivery in run.deliver(waiting):
                posted.take(delivery)
        return posted

    def _by_age(
        self, keyed_events: Iterable[KeyedEvent], now_ms: int
    ) -> tuple[list[KeyedEvent], list[KeyedEvent]]:
        young: list[KeyedEvent] = []
        old: list[KeyedEvent] = []
        for keyed in keyed_events:
            (old if self.screening.is_old(keyed, now_ms) else young).append(keyed)
        return young, old


@dataclass(slots=True)
class _Run:
    """The posts of one invocation, and what its parallel know of each other."""

    posting: Posting
    spare_seconds: Callable[[], float]
    stopped: Held | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has_time(self) -> bool:
        return self.spare_seconds() >= 0

    def deliver(self, keyed_events: Iterable[KeyedEvent]) -> list[BatchOutcome]:
        posting = self.posting
        batches = [
            *pack(keyed_events, most_events=posting.most_events, most_bytes=posting.most_bytes)
        ]
        done: list[BatchOutcome] = []
        if batches and posting.breaker.is_probing():
            # One post is enough to see whether Aforo is back; more would only leave more doubt.
            done = [self._deliver(batches.pop(0))]
        actions = [lambda batch=batch: self._deliver(batch) for batch in batches]
        return done + posting.parallel.run(actions)

    def _deliver(self, batch: Sequence[KeyedEvent]) -> BatchOutcome:
        if refusal := self._refusal():
            return BatchOutcome(dict.fromkeys((keyed.key for keyed in batch), refusal), refusal)
        delivery = deliver(batch, self._post)
        with self._lock:
            self._record(delivery.stopped)
        return delivery

    def _refusal(self) -> Held | None:
        if self.stopped:
            return _untried(self.stopped)
        refusal = self.posting.breaker.refusal()
        # Open since an earlier invocation: nothing says that Aforo is down now.
        return Held(BREAKER_OPEN, refusal.wait_seconds) if refusal else None

    def _post(self, block: Sequence[KeyedEvent]) -> Verdict:
        spare = self.spare_seconds()
        if spare < 0:
            return Stop(Held(OUT_OF_TIME, 0))
        if wait := self.posting.share.take(len(block), spare):
            return Stop(Held(OWN_RATE, wait))
        if self.stopped:
            return Stop(_untried(self.stopped))
        return self.posting.post(block, self.has_time)

    def _record(self, stopped: Held | None) -> None:
        """The first that is stopped speaks for all: what a slower lane still heard is older news,
        and what was not tried is none.
        """
        if self.stopped or (stopped and stopped.reason in UNTRIED):
            return
        self.stopped = stopped
        self.posting.breaker.record(stopped)


def _untried(stopped: Held) -> Held:
    """What was not posted waits as long as what was, but leaves no doubt."""
    return Held(stopped.reason, stopped.wait_seconds)
