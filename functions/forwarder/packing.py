"""The distinct events of all messages come in; as few posts as the limits allow leave.

An event is serialised once, however often its post is split (performance.md 3).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic_core import to_json

from functions.usage.event import UsageEvent

_HEAD = b'{"events":['
_TAIL = b"]}"


class KeyedEvent(NamedTuple):
    """One event as it is posted."""

    key: str
    event: UsageEvent
    content: bytes


@dataclass(slots=True)
class Distinct:
    """One event per key. The first wins; `conflicts` are keys that came again with other content:
    a fault of whoever wrote them, because an event is a pure function of its log line.
    """

    keyed_events: dict[str, KeyedEvent]
    conflicts: set[str]


def distinct(events: Iterable[UsageEvent]) -> Distinct:
    """Every key once, in the order of first appearance."""
    found = Distinct({}, set())
    for event in events:
        key = event["idempotencyKey"]
        known = found.keyed_events.get(key)
        if known is None:
            found.keyed_events[key] = KeyedEvent(key, event, to_json(event))
        elif known.event != event:
            found.conflicts.add(key)
    return found


def pack(
    keyed_events: Iterable[KeyedEvent], *, most_events: int, most_bytes: int
) -> Iterator[list[KeyedEvent]]:
    """Posts of at most so many events and bytes, in order; a larger event stands alone."""
    batch: list[KeyedEvent] = []
    size = len(_HEAD) + len(_TAIL)
    for keyed in keyed_events:
        length = len(keyed.content) + 1
        if batch and (len(batch) == most_events or size + length > most_bytes):
            yield batch
            batch, size = [], len(_HEAD) + len(_TAIL)
        batch.append(keyed)
        size += length
    if batch:
        yield batch


def body_of(batch: Sequence[KeyedEvent]) -> bytes:
    """The body of one post (aforo-contract.md 1.1.2)."""
    return _HEAD + b",".join(keyed.content for keyed in batch) + _TAIL
