"""Since when Aforo may have the events of a message without our knowing, as one record of its
history says it. Pure (docs/decisions/0003-doubt.md).

Guaranteed: what nobody wrote down as certain is doubtful. A refusal ends no doubt: it says what
Aforo made of an event then, and not what it took before.
"""

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
