"""Since when Aforo may have the events of a message without our knowing: records come in, a time or
None leaves. Pure (docs/explanation/decisions/0003-doubt.md).

Guaranteed: a try that is not recorded as certain counts as doubtful. A doubt is harmless while
Aforo still knows every key that it saw since then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from functions.usage.doubt import earliest, ledger_doubt_ms, recorded_doubt_ms, records_of
from functions.usage.event import UsageEvent
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import UsageMessage
from functions.usage.moment import epoch_ms_from_iso


@dataclass(slots=True)
class Doubts:
    """Of the events of an invocation: since when each is doubtful, and up to when a person decided
    that Aforo has not got it (epoch milliseconds).
    """

    since_ms: dict[str, int] = field(default_factory=dict)
    decided_until_ms: dict[str, int] = field(default_factory=dict)

    def add(
        self, events: Iterable[UsageEvent], since_ms: int | None, decided_until_ms: int | None
    ) -> None:
        """Take note of one message. Of copies, the last decision is about all earlier tries."""
        if since_ms is None and decided_until_ms is None:
            return  # as good as always
        for event in events:
            key = event["idempotencyKey"]
            if since_ms is not None:
                self.since_ms[key] = min(since_ms, self.since_ms.get(key, since_ms))
            if decided_until_ms is not None:
                until_ms = self.decided_until_ms.get(key, decided_until_ms)
                self.decided_until_ms[key] = max(decided_until_ms, until_ms)

    def is_decided(self, key: str) -> bool:
        """Whether a person has said of an event that Aforo has not got it."""
        return key in self.decided_until_ms

    def of(self, key: str, rows: Iterable[LedgerRow]) -> int | None:
        """The earliest doubt of a key. What messages left in its ledger rows counts too, unless a
        decision is about it: a copy may have been posted since.
        """
        until_ms = self.decided_until_ms.get(key)
        return earliest(self.since_ms.get(key), *(ledger_doubt_ms(row, until_ms) for row in rows))


def maybe_billed_since(message: UsageMessage, *, sent_at_ms: int, receives: int) -> int | None:
    """The earliest doubt of a message, epoch milliseconds; None: there is none.

    Received before and still here, it was tried, and nobody wrote down that this left no doubt.
    What a person decided ends the doubts of its records, and none of the tries since it was sent.
    """
    here = earliest(sent_at_ms if receives > 1 else None, _held_doubt_ms(message))
    records = [] if message.get("decided") else records_of(message)
    return earliest(here, *map(recorded_doubt_ms, records)) if records else here


def _held_doubt_ms(message: UsageMessage) -> int | None:
    held = message.get("held")
    since = held.get("maybeBilledSince") if held else None
    return None if since is None else epoch_ms_from_iso(since)
