"""One invocation: SQS records come in; the ids of the messages that must come back leave.

Guaranteed: a message is acknowledged only when every event of it is confirmed or set aside, and
that is durable. The order of effects is the numbered comments, here and in settle.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.adapters.telemetry import FORWARDED, Telemetry
from functions.forwarder.forwarded import Forwarded, Stamp
from functions.forwarder.holding import Holding, given_up
from functions.forwarder.inbox import Received, Unreadable, read_inbox
from functions.forwarder.posting import Posted, Posting
from functions.forwarder.settle import Settlement
from functions.usage.event import UsageEvent
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside

# A post may take 2 s to connect, 8 s to be written, 8 s to be answered and 8 s to be read
# (functions.adapters.aforo_http), and once more with another key; what follows it (three calls to
# AWS, each tried again within 30 s at worst) is usually over in 100 ms.
POST_RESERVE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Invocation:
    """What Lambda says of this run."""

    request_id: str
    remaining_ms: Callable[[], int]

    def has_time_to_post(self) -> bool:
        return self.remaining_ms() >= POST_RESERVE_MS


class Hider(Protocol):
    """The receiver's side of UsageQueue (`functions.forwarder.visibility`)."""

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> None: ...


@dataclass(frozen=True, slots=True)
class Forwarding:
    """`now_ms` is the wall clock, in epoch milliseconds."""

    posting: Posting
    holding: Holding
    settlement: Settlement
    visibility: Hider
    telemetry: Telemetry
    now_ms: Callable[[], int]

    def forward(self, records: Iterable[Mapping[str, Any]], invocation: Invocation) -> list[str]:
        """Ids of the messages to see again."""
        inbox = list(read_inbox(records))
        messages = [one for one in inbox if isinstance(one, Received)]
        unreadable = [one for one in inbox if isinstance(one, Unreadable)]
        # 1. Aforo has what it took. Dying after this: every message comes back, and Aforo answers
        #    `duplicate`, which is confirmed.
        posted = self._post(messages, invocation)
        stamp = Stamp(self.now_ms(), invocation.request_id)
        forwarded = [self._resolve(message, posted, stamp.now_ms) for message in messages]
        failed = self.settlement.settle(forwarded, unreadable, stamp)  # 2, 3 and 4
        returning = [one for one in forwarded if one.message_id in failed or not one.is_finished]
        # 5. What is held waits. Dying before this: it waits for the queue's visibility timeout.
        self.visibility.hide(
            {
                one.received.envelope.receipt_handle: self._wait(one, stamp.now_ms)
                for one in returning
            }
        )
        self._report(forwarded, returning, unreadable, posted, stamp.now_ms)
        # 6. The rest is acknowledged when the handler returns. Dying before this: as after 4.
        again = [one.message_id for one in returning]
        return again + [
            one.envelope.message_id for one in unreadable if one.envelope.message_id in failed
        ]

    def _post(self, messages: Sequence[Received], invocation: Invocation) -> Posted:
        doubtful = {
            event["idempotencyKey"]
            for message in messages
            if message.is_ambiguous
            for event in message.events
        }
        return self.posting.run(
            (event for message in messages for event in message.events),
            doubtful=doubtful,
            now_ms=self.now_ms(),
            has_time=invocation.has_time_to_post,
        )

    def _resolve(self, received: Received, posted: Posted, now_ms: int) -> Forwarded:
        """The outcomes of one message's events; past the hold nothing stays held."""
        is_over = self.holding.is_over(received.envelope, now_ms)

        def outcome(event: UsageEvent) -> ForwardingOutcome:
            found = posted.outcomes[event["idempotencyKey"]]
            if not is_over or not isinstance(found, Held):
                return found
            age_ms = now_ms - epoch_ms_from_iso(event["occurredAt"])
            is_past = self.posting.screening.is_past_window(age_ms)
            return given_up(found, is_past_window=is_past)

        return Forwarded(received, [outcome(event) for event in received.events])

    def _wait(self, one: Forwarded, now_ms: int) -> int:
        return self.holding.wait_seconds(one.received.envelope, one.held, now_ms)

    def _report(
        self,
        forwarded: Sequence[Forwarded],
        returning: Sequence[Forwarded],
        unreadable: Sequence[Unreadable],
        posted: Posted,
        now_ms: int,
    ) -> None:
        outcomes = Counter(_name_of(outcome) for one in forwarded for outcome in one.outcomes)
        for (metric, reason), times in outcomes.items():
            self.telemetry.count(metric, times, reason=reason)
        self.telemetry.count("MessagesUnreadable", len(unreadable))
        self.telemetry.count("KeyConflicts", posted.conflicts)
        self.telemetry.count("Posts", posted.posts)
        if returning:
            # SQS's own age metric leaves out messages received more than three times.
            oldest_ms = min(one.received.envelope.sent_at_ms for one in returning)
            self.telemetry.level("OldestHeldAge", (now_ms - oldest_ms) / 1000)
        self.telemetry.log.info(
            FORWARDED,
            messages=len(forwarded),
            messages_returning=len(returning),
            messages_unreadable=len(unreadable),
            posts=posted.posts,
            stopped=posted.stopped,
            outcomes={f"{name}:{why}" if why else name: n for (name, why), n in outcomes.items()},
        )


def _name_of(outcome: ForwardingOutcome) -> tuple[str, str]:
    """The metric of an outcome, and its reason."""
    match outcome:
        case Confirmed(verified):
            return ("EventsConfirmed", "") if verified else ("EventsUnverified", "")
        case SetAside(set_aside_class):
            return "EventsSetAside", set_aside_class.value
        case Held(reason):
            return "EventsHeld", reason
