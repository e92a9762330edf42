"""What Aforo will not take, as bodies for UsageDeadLetterQueue: usage messages again, one class
and reason each, with their history. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, ReadOnly, TypedDict

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.forwarder.inbox import Envelope, Received, Unreadable
from functions.usage.event import UsageEvent
from functions.usage.message import SetAsideRecord, UsageMessage, packed, to_body
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import SetAside, SetAsideClass


class UnreadableMessage(TypedDict):
    """A body that is not a usage message, kept as text. It has no `events`, so that it is not taken
    for one: a person repairs it.
    """

    version: ReadOnly[Literal[1]]
    unreadable: ReadOnly[str]
    fault: ReadOnly[str]
    setAside: ReadOnly[SetAsideRecord]


def set_aside_bodies(
    received: Received, events: Iterable[tuple[UsageEvent, SetAside]], now_ms: int
) -> Iterator[str]:
    """The bodies that hold the set-aside events of one message, in about 64 KiB each."""
    groups: dict[SetAside, list[UsageEvent]] = defaultdict(list)
    instances: dict[SetAside, str | None] = {}
    for event, why in events:
        alike = replace(why, instance=None)
        instances.setdefault(alike, why.instance)
        groups[alike].append(event)
    for alike, group in groups.items():
        record = _record(received, replace(alike, instance=instances[alike]), now_ms)
        for rows in packed(group):
            yield _sendable(_message(received, rows, record), received.envelope)


def unreadable_body(unreadable: Unreadable, now_ms: int) -> str:
    """The body that keeps a text which is not a usage message."""
    envelope = unreadable.envelope
    # Received before, it may have been posted by a version that could read it.
    since_ms = envelope.sent_at_ms if envelope.receives > 1 else None
    why = SetAside(SetAsideClass.POISON, "unreadable", maybe_billed_since_ms=since_ms)
    message: UnreadableMessage = {
        "version": 1,
        "unreadable": envelope.body,
        "fault": unreadable.fault,
        "setAside": _record_of(envelope, why, now_ms),
    }
    return _sendable(message, envelope)


def _message(received: Received, events: list[UsageEvent], record: SetAsideRecord) -> UsageMessage:
    message: UsageMessage = {
        "version": 1,
        "meteredAt": received.message["meteredAt"],
        "events": events,
        "setAside": record,
        "history": received.history,
    }
    if replay_id := received.message.get("replayId"):
        return {**message, "replayId": replay_id}
    return message


def _record(received: Received, why: SetAside, now_ms: int) -> SetAsideRecord:
    record = _record_of(received.envelope, why, now_ms)
    if replay_id := received.message.get("replayId"):
        return {**record, "replayId": replay_id}
    return record


def _record_of(envelope: Envelope, why: SetAside, now_ms: int) -> SetAsideRecord:
    since_ms = why.maybe_billed_since_ms
    return {
        "setAsideClass": why.set_aside_class.value,
        "reason": why.reason,
        "status": why.status,
        "instance": why.instance,
        "tries": envelope.receives,
        "firstTriedAt": iso_from_epoch_ms(envelope.first_received_at_ms),
        "lastTriedAt": iso_from_epoch_ms(now_ms),
        "maybeBilledSince": None if since_ms is None else iso_from_epoch_ms(since_ms),
    }


def _sendable(message: object, envelope: Envelope) -> str:
    """The message's text, or the body as it came when the record makes it too long for SQS: it
    loses its reason, never its usage.
    """
    body = to_body(message)
    return body if len(body) <= BYTES_PER_CALL else envelope.body
