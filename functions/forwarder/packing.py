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


class Parcel(NamedTuple):
    """One event as it is posted."""

    key: str
    event: UsageEvent
    content: bytes


@dataclass(slots=True)
class Distinct:
    """One event per key. The first wins; `conflicts` are keys that came again with other content:
    a fault of whoever wrote them, because an event is a pure function of its log line.
    """

    parcels: dict[str, Parcel]
    conflicts: set[str]


def distinct(events: Iterable[UsageEvent]) -> Distinct:
    """Every key once, in the order of first appearance."""
    found = Distinct({}, set())
    for event in events:
        key = event["idempotencyKey"]
        known = found.parcels.get(key)
        if known is None:
            found.parcels[key] = Parcel(key, event, to_json(event))
        elif known.event != event:
            found.conflicts.add(key)
    return found


def pack(parcels: Iterable[Parcel], *, most_events: int, most_bytes: int) -> Iterator[list[Parcel]]:
    """Posts of at most so many events and bytes, in order; a larger event stands alone."""
    batch: list[Parcel] = []
    size = len(_HEAD) + len(_TAIL)
    for parcel in parcels:
        length = len(parcel.content) + 1
        if batch and (len(batch) == most_events or size + length > most_bytes):
            yield batch
            batch, size = [], len(_HEAD) + len(_TAIL)
        batch.append(parcel)
        size += length
    if batch:
        yield batch


def body_of(batch: Sequence[Parcel]) -> bytes:
    """The body of one post (aforo-contract.md 1.1.2)."""
    return _HEAD + b",".join(parcel.content for parcel in batch) + _TAIL
