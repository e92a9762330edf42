"""SQS records come in; received messages leave: usage that validates, or a body to keep as it is.

Guaranteed: no record is lost and none raises. A body that is not a usage message is `Unreadable`,
and its text goes on unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from functions.usage.event import UsageEvent
from functions.usage.message import USAGE_MESSAGE, SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

# After these Aforo is known not to have an event: it was judged and refused, each on its own.
_JUDGED = frozenset({SetAsideClass.POISON, SetAsideClass.CONFIG})
_UNKNOWN = frozenset({SetAsideClass.AMBIGUOUS, SetAsideClass.EXHAUSTED})


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SQS says of a message. Times are epoch milliseconds."""

    message_id: str
    receipt_handle: str
    body: str
    sent_at_ms: int
    first_received_at_ms: int
    receives: int  # this one included


@dataclass(frozen=True, slots=True)
class Received:
    """A usage message that validates."""

    envelope: Envelope
    message: UsageMessage

    @property
    def events(self) -> list[UsageEvent]:
        return self.message["events"]

    @property
    def history(self) -> list[SetAsideRecord]:
        """Earlier times it was set aside; a message that a person moved back by hand still says
        the last time in `setAside`.
        """
        last = self.message.get("setAside")
        return [*self.message.get("history", []), *([last] if last else [])]

    @property
    def is_ambiguous(self) -> bool:
        """Whether Aforo may have its events from an earlier try (DESIGN.md 5).

        A message cannot be changed while it is held, so why earlier tries failed is not known.
        """
        return self.envelope.receives > 1 or any(map(_left_doubt, self.history))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is not a usage message, and the first rule that it breaks."""

    envelope: Envelope
    fault: str


def read_inbox(records: Iterable[Mapping[str, Any]]) -> Iterator[Received | Unreadable]:
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


def _read(envelope: Envelope) -> Received | Unreadable:
    try:
        message = USAGE_MESSAGE.validate_json(envelope.body)
        for event in message["events"]:
            _check_settleable(event)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return Unreadable(envelope, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except ValueError as error:
        return Unreadable(envelope, str(error))
    return Received(envelope, message)


def _check_settleable(event: UsageEvent) -> None:
    """The ledger's row is filed by hour and names the meter: an event must say both."""
    moment = event["occurredAt"]
    if not moment.endswith("Z"):
        raise ValueError("events.occurredAt: write it in UTC, with a Z")
    epoch_ms_from_iso(moment)
    if not event["metadata"].get("meter"):
        raise ValueError("events.metadata.meter: required, the permanent id of what was counted")


def _left_doubt(record: SetAsideRecord) -> bool:
    last_class = record["setAsideClass"]
    return last_class in _UNKNOWN or (record["tries"] > 1 and last_class not in _JUDGED)
