"""The bodies of the queues: usage messages, and settled usage on its way to the counters.

One shape serves UsageQueue and UsageDeadLetterQueue: what was set aside is the usage message
again, with the reason beside it, so that replay moves it back as it is. Bodies are ASCII JSON:
SQS refuses some characters that JSON allows (aws-and-counters.md 1.1).
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NotRequired, ReadOnly, TypedDict

from pydantic_core import to_json

from functions.usage.event import UsageEvent
from functions.usage.shape import shape_of

# One SQS billing chunk of 64 KB, less what stands around the rows; larger bodies save no CPU
# (performance.md 3), and one message lost to a poisoned neighbour or a redrive stays small.
MESSAGE_BYTES = 63 * 1024
_BRACKETS = 1  # `[` and `]` are two, and n rows have n - 1 commas: a byte more than one a row


class SetAsideRecord(TypedDict):
    """Why, and after what, the events of a message were set aside."""

    setAsideClass: ReadOnly[str]
    reason: ReadOnly[str]
    status: ReadOnly[int | None]
    instance: ReadOnly[str | None]
    tries: ReadOnly[int]
    firstTriedAt: ReadOnly[str]
    lastTriedAt: ReadOnly[str]
    # Since when Aforo may have them without our knowing; null: it has not. Absent: an older writer.
    maybeBilledSince: NotRequired[ReadOnly[str | None]]
    replayId: NotRequired[ReadOnly[str]]  # the replay that this try belonged to


class HeldRecord(TypedDict):
    """The tries of a message that was put back as a new one. None of them left a doubt, but for one
    that it says: Aforo has nothing of it that it did not confirm (0003-doubt.md).
    Metering makes one, of no try, for what an audit missed: Aforo may have had it.
    """

    firstSentAt: ReadOnly[str]
    firstTriedAt: ReadOnly[str]
    tries: ReadOnly[int]
    maybeBilledSince: NotRequired[ReadOnly[str]]  # a doubt from before, which no try ends


class RefusedRecord(TypedDict):
    """Aforo's first answer that refused an event and did not blame it."""

    reason: ReadOnly[str]
    refusedAt: ReadOnly[str]


class UsageMessage(TypedDict):
    """An SQS body of UsageQueue or UsageDeadLetterQueue."""

    version: ReadOnly[Literal[1]]
    meteredAt: ReadOnly[str]
    events: ReadOnly[list[UsageEvent]]
    setAside: NotRequired[ReadOnly[SetAsideRecord]]  # only in UsageDeadLetterQueue
    history: NotRequired[ReadOnly[list[SetAsideRecord]]]  # earlier times it was set aside
    replayId: NotRequired[ReadOnly[str]]  # the replay that put it back
    decided: NotRequired[ReadOnly[bool]]  # a person decided: Aforo has not got the doubtful ones
    held: NotRequired[ReadOnly[HeldRecord]]  # only in UsageQueue
    refused: NotRequired[ReadOnly[dict[str, RefusedRecord]]]  # by key; only in UsageQueue


class SettledUsage(TypedDict):
    """One settled event: what the quota counts. Set-aside usage counts too (architecture.md 3)."""

    key: ReadOnly[str]
    customerId: ReadOnly[str]
    meter: ReadOnly[str]
    quantity: ReadOnly[int | float]
    occurredAt: ReadOnly[str]


class SettledMessage(TypedDict):
    """An SQS body of SettledUsageQueue that carries usage (commands: `reconciliation.commands`)."""

    version: ReadOnly[Literal[1]]
    settled: ReadOnly[list[SettledUsage]]


USAGE_MESSAGE = shape_of(UsageMessage)


def to_body(message: object) -> str:
    """The JSON text of a message, ASCII only."""
    # Escaping costs more than twice as much, and there is seldom anything to escape.
    text = to_json(message)
    return (text if text.isascii() else to_json(message, ensure_ascii=True)).decode()


def packed[Row](rows: Iterable[Row], limit: int = MESSAGE_BYTES) -> Iterator[list[Row]]:
    """Groups of rows, in order, of at most `limit` bytes of JSON; a larger row stands alone."""
    group: list[Row] = []
    size = _BRACKETS
    for row in rows:
        row_size = len(to_body(row)) + 1
        if group and size + row_size > limit:
            yield group
            group, size = [], _BRACKETS
        group.append(row)
        size += row_size
    if group:
        yield group


def event_text(event: UsageEvent) -> str:
    """The JSON text of one event, ASCII only: what stands in a body."""
    return to_body(event)


def usage_bodies(
    event_texts: Iterable[str], metered_at: str, replay_id: str = "", maybe_billed_since: str = ""
) -> Iterator[str]:
    """The bodies of usage messages of new events, given as `event_text`: what `packed` and
    `to_body` would make, with each event serialised once. `maybe_billed_since`: since when Aforo
    may have them; empty: it has not.
    """
    again: dict[str, object] = {"replayId": replay_id} if replay_id else {}
    if maybe_billed_since:
        held: HeldRecord = {
            "firstSentAt": metered_at,
            "firstTriedAt": metered_at,
            "tries": 0,
            "maybeBilledSince": maybe_billed_since,
        }
        again["held"] = held
    head = to_body({"version": 1, "meteredAt": metered_at, **again})[:-1] + ',"events":['
    return _bodies(head, event_texts)


def settled_bodies(settled: Iterable[SettledUsage]) -> Iterator[str]:
    """The bodies of settled messages, made in the same way."""
    return _bodies('{"version":1,"settled":[', map(to_body, settled))


def _bodies(head: str, texts: Iterable[str]) -> Iterator[str]:
    group: list[str] = []
    size = _BRACKETS
    for text in texts:
        if group and size + len(text) + 1 > MESSAGE_BYTES:
            yield head + ",".join(group) + "]}"
            group, size = [], _BRACKETS
        group.append(text)
        size += len(text) + 1
    if group:
        yield head + ",".join(group) + "]}"
