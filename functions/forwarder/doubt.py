"""Since when Aforo may have the events of a message without our knowing: records come in, a time or
None leaves. Pure (docs/decisions/0003-doubt.md).

Guaranteed: a try that is not recorded as certain counts as doubtful. A doubt is harmless while
Aforo still knows every key that it saw since then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from functions.usage.doubt import recorded_doubt_ms
from functions.usage.event import UsageEvent
from functions.usage.message import SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso


@dataclass(slots=True)
class Doubts:
    """Of the events of an invocation: since when each is doubtful (epoch milliseconds), and for
    which a person decided that Aforo has not got them.
    """

    since_ms: dict[str, int] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)

    def add(self, events: Iterable[UsageEvent], since_ms: int | None, *, is_decided: bool) -> None:
        """Take note of one message."""
        for event in events:
            key = event["idempotencyKey"]
            if since_ms is not None:
                self.since_ms[key] = min(since_ms, self.since_ms.get(key, since_ms))
            if is_decided:
                self.decided.add(key)

    def of(self, key: str, in_ledger_ms: int | None) -> int | None:
        """The earliest doubt of a key; what other messages left in the ledger counts too."""
        return earliest(self.since_ms.get(key), None if key in self.decided else in_ledger_ms)


def doubtful_since(message: UsageMessage, *, sent_at_ms: int, receives: int) -> int | None:
    """The earliest doubt of a message, epoch milliseconds; None: there is none.

    Received before and still here, it was tried, and nobody wrote down that this left no doubt.
    What a person decided ends the doubts from before.
    """
    here = sent_at_ms if receives > 1 else None
    records = [] if message.get("decided") else records_of(message)
    return earliest(here, *map(recorded_doubt_ms, records)) if records else here


def records_of(message: UsageMessage) -> list[SetAsideRecord]:
    """Earlier times it was set aside; a message that a person moved back by hand still says the
    last time in `setAside`.
    """
    last = message.get("setAside")
    return [*message.get("history", []), *([last] if last else [])]


def ledger_doubt(row: Mapping[str, object]) -> int | None:
    """The doubt with which an event was set aside, as its ledger row says it."""
    found = row.get("doubtfulSince")
    return epoch_ms_from_iso(found) if isinstance(found, str) else None


def earliest(*moments_ms: int | None) -> int | None:
    """The earliest of those that are."""
    return min((one for one in moments_ms if one is not None), default=None)
