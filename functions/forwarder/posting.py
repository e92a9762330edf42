"""The events of an invocation come in; the outcome of each key leaves.

Guaranteed: a key is posted once however many messages carry it, nothing is posted that screening
keeps back, no post is started that cannot end in time, and no event waits for another's ledger.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from functions.forwarder.answer import Stop, Verdict
from functions.forwarder.breaker import Breaker
from functions.forwarder.delivery import Delivery, deliver
from functions.forwarder.doubt import Doubts
from functions.forwarder.holding import BREAKER_OPEN, OUT_OF_TIME
from functions.forwarder.packing import Parcel, distinct, pack
from functions.forwarder.screening import Screening
from functions.usage.event import UsageEvent
from functions.usage.outcome import ForwardingOutcome, Held


@dataclass(slots=True)
class Posted:
    """What became of every key, and what it took."""

    outcomes: dict[str, ForwardingOutcome] = field(default_factory=dict)
    posts: int = 0
    conflicts: int = 0  # keys that came twice with different content; the first was posted
    stopped: str = ""  # why posting ended early, if it did

    def take(self, delivery: Delivery) -> None:
        self.outcomes |= delivery.outcomes
        self.posts += delivery.posts
        self.stopped = delivery.stopped.reason if delivery.stopped else self.stopped


@dataclass(frozen=True, slots=True)
class Posting:
    """Packs, screens and posts. `post` sends one batch to Aforo."""

    screening: Screening
    breaker: Breaker
    post: Callable[[Sequence[Parcel]], Verdict]
    most_events: int
    most_bytes: int

    def run(
        self,
        events: Iterable[UsageEvent],
        *,
        doubts: Doubts,
        now_ms: int,
        has_time: Callable[[], bool],
    ) -> Posted:
        """Outcomes by key. `has_time` says whether one more post can end before the deadline."""
        found = distinct(events)
        posted = Posted(conflicts=len(found.conflicts))
        young, old = self._by_age(found.parcels.values(), now_ms)
        # The young first: an hour of the ledger may take all the time that there is.
        for parcels in (young, old):
            posted.outcomes |= self.screening.decide(
                parcels, doubts=doubts, now_ms=now_ms, has_time=has_time
            )
            self._post(parcels, posted, has_time)
        return posted

    def _by_age(self, parcels: Iterable[Parcel], now_ms: int) -> tuple[list[Parcel], list[Parcel]]:
        young: list[Parcel] = []
        old: list[Parcel] = []
        for parcel in parcels:
            (old if self.screening.is_old(parcel, now_ms) else young).append(parcel)
        return young, old

    def _post(
        self, parcels: Iterable[Parcel], posted: Posted, has_time: Callable[[], bool]
    ) -> None:
        waiting = [p for p in parcels if p.key not in posted.outcomes]
        for batch in pack(waiting, most_events=self.most_events, most_bytes=self.most_bytes):
            refusal = self.breaker.refusal()
            if refusal and not posted.posts:
                # Open since an earlier invocation: nothing says that Aforo is down now.
                refusal = Held(BREAKER_OPEN, refusal.wait_seconds)
            posted.take(_refused(batch, refusal) if refusal else self._deliver(batch, has_time))

    def _deliver(self, batch: Sequence[Parcel], has_time: Callable[[], bool]) -> Delivery:

        def post(block: Sequence[Parcel]) -> Verdict:
            return self.post(block) if has_time() else Stop(Held(OUT_OF_TIME, 0))

        delivery = deliver(batch, post)
        if delivery.stopped is None or delivery.stopped.reason != OUT_OF_TIME:
            self.breaker.record(delivery.stopped)
        return delivery


def _refused(batch: Sequence[Parcel], refusal: Held) -> Delivery:
    return Delivery(dict.fromkeys((parcel.key for parcel in batch), refusal), refusal)
