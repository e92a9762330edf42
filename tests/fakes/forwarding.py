"""Usage events, messages and SQS records as the forwarder gets them."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.forwarder.answer import NoAnswer, Verdict, judge
from functions.forwarder.inbox import Envelope, Received, read_inbox
from functions.forwarder.packing import KeyedEvent, distinct
from functions.forwarder.problem import Reply
from functions.forwarder.settings import ForwarderSettings
from functions.usage.event import UsageEvent
from functions.usage.message import UsageMessage, to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.instants import NOW

NOW_MS = int(NOW.timestamp() * 1000)
METERED_AT = "2026-11-01T00:00:00.000Z"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def forwarder_settings(**numbers: int) -> ForwarderSettings:
    """Of made-up places, with defaults but for `numbers`."""
    return ForwarderSettings(
        usage_queue_url="u",
        usage_dead_letter_queue_url="u",
        settled_usage_queue_url="u",
        ledger_bucket="b",
        aforo_base_url="http://127.0.0.1",
        aforo_allowed_hosts="",
        aforo_tenant_id="t",
        aforo_secret_arn="s",
        **numbers,
    )


def usage_event(
    number: int, *, occurred_ms: int = NOW_MS, metric: str = "API Calls", customer: str = "cus_1"
) -> UsageEvent:
    return {
        "customerId": customer,
        "metricName": metric,
        "quantity": 1,
        "occurredAt": iso_from_epoch_ms(occurred_ms),
        "idempotencyKey": f"apigw1-{number:040x}",
        "productType": "API",
        "metadata": {
            "meter": "api_calls",
            "api_id": "a1b2c3",
            "stage": "prod",
            "region": "eu-west-1",
            "n": number,
        },
    }


def keyed_events(count: int, **changes: Any) -> list[KeyedEvent]:
    events = (usage_event(number, **changes) for number in range(count))
    return list(distinct(events).keyed_events.values())


def usage_message(events: Iterable[UsageEvent], **more: Any) -> UsageMessage:
    message: dict[str, Any] = {"version": 1, "meteredAt": METERED_AT, "events": list(events)}
    return message | more  # type: ignore[return-value]  # a test may write what is not allowed


def sqs_record(
    body: object,
    *,
    message_id: str = "m-1",
    sent_ms: int = NOW_MS,
    receives: int = 1,
    receipt_handle: str = "",
) -> dict[str, Any]:
    """A record of an SQS event, as Lambda passes it on."""
    return {
        "messageId": message_id,
        "receiptHandle": receipt_handle or f"receipt of {message_id}",
        "body": body if isinstance(body, str) else to_body(body),
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(sent_ms),
            "ApproximateFirstReceiveTimestamp": str(sent_ms + 5),
            "SenderId": "AROAEXAMPLE:metering",
        },
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:UsageQueue",
        "awsRegion": "eu-west-1",
    }


def received(body: object, **details: Any) -> Received:
    (message,) = read_inbox([sqs_record(body, **details)])
    assert isinstance(message, Received)
    return message


def envelope(*, waited_seconds: float = 0, receives: int = 1) -> Envelope:
    sent_ms = NOW_MS - int(waited_seconds * 1000)
    return Envelope("m-1", "receipt", "{}", sent_ms, sent_ms, receives)


type Answer = Callable[[Sequence[KeyedEvent]], Reply | NoAnswer]


@dataclass
class ScriptedAforo:
    """Aforo as a function: answers posts, and remembers what it was posted."""

    answer: Answer
    blocks: list[list[str]] = field(default_factory=list)

    def post(
        self, block: Sequence[KeyedEvent], has_time: Callable[[], bool] = lambda: True
    ) -> Verdict:
        self.blocks.append([keyed.key for keyed in block])
        return judge(self.answer(block), len(block), NOW)


def said(status: int, body: object = None) -> Reply:
    return Reply(status, {}, b"" if body is None else json.dumps(body).encode())


def always(answer: Reply | NoAnswer) -> Answer:
    """Aforo that says one thing, whatever it is posted."""
    return lambda _block: answer


def accepted(block: Sequence[KeyedEvent]) -> Reply:
    return said(202, {"accepted": len(block), "duplicates": 0, "failed": 0, "errors": []})


def key(number: int) -> str:
    return usage_event(number)["idempotencyKey"]


def number_of(keyed: KeyedEvent) -> int:
    return int(keyed.key.removeprefix("apigw1-"), 16)


def refusing(bad: set[int], *, status: int = 400, code: str = "VALIDATION_FAILED") -> Answer:
    """Aforo that refuses a post whole when it holds a bad event."""
    return lambda block: (
        said(status, {"code": code})
        if any(number_of(keyed) in bad for keyed in block)
        else accepted(block)
    )


def in_turn(*answers: Reply | NoAnswer | Answer) -> Answer:
    """Aforo that answers by a script, and then accepts."""
    waiting = list(answers)

    def answer(block: Sequence[KeyedEvent]) -> Reply | NoAnswer:
        if not waiting:
            return accepted(block)
        head = waiting.pop(0)
        return head(block) if callable(head) else head

    return answer
