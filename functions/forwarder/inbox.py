"""SQS records come in; received messages leave: usage that validates, a heartbeat, a stall, or a
body to keep as it is.

Guaranteed: no record is lost and none raises. A body that is none of the others is `Unreadable`,
and its text goes on unchanged.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from functions.forwarder.tries import maybe_billed_since
from functions.usage.doubt import decided_until_ms, records_of
from functions.usage.event import UsageEvent
from functions.usage.heartbeat import HEARTBEAT_MESSAGE
from functions.usage.message import (
    USAGE_MESSAGE,
    HeldRecord,
    RefusedRecord,
    SetAsideRecord,
    UsageMessage,
)
from functions.usage.moment import epoch_ms_from_iso, is_filed
from functions.usage.stall import STALL_FIELD, STALL_MESSAGE, StallMessage

_HEARTBEAT_FIELD = '"heartbeatAtMs"'


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SQS says of a message, and of those that it was put back from. Times are epoch
    milliseconds.
    """

    message_id: str
    receipt_handle: str
    body: str
    sent_at_ms: int
    first_received_at_ms: int
    receives: int  # this one included


@dataclass(frozen=True, slots=True)
class Received:
    """A usage message that validates; the times are those of functions.forwarder.tries."""

    envelope: Envelope
    message: UsageMessage
    maybe_billed_since_ms: int | None
    decided_until_ms: int | None

    @property
    def events(self) -> list[UsageEvent]:
        return self.message["events"]

    @property
    def refused(self) -> Mapping[str, RefusedRecord]:
        """Aforo's first answers that refused an event and did not blame it, by key."""
        return self.message.get("refused", {})

    @property
    def history(self) -> list[SetAsideRecord]:
        return records_of(self.message)


@dataclass(frozen=True, slots=True)
class ReceivedHeartbeat:
    """A heartbeat, to be handed on as it is (functions.usage.heartbeat)."""

    envelope: Envelope
    at_ms: int


@dataclass(frozen=True, slots=True)
class ReceivedStall:
    """Metering tells of usage that waits, to be handed on as it is (functions.usage.stall)."""

    envelope: Envelope
    stall: StallMessage


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is not a usage message, and the first rule that it breaks."""

    envelope: Envelope
    fault: str


type Inbound = Received | ReceivedHeartbeat | ReceivedStall | Unreadable


def read_inbox(records: Iterable[Mapping[str, Any]]) -> Iterator[Inbound]:
    """The messages of an SQS event, in its order."""
    return (_read(_envelope(record)) for record in records)


def _envelope(record: Mapping[str, Any]) -> Envelope:
    attributes = record["attributes"]
    sent_at_ms = int(attributes["SentTimestamp"])
    return Envelope(
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        body=record["body"],
        sent_at_ms=sent_at_ms,
        first_received_at_ms=int(attributes.get("ApproximateFirstReceiveTimestamp", sent_at_ms)),
        receives=int(attributes["ApproximateReceiveCount"]),
    )


def _read(envelope: Envelope) -> Inbound:
    sign = _heartbeat(envelope) or _stall(envelope)
    if sign is not None:
        return sign
    try:
        message = USAGE_MESSAGE.validate_json(envelope.body)
        for event in message["events"]:
            _check_settleable(event)
        since_ms = maybe_billed_since(
            message, sent_at_ms=envelope.sent_at_ms, receives=envelope.receives
        )
        held = message.get("held")
        going_on = _continued(envelope, held) if held else envelope
        return Received(going_on, message, since_ms, decided_until_ms(message))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return Unreadable(envelope, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except ValueError as error:
        return Unreadable(envelope, str(error))


def _heartbeat(envelope: Envelope) -> ReceivedHeartbeat | None:
    # Two searches are cheaper than parsing; and what holds events is never taken for a heartbeat.
    if _HEARTBEAT_FIELD not in envelope.body or '"events"' in envelope.body:
        return None
    try:
        at_ms = HEARTBEAT_MESSAGE.validate_json(envelope.body)["heartbeatAtMs"]
    except ValidationError:
        return None
    return ReceivedHeartbeat(envelope, at_ms)


def _stall(envelope: Envelope) -> ReceivedStall | None:
    if STALL_FIELD not in envelope.body or '"events"' in envelope.body:
        return None
    try:
        return ReceivedStall(envelope, STALL_MESSAGE.validate_json(envelope.body))
    except ValidationError:
        return None


def _continued(envelope: Envelope, held: HeldRecord) -> Envelope:
    """The envelope of a message that was put back: its wait began with the first of its kind."""
    return replace(
        envelope,
        sent_at_ms=epoch_ms_from_iso(held["firstSentAt"]),
        first_received_at_ms=epoch_ms_from_iso(held["firstTriedAt"]),
        receives=max(0, held["tries"]) + envelope.receives,
    )


def _check_settleable(event: UsageEvent) -> None:
    """The ledger's row is filed by hour and names the meter: an event must say both. What JSON has
    no number for would make a row that other readers of the ledger cannot read.
    """
    quantity = event["quantity"]
    if isinstance(quantity, float) and not math.isfinite(quantity):
        raise ValueError("events.quantity: must be a finite number")
    moment = event["occurredAt"]
    if not moment.endswith("Z"):
        raise ValueError("events.occurredAt: write it in UTC, with a Z")
    if not is_filed(moment):
        raise ValueError("events.occurredAt: write it in full, as 2026-10-02T08:15:30.412Z")
    datetime.fromisoformat(moment)  # raises for what is no time
    if not event["metadata"].get("meter"):
        raise ValueError("events.metadata.meter: required, the permanent id of what was counted")
