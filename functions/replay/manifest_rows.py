"""What a move decided about a message comes in; the rows of its manifests leave. Pure."""

from functions.replay.manifest import HeldRow, SentRow
from functions.replay.selection import Keep, Take, WaitingMessage
from functions.usage.doubt import decided_until_ms, history_doubt_ms
from functions.usage.event import meter_of


def sent_rows(take: Take) -> list[SentRow]:
    since_ms, until_ms = history_doubt_ms(take.back), decided_until_ms(take.back)
    return [
        {
            "key": event["idempotencyKey"],
            "customerId": event["customerId"],
            "meter": meter_of(event),
            "quantity": event["quantity"],
            "occurredAt": event["occurredAt"],
            "setAsideClass": take.set_aside_class,
            "maybeBilledSinceMs": since_ms,
            "decidedUntilMs": until_ms,
        }
        for event in take.back["events"]
    ]


def held_row(one: WaitingMessage, keep: Keep) -> HeldRow:
    return {
        "messageId": one.message_id,
        "receiptHandle": one.receipt_handle,
        "why": keep.why,
        "setAsideClass": keep.set_aside_class,
        "events": keep.events,
        "reason": keep.reason,
        "firstKey": keep.first_key,
        "sentAtMs": one.sent_at_ms,
    }
