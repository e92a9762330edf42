"""What is not done comes in with its reasons; where it waits for its next try leaves.

A message whose tries left a doubt stays, invisible: that SQS has received it before is the doubt,
and survives every crash. One whose tries are all certain is put back as a new message that says so
(docs/decisions/0003-doubt.md).
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.forwarder.forwarded import Forwarded
from functions.forwarder.holding import Holding
from functions.forwarder.putting_back import MOST_DELAY_SECONDS, Later
from functions.usage.message import HeldRecord, UsageMessage, to_body
from functions.usage.moment import iso_from_epoch_ms


class Hider(Protocol):
    """The receiver's side of UsageQueue (`functions.forwarder.putting_back`)."""

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> None: ...


class PutterBack(Protocol):
    """The sender's side of UsageQueue (`functions.forwarder.putting_back`)."""

    def put_back(self, messages: Mapping[str, Later]) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Returning:
    """Brings messages back to UsageQueue, each after its own wait."""

    holding: Holding
    visibility: Hider
    queue: PutterBack

    def bring_back(
        self, returning: Sequence[Forwarded], unsettled: Container[str], now_ms: int
    ) -> list[str]:
        """Ids of the messages that must not be acknowledged. Those in `unsettled` have effects that
        are not durable yet, so they cannot be called certain.
        """
        waits = {
            one.message_id: self.holding.wait_seconds(one.received.envelope, one.held, now_ms)
            for one in returning
        }
        certain = {
            one.message_id: Later(_held_body(one), min(waits[one.message_id], MOST_DELAY_SECONDS))
            for one in returning
            if one.is_certain and one.message_id not in unsettled
        }
        gone = self.queue.put_back(certain)
        staying = [one for one in returning if one.message_id not in gone]
        self.visibility.hide(
            {one.received.envelope.receipt_handle: waits[one.message_id] for one in staying}
        )
        return [one.message_id for one in staying]


def _held_body(one: Forwarded) -> str:
    envelope = one.received.envelope
    held: HeldRecord = {
        "firstSentAt": iso_from_epoch_ms(envelope.sent_at_ms),
        "firstTriedAt": iso_from_epoch_ms(envelope.first_received_at_ms),
        "tries": envelope.receives,
    }
    message: UsageMessage = {**one.received.message, "held": held}
    return to_body(message)
