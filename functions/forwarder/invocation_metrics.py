"""What an invocation came to, in metrics and one line of the log."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from functions.adapters.telemetry import FORWARDED, Telemetry
from functions.forwarder.forwarded import Forwarded
from functions.forwarder.inbox import Unreadable
from functions.forwarder.posting import Posted
from functions.usage.freshness import seconds_since
from functions.usage.metric import Metric
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside


@dataclass(frozen=True, slots=True)
class InvocationMetrics:
    """One invocation. `returning` are the messages that come back, `put_back` how many of them as
    new ones.
    """

    forwarded: Sequence[Forwarded]
    returning: Sequence[Forwarded]
    unreadable: Sequence[Unreadable]
    posted: Posted
    put_back: int
    now_ms: int

    def tell(self, telemetry: Telemetry) -> None:
        """Count and log it."""
        outcomes = _named(chain.from_iterable(one.outcomes for one in self.forwarded))
        for (metric, reason), times in outcomes.items():
            telemetry.count(metric, times, reason=reason)
        telemetry.count(Metric.MESSAGES_UNREADABLE, len(self.unreadable))
        telemetry.count(Metric.KEY_CONFLICTS, self.posted.conflicts)
        telemetry.count(Metric.POSTS, self.posted.posts)
        # Also what was held, or set aside and replayed: its wait is in the request's time.
        billed = seconds_since(self._confirmed(), self.now_ms)
        telemetry.spread(Metric.REQUEST_TO_BILLED, billed)
        if self.returning:
            # SQS's own age metric leaves out messages received more than three times, and those
            # that were put back are new to it.
            oldest_ms = min(one.received.envelope.sent_at_ms for one in self.returning)
            telemetry.level(Metric.OLDEST_HELD_AGE, (self.now_ms - oldest_ms) / 1000)
        telemetry.report(
            FORWARDED,
            messages=len(self.forwarded),
            messages_returning=len(self.returning),
            messages_put_back=self.put_back,
            messages_unreadable=len(self.unreadable),
            posts=self.posted.posts,
            stopped=self.posted.stopped,
            outcomes={f"{name}:{why}" if why else name: n for (name, why), n in outcomes.items()},
        )

    def _confirmed(self) -> Iterator[str]:
        """When the requests were made that Aforo has confirmed now."""
        for one in self.forwarded:
            for event, outcome in zip(one.received.events, one.outcomes, strict=True):
                if isinstance(outcome, Confirmed):
                    yield event["occurredAt"]


def _named(outcomes: Iterable[ForwardingOutcome]) -> Counter[tuple[Metric, str]]:
    """How many there are of each name. The events of a post share one outcome: it is named once."""
    found = list(outcomes)
    distinct = {id(outcome): outcome for outcome in found}
    named: Counter[tuple[Metric, str]] = Counter()
    for place, times in Counter(map(id, found)).items():
        named[_name_of(distinct[place])] += times
    return named


def _name_of(outcome: ForwardingOutcome) -> tuple[Metric, str]:
    """The metric of an outcome, and its reason."""
    match outcome:
        case Confirmed(verified):
            return (Metric.EVENTS_CONFIRMED if verified else Metric.EVENTS_UNVERIFIED), ""
        case SetAside(set_aside_class):
            return Metric.EVENTS_SET_ASIDE, set_aside_class.value
        case Held(reason):
            return Metric.EVENTS_HELD, reason
