"""Since when Aforo may have the events of a message without our knowing, as one record of its
history or one row of the ledger says it, and which of it a person's decision ends. Pure
(docs/explanation/decisions/0003-doubt.md).

Guaranteed: what nobody wrote down as certain is doubtful. A refusal ends no doubt: it says what
Aforo made of an event then, and not what it took before.
"""

from functions.usage.ledger_row import LedgerRow
from functions.usage.message import SetAsideRecord, UsageMessage
from functions.usage.moment import epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

_DOUBTFUL = frozenset(one for one in SetAsideClass if one.meaning.doubtful_if_unsaid)


def recorded_doubt_ms(record: SetAsideRecord) -> int | None:
    """Epoch milliseconds; None: no try up to then left a doubt. ValueError for a time that is
    none.
    """
    if "maybeBilledSince" in record:
        said = record["maybeBilledSince"]
        return None if said is None else epoch_ms_from_iso(said)
    # Redriven by SQS, or written by an older version: nobody noted how its tries went.
    is_doubtful = record["setAsideClass"] in _DOUBTFUL or record["tries"] > 1
    return epoch_ms_from_iso(record["firstTriedAt"]) if is_doubtful else None


def records_of(message: UsageMessage) -> list[SetAsideRecord]:
    """Earlier times it was set aside; a message that a person moved back by hand still says the
    last time in `setAside`.
    """
    last = message.get("setAside")
    return [*message.get("history", []), *([last] if last else [])]


def decided_until_ms(message: UsageMessage) -> int | None:
    """Up to when a person decided that Aforo has not got the events of a message: the last try that
    its records tell of, epoch milliseconds. None: nobody decided, or there is no record of
    anything to decide about. ValueError as above.

    While the message is held it stays so: put back is only what no try left a doubt on.
    """
    if not message.get("decided"):
        return None
    tries = (epoch_ms_from_iso(_last_told_try(record)) for record in records_of(message))
    return max(tries, default=None)


def _last_told_try(record: SetAsideRecord) -> str:
    # That of a redrive is made when a replay moves the message: it knows of no last try, and its
    # `lastTriedAt` is the time of the move, until when copies may have come to anything.
    return record["lastTriedAt"] if "maybeBilledSince" in record else record["firstTriedAt"]


def ledger_doubt_ms(row: LedgerRow, decided_until_ms: int | None) -> int | None:
    """The doubt with which an event was set aside. A decision ends it if all of the row is from
    before: one that was settled later may tell of later tries, too, whose doubt is not the
    earliest. ValueError as above.
    """
    since = row.get("maybeBilledSince")
    if since is None:
        return None
    if decided_until_ms is not None and epoch_ms_from_iso(row["settledAt"]) <= decided_until_ms:
        return None
    return epoch_ms_from_iso(since)


def earliest(*moments_ms: int | None) -> int | None:
    """The earliest of those that are."""
    return min((one for one in moments_ms if one is not None), default=None)


def history_doubt_ms(back: UsageMessage) -> int | None:
    """The earliest doubt in the history of a message that is put back, epoch milliseconds: what the
    forwarder will judge by, so that a dry run can say what would need a decision. The forwarder
    alone decides, and knows of the ledger's doubts too.
    """
    if back.get("decided"):
        return None
    return earliest(*map(recorded_doubt_ms, back.get("history", [])))
