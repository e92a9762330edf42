"""What to do with one message of UsageDeadLetterQueue.

Its body comes in; what to put on UsageQueue leaves, or the reason why it stays where it is.
Guaranteed: every event of the body is in exactly one of `back` and `rest`, or the message stays
whole; why and when it was set aside goes with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from functions.replay.order import Filter, Order
from functions.usage.doubt import decided_until_ms, history_doubt_ms
from functions.usage.event import UsageEvent, meter_of
from functions.usage.message import USAGE_MESSAGE, SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso, is_filed, iso_from_epoch_ms
from functions.usage.outcome import SetAsideClass

OWN = "own"  # this replay put its events back, and they failed again
UNREADABLE = "unreadable"
NOT_CHOSEN = "not_chosen"  # by the filter
TOO_LARGE = "too_large"  # for SQS, with its history
DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message as SQS gives it. Times are epoch milliseconds."""

    message_id: str
    receipt_handle: str
    body: str
    sent_at_ms: int
    receives: int  # this one included


@dataclass(frozen=True, slots=True)
class Take:
    """Put `back` on UsageQueue; `rest`, which the filter does not choose, stays set aside."""

    back: UsageMessage
    rest: UsageMessage | None
    set_aside_class: str


@dataclass(frozen=True, slots=True)
class Keep:
    """It stays in UsageDeadLetterQueue as it is. `reason` is the forwarder's, or Aforo's, and
    `first_key` is of its first event: by it the ledger knows the rest.
    """

    why: str
    set_aside_class: str = ""
    events: int = 0
    reason: str = ""
    first_key: str = ""


def read_waiting(message: Mapping[str, Any]) -> WaitingMessage:
    """A message of a ReceiveMessage answer that asked for the two attributes."""
    attributes = message["Attributes"]
    return WaitingMessage(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        sent_at_ms=int(attributes["SentTimestamp"]),
        receives=int(attributes["ApproximateReceiveCount"]),
    )


def select(one: WaitingMessage, order: Order, replay_id: str, now_ms: int) -> Take | Keep:
    """What becomes of a one in the replay `replay_id`."""
    wanted = order.filter
    try:
        message = USAGE_MESSAGE.validate_json(one.body)
        chosen, others = _split(message["events"], wanted)
        record = message.get("setAside") or _redriven(one, message, now_ms)
        back = _back(message, chosen, record, replay_id, decided=order.send_ambiguous)
        # The manifest will ask: a time that is none must not end the round.
        history_doubt_ms(back)
        decided_until_ms(back)
    except (ValidationError, ValueError, KeyError):
        # Only a newer parser, or a person, can make sense of it (KeyError: no meter).
        return Keep(UNREADABLE)
    if replay_id in {record.get("replayId"), message.get("replayId")}:
        return _kept(OWN, message, record)
    if not chosen or record["setAsideClass"] not in wanted.classes:
        return _kept(NOT_CHOSEN, message, record)
    return Take(
        back=back,
        rest={**message, "events": others, "setAside": record} if others else None,
        set_aside_class=record["setAsideClass"],
    )


def _kept(why: str, message: UsageMessage, record: SetAsideRecord) -> Keep:
    keys = [event["idempotencyKey"] for event in message["events"]]
    return Keep(why, record["setAsideClass"], len(keys), record["reason"], keys[0] if keys else "")


def _split(events: list[UsageEvent], wanted: Filter) -> tuple[list[UsageEvent], list[UsageEvent]]:
    chosen: list[UsageEvent] = []
    others: list[UsageEvent] = []
    for event in events:
        if not is_filed(event["occurredAt"]) or not meter_of(event):
            raise ValueError("the ledger files events by UTC hour and meter")
        (chosen if _is_chosen(event, wanted) else others).append(event)
    return chosen, others


def _is_chosen(event: UsageEvent, wanted: Filter) -> bool:
    is_theirs = wanted.customer_id in {None, event["customerId"]}
    return is_theirs and wanted.takes_time(epoch_ms_from_iso(event["occurredAt"]))


def _back(
    message: UsageMessage,
    events: list[UsageEvent],
    record: SetAsideRecord,
    replay_id: str,
    *,
    decided: bool,
) -> UsageMessage:
    back: UsageMessage = {
        "version": 1,
        "meteredAt": message["meteredAt"],
        "events": events,
        "history": [*message.get("history", []), record],
        "replayId": replay_id,
    }
    # An earlier person's decision is not this replay's: it was about an earlier try.
    return {**back, "decided": True} if decided else back


def _redriven(one: WaitingMessage, message: UsageMessage, now_ms: int) -> SetAsideRecord:
    """The record of a message that SQS itself moved, after too many receives: nobody knows why
    they failed, so Aforo may have its events. Its doubt is as old as `firstTriedAt` says.
    """
    # A move keeps the time of the first send; when it was last tried is not known.
    sent_at = iso_from_epoch_ms(one.sent_at_ms)
    held = message.get("held")
    since = held.get("maybeBilledSince", sent_at) if held else sent_at
    return {
        "setAsideClass": SetAsideClass.EXHAUSTED,
        "reason": "received_too_often",
        "status": None,
        "instance": None,
        "tries": one.receives,
        "firstTriedAt": min(sent_at, since, key=epoch_ms_from_iso),
        "lastTriedAt": iso_from_epoch_ms(now_ms),
    }
