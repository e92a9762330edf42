"""One invocation: SQS records come in; the ids of the messages that must come back leave.

Guaranteed: a message is acknowledged only when every event of it is confirmed or set aside, or on
the queue once more, and that is durable. The order of effects is the numbered comments, here and
in settle.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.adapters.aforo_http import SENDING_SECONDS
from functions.adapters.aws import CALL_SECONDS
from functions.adapters.telemetry import Telemetry
from functions.forwarder.blame import is_meant
from functions.forwarder.forwarded import Forwarded, Stamp
from functions.forwarder.heartbeats import WAIT_SECONDS, HeartbeatRelay
from functions.forwarder.holding import given_up
from functions.forwarder.inbox import (
    Received,
    ReceivedHeartbeat,
    ReceivedStall,
    Unreadable,
    read_inbox,
)
from functions.forwarder.invocation_metrics import InvocationMetrics
from functions.forwarder.posting import Posted, Posting
from functions.forwarder.returning import Returning
from functions.forwarder.settle import Settlement
from functions.forwarder.stalling import stall_of
from functions.forwarder.tries import Doubts
from functions.usage.doubt import earliest
from functions.usage.outcome import ForwardingOutcome, Held, SetAside

# One sending to Aforo, and then one place of AWS that is away through all of its tries; what else
# follows is over in 100 ms. A sending with another key asks again whether there is time.
POST_RESERVE_MS = 1000 * (SENDING_SECONDS + CALL_SECONDS + 2)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What Lambda says of this run."""

    request_id: str
    remaining_ms: Callable[[], int]

    def spare_seconds(self) -> float:
        """How long the start of a post may be put off; negative when it is too late for one."""
        return (self.remaining_ms() - POST_RESERVE_MS) / 1000


@dataclass(frozen=True, slots=True)
class Forwarding:
    """`now_ms` is the wall clock, in epoch milliseconds."""

    posting: Posting
    settlement: Settlement
    returning: Returning
    heartbeats: HeartbeatRelay
    telemetry: Telemetry
    now_ms: Callable[[], int]

    def forward(self, records: Iterable[Mapping[str, Any]], invocation: Invocation) -> list[str]:
        """Ids of the messages to see again."""
        inbox = list(read_inbox(records))
        messages = [one for one in inbox if isinstance(one, Received)]
        unreadable = [one for one in inbox if isinstance(one, Unreadable)]
        started_ms = self.now_ms()
        # 1. Aforo has what it took. Dying after this: every message comes back, received once more,
        #    which makes it doubtful; Aforo answers `duplicate`, which is confirmed.
        posted = self._post(messages, invocation, started_ms)
        stamp = Stamp(self.now_ms(), invocation.request_id)
        forwarded = [self._resolve(message, posted, started_ms) for message in messages]
        failed = self.settlement.settle(forwarded, unreadable, stamp)  # 2, 3 and 4
        returning = [one for one in forwarded if one.message_id in failed or not one.is_finished]
        # 5. What is held waits, certain of it as new messages. Dying before this: it waits for the
        #    queue's visibility timeout. Dying after it: the new ones are there, and the old ones
        #    come back beside them, doubtful; a key posted twice is billed once.
        staying, seconds = self.returning.bring_back(returning, failed, stamp.now_ms)
        # 6. The counters are told what waits, then heartbeats go on. Dying before this: they do not
        #    know until it is tried again. Dying after it: all goes on again; the newest counts.
        own = stall_of(returning, failed, seconds, stamp.now_ms)
        stalls = [one for one in inbox if isinstance(one, ReceivedStall)]
        waiting = self._keep(self.heartbeats.tell(stalls, own))
        beats = [one for one in inbox if isinstance(one, ReceivedHeartbeat)]
        is_clear = own is None and not failed
        waiting += self._pass_on(beats, is_clear=is_clear, now_ms=stamp.now_ms)
        put_back = len(returning) - len(staying)
        InvocationMetrics(forwarded, returning, unreadable, posted, put_back, stamp.now_ms).tell(
            self.telemetry
        )
        # 7. The rest is acknowledged when the handler returns. Dying before this: as after 5.
        kept = [one.envelope.message_id for one in unreadable]
        return [*staying, *(one for one in kept if one in failed), *waiting]

    def _post(
        self, messages: Sequence[Received], invocation: Invocation, started_ms: int
    ) -> Posted:
        doubts = Doubts()
        for one in messages:
            doubts.add(one.events, one.maybe_billed_since_ms, one.decided_until_ms)
        return self.posting.run(
            (event for message in messages for event in message.events),
            doubts=doubts,
            now_ms=started_ms,
            spare_seconds=invocation.spare_seconds,
        )

    def _resolve(self, received: Received, posted: Posted, started_ms: int) -> Forwarded:
        """The outcomes of one message's events; past the hold nothing stays held."""
        keys = [event["idempotencyKey"] for event in received.events]
        answered = Forwarded(received, [posted.outcomes[key] for key in keys])
        if answered.is_confirmed:
            return answered
        is_over = self.returning.holding.is_over(received.envelope, started_ms)

        def outcome(key: str) -> ForwardingOutcome:
            found = posted.outcomes[key]
            since_ms = received.maybe_billed_since_ms
            if isinstance(found, Held) and found.refusal:
                is_second = is_meant(found.refusal, received.refused.get(key), started_ms)
                found = found.refusal if is_second else found
            if isinstance(found, Held) and is_over:
                since_ms = earliest(since_ms, started_ms if found.ambiguous else None)
                found = given_up(found, is_forgotten=self._is_forgotten(since_ms, started_ms))
            if not isinstance(found, SetAside):
                return found
            return replace(
                found, maybe_billed_since_ms=earliest(since_ms, found.maybe_billed_since_ms)
            )

        return Forwarded(received, list(map(outcome, keys)))

    def _is_forgotten(self, since_ms: int | None, now_ms: int) -> bool:
        return since_ms is not None and self.posting.screening.is_past_window(now_ms - since_ms)

    def _pass_on(
        self, beats: Sequence[ReceivedHeartbeat], *, is_clear: bool, now_ms: int
    ) -> list[str]:
        if not beats:
            return []
        is_clear = is_clear and self.posting.breaker.is_shut()
        return self._keep(self.heartbeats.pass_on(beats, is_clear=is_clear, now_ms=now_ms))

    def _keep(self, waiting: Sequence[ReceivedHeartbeat | ReceivedStall]) -> list[str]:
        self.returning.visibility.hide(
            {one.envelope.receipt_handle: WAIT_SECONDS for one in waiting}
        )
        return [one.envelope.message_id for one in waiting]
