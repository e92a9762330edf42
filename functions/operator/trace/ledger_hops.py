"""The rows of a request's keys in the ledger: what became of each event, how long each hop took.

A request has one time, so its rows stand in one hour of the ledger. Where no time is known, the
names of all hours are looked through, which takes a call for each thousand of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from functions.adapters.key_filter import Sieve
from functions.adapters.ledger import LEDGER_PREFIX, Ledger, may_hold
from functions.operator.ledger.reading_progress import ReadingProgress
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import epoch_ms_from_iso, hour_of, iso_from_epoch_ms

_HOPS = {"metered": "meteredAt", "queued": "queuedAt", "settled": "settledAt"}


def rows_of_keys(
    ledger: Ledger, keys: Collection[str], hours_ms: Iterable[int], progress: ReadingProgress
) -> list[LedgerRow]:
    """All of them, in the order in which they were settled. `hours_ms`: moments in the hours to
    read; none: all hours.
    """
    if not keys:
        return []
    hours = sorted({hour_of(iso_from_epoch_ms(moment)) for moment in hours_ms})
    found = [row for hour in hours for row in ledger.rows_of(hour, keys)]
    if not hours:
        sieve = Sieve(keys)
        names = (name for name in ledger.names(LEDGER_PREFIX) if may_hold(name, sieve))
        found = [row for _, rows in progress.of(ledger.read_keys(names, keys)) for row in rows]
    return sorted(found, key=lambda row: row["settledAt"])


def hop_rows(rows: Sequence[LedgerRow]) -> Iterator[Mapping[str, object]]:
    """Each with the seconds from hop to hop, the first since the request was made."""
    for row in rows:
        yield {**row, "secondsAfter": _seconds(row)}


def _seconds(row: LedgerRow) -> dict[str, float]:
    moments = [row["occurredAt"], row["meteredAt"], row["queuedAt"], row["settledAt"]]
    stamps = [epoch_ms_from_iso(moment) for moment in moments]
    steps = [(later - earlier) / 1000 for earlier, later in pairwise(stamps)]
    return dict(zip(_HOPS, steps, strict=True))


def seconds_until_settled(row: LedgerRow) -> float:
    """Since the request was made."""
    return (epoch_ms_from_iso(row["settledAt"]) - epoch_ms_from_iso(row["occurredAt"])) / 1000


def replays_of(rows: Iterable[LedgerRow]) -> list[str]:
    """The replays and audits that brought a row, each once."""
    return list(dict.fromkeys(name for row in rows if (name := row.get("replayId"))))
