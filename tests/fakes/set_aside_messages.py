"""Messages of UsageDeadLetterQueue, as the forwarder or a redrive leaves them, and the rows that
a replay and the forwarder write of them.
"""

import time
from collections.abc import Iterable

from functions.replay.manifest import SentRow
from functions.replay.order import Order
from functions.replay.selection import WaitingMessage
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import SetAsideRecord, UsageMessage, to_body
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.fakes.settled_row import settled_row

NOW_MS = 1_795_435_200_000  # 2026-11-23T12:00:00Z
TRIED_AT = "2026-11-23T10:00:02.000Z"
METERED_AT = "2026-11-23T10:00:01.000Z"
OCCURRED_AT = "2026-11-23T10:00:00.000Z"


def an_hour_ago() -> str:
    """By the clock that functions of the emulator go by: a fixed time grows too old for them."""
    return iso_from_epoch_ms(time.time_ns() // 1_000_000 - HOUR_MS)


def decided_order() -> Order:
    """A person's word about everything that is set aside, poison aside."""
    everything = {"olderThan": "9999-01-01T00:00:00Z"}
    return Order.model_validate({"sendAmbiguous": True, "filter": everything})


def event(
    number: int, *, customer: str = "cus_a", occurred_at: str = OCCURRED_AT, quantity: int = 1
) -> UsageEvent:
    identity = RequestIdentity("111122223333", "us-east-1", "api", "prod", f"request-{number}")
    return {
        "customerId": customer,
        "metricName": "API Calls",
        "quantity": quantity,
        "occurredAt": occurred_at,
        "idempotencyKey": identity.event_key("api_calls"),
        "productType": "API",
        "metadata": {"meter": "api_calls", "stage": "prod"},
    }


def record(
    set_aside_class: str = "config", replay_id: str = "", tried_at: str = TRIED_AT
) -> SetAsideRecord:
    found: SetAsideRecord = {
        "setAsideClass": set_aside_class,
        "reason": "unknown_metric",
        "status": 422,
        "instance": "req_1",
        "tries": 1,
        "firstTriedAt": tried_at,
        "lastTriedAt": tried_at,
    }
    return {**found, "replayId": replay_id} if replay_id else found


def message(
    events: Iterable[UsageEvent],
    set_aside: SetAsideRecord | None = None,
    history: list[SetAsideRecord] | None = None,
) -> UsageMessage:
    body: UsageMessage = {"version": 1, "meteredAt": METERED_AT, "events": list(events)}
    if set_aside:
        body = {**body, "setAside": set_aside}
    return {**body, "history": history} if history else body


def waiting_message(body: str | UsageMessage, receives: int = 1) -> WaitingMessage:
    return WaitingMessage(
        message_id="m-1",
        receipt_handle="r-1",
        body=body if isinstance(body, str) else to_body(body),
        sent_at_ms=NOW_MS - 1_000,
        receives=receives,
    )


def sent_row(
    number: int, *, customer: str = "cus_a", occurred_at: str = OCCURRED_AT, quantity: int = 1
) -> SentRow:
    one = event(number, customer=customer, occurred_at=occurred_at, quantity=quantity)
    return {
        "key": one["idempotencyKey"],
        "customerId": one["customerId"],
        "meter": "api_calls",
        "quantity": one["quantity"],
        "occurredAt": one["occurredAt"],
        "setAsideClass": "config",
    }


def ledger_row(
    number: int, *, set_aside_class: str = "", replay_id: str = "", occurred_at: str = OCCURRED_AT
) -> LedgerRow:
    fields = {
        "meteredAt": METERED_AT,
        "queuedAt": METERED_AT,
        "settledAt": iso_from_epoch_ms(NOW_MS),
    }
    if set_aside_class:
        fields |= {"outcome": "set_aside", "setAsideClass": set_aside_class}
        fields |= {"reason": "unknown_metric"}
    if replay_id:
        fields |= {"replayId": replay_id}
    return settled_row(event(number)["idempotencyKey"], occurred_at, **fields)
