"""Since when Aforo may have the events of a message without our knowing, as one record of its
history or one row of the ledger says it, and which of it a person's decision ends. Pure
(docs/decisions/0003-doubt.md).

Guaranteed: what nobody wrote down as certain is doubtful. A refusal ends no doubt: it says what
Aforo made of an event then, and not what it took before.
"""

from collections.abc import Iterable

from functions.usage.ledger_row import LedgerRow
from functions.usage.message import SetAsideRecord
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

_UNKNOWN = frozenset({SetAsideClass.AMBIGUOUS, SetAsideClass.EXHAUSTED})


def recorded_doubt_ms(record: SetAsideRecord) -> int | None:
    """Epoch milliseconds; None: no try up to then left a doubt. ValueError for a time that is
    none.
    """
    if "doubtfulSince" in record:
        said = record["doubtfulSince"]
        return None if said is None else epoch_ms_from_iso(said)
    # Redriven by SQS, or written by an older version: nobody noted how its tries went.
    is_doubtful = record["setAsideClass"] in _UNKNOWN or record["tries"] > 1
    return epoch_ms_from_iso(record["firstTriedAt"]) if is_doubtful else None


def decided_until_ms(records: Iterable[SetAsideRecord]) -> int | None:
    """Up to when a person knew of the tries, who decided about a message with these records: the
    last try that they tell of, epoch milliseconds. Nobody decides about what comes later, and
    about nothing without a record (None). ValueError as above.
    """
    return max((epoch_ms_from_iso(_last_told_try(record)) for record in records), default=None)


def _last_told_try(record: SetAsideRecord) -> str:
    # That of a redrive is made when a replay moves the message: it knows of no last try, and its
    # `lastTriedAt` is the time of the move, until when copies may have come to anything.
    return record["lastTriedAt"] if "doubtfulSince" in record else record["firstTriedAt"]


def ledger_doubt_ms(row: LedgerRow, decided_until_ms: int | None) -> int | None:
    """The doubt with which an event was set aside. A decision ends it if all of the row is from
    before: one that was settled later may tell of later tries, too, whose doubt is not the
    earliest. ValueError as above.
    """
    since = row.get("doubtfulSince")
    if since is None:
        return None
    if decided_until_ms is not None and epoch_ms_from_iso(row["settledAt"]) <= decided_until_ms:
        return None
    return epoch_ms_from_iso(since)


def earliest(*moments_ms: int | None) -> int | None:
    """The earliest of those that are."""
    return min((one for one in moments_ms if one is not None), default=None)
