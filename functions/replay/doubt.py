"""Since when Aforo may have the events of a message without our knowing: its records come in, a
time or None leaves. Pure.

What the forwarder will judge by (docs/decisions/0003-doubt.md), so that a dry run can say what
would be parked. The forwarder alone decides; it knows of the ledger's doubts too.
"""

from collections.abc import Iterable

from functions.usage.message import SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

# After these Aforo is known not to have an event: it was judged and refused.
_JUDGED = frozenset({SetAsideClass.POISON, SetAsideClass.CONFIG})
_UNKNOWN = frozenset({SetAsideClass.AMBIGUOUS, SetAsideClass.EXHAUSTED})


def doubtful_since_ms(back: UsageMessage) -> int | None:
    """The earliest doubt in the history of a message that is put back, epoch milliseconds."""
    if back.get("decided"):
        return None
    doubts = _doubts(back.get("history", []))
    return min(doubts, default=None)


def _doubts(records: Iterable[SetAsideRecord]) -> list[int]:
    moments = [
        record["doubtfulSince"] if "doubtfulSince" in record else _unrecorded(record)
        for record in records
    ]
    return [epoch_ms_from_iso(moment) for moment in moments if moment is not None]


def _unrecorded(record: SetAsideRecord) -> str | None:
    """Moved by SQS, or written by an older version: nobody noted how its tries went."""
    last_class = record["setAsideClass"]
    is_doubtful = last_class in _UNKNOWN or (record["tries"] > 1 and last_class not in _JUDGED)
    return record["firstTriedAt"] if is_doubtful else None
