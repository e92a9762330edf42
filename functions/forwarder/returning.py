"""What is not done comes in with its reasons; where it waits for its next try leaves.

A message whose tries left a doubt stays, invisible: that SQS has received it before is the doubt,
and survives every crash. One whose tries are all certain is put back as a new message that says so
(0003-doubt.md). Events that Aforo refused without blaming them are put back alone,
with its first answer and the doubt that there was; and so is the rest of a message that Aforo took
in part, where this try left no new doubt.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from functions.forwarder.forwarded import Forwarded
from functions.forwarder.holding import Holding
from functions.forwarder.putting_back import MOST_DELAY_SECONDS, VISIBILITY_SECONDS, Later
from functions.usage.message import HeldRecord, RefusedRecord, UsageMessage, to_body
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import Held


class Hider(Protocol):
    """The receiver's side of UsageQueue (`functions.forwarder.putting_back`)."""

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> set[str]: ...


class PutterBack(Protocol):
    """The sender's side of UsageQueue (`functions.forwarder.putting_back`)."""

    def put_back(self, messages: Mapping[str, Later]) -> set[str]: ...


class BroughtBack(NamedTuple):
    """The ids of the messages that must not be acknowledged, and for how long each message waits,
    as it is or as a new one.
    """

    staying: list[str]
    seconds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Returning:
    """Brings messages back to UsageQueue, each after its own wait."""

    holding: Holding
    visibility: Hider
    queue: PutterBack

    def bring_back(
        self, returning: Sequence[Forwarded], unsettled: Container[str], now_ms: int
    ) -> BroughtBack:
        """Messages in `unsettled` have effects that are not durable yet, so they cannot be called
        certain.
        """
        waits = {one.message_id: self._wait_seconds(one, now_ms) for one in returning}
        renewed = {
            one.message_id: Later(
                _held_body(one, now_ms), min(waits[one.message_id], MOST_DELAY_SECONDS)
            )
            for one in returning
            if _goes_on(one) and one.message_id not in unsettled
        }
        gone = self.queue.put_back(renewed)
        staying = [one for one in returning if one.message_id not in gone]
        receipts = {one.received.envelope.receipt_handle: one.message_id for one in staying}
        unchanged = self.visibility.hide(
            {receipt: waits[message_id] for receipt, message_id in receipts.items()}
        )
        waits |= {receipts[receipt]: VISIBILITY_SECONDS for receipt in unchanged}
        return BroughtBack([one.message_id for one in staying], waits)

    def _wait_seconds(self, one: Forwarded, now_ms: int) -> int:
        # An event that is asked again in minutes does not keep the others from their next try.
        reasons = [held for held in one.held if not held.refusal] or one.held
        return self.holding.wait_seconds(one.received.envelope, reasons, now_ms)


def _goes_on(one: Forwarded) -> bool:
    """As a new message: it can say all that SQS would remember of the old one."""
    return one.is_certain or one.is_asked_again or one.is_begun


def _held_body(one: Forwarded, now_ms: int) -> str:
    """The message again, without those of its events that are settled."""
    settled = {event["idempotencyKey"] for event, _ in one.settled()}
    left = [event for event in one.received.events if event["idempotencyKey"] not in settled]
    message: UsageMessage = {**one.received.message, "events": left, "held": _held_record(one)}
    if refused := _first_answers(one, now_ms):
        message = {**message, "refused": refused}
    return to_body(message)


def _held_record(one: Forwarded) -> HeldRecord:
    envelope = one.received.envelope
    record: HeldRecord = {
        "firstSentAt": iso_from_epoch_ms(envelope.sent_at_ms),
        "firstTriedAt": iso_from_epoch_ms(envelope.first_received_at_ms),
        "tries": envelope.receives,
    }
    if (since_ms := one.received.maybe_billed_since_ms) is not None:
        return {**record, "maybeBilledSince": iso_from_epoch_ms(since_ms)}
    return record


def _first_answers(one: Forwarded, now_ms: int) -> dict[str, RefusedRecord]:
    """By key, when Aforo first refused an event as it did now."""
    found: dict[str, RefusedRecord] = {}
    for event, outcome in zip(one.received.events, one.outcomes, strict=True):
        key = event["idempotencyKey"]
        known = one.received.refused.get(key)
        if isinstance(outcome, Held) and (refusal := outcome.refusal):
            if known is None or known["reason"] != refusal.reason:
                known = {"reason": refusal.reason, "refusedAt": iso_from_epoch_ms(now_ms)}
            found[key] = known
        elif isinstance(outcome, Held) and known:
            found[key] = known  # not answered this time: the first answer stands
    return found
