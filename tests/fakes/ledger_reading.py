"""Looking keys up by reading everything: what the ledger's lookup must agree with."""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from functions.forwarder.ledger_lookup import Found
from functions.usage.ledger_row import LedgerRow

type ReadHour = Callable[[str], Iterable[LedgerRow]]
type LookUp = Callable[[str, Collection[str], Callable[[], bool]], Found]


def ever(_: int) -> bool:
    """A ledger that was always there."""
    return True


def beginning_ever() -> datetime:
    """The beginning of such a ledger."""
    return datetime.fromtimestamp(0, UTC)


def by_reading(read_hour: ReadHour) -> LookUp:
    """A lookup over the rows of an hour; the time is looked at after each."""

    def look_up(hour: str, keys: Collection[str], has_time: Callable[[], bool]) -> Found:
        rows: list[LedgerRow] = []
        for row in read_hour(hour):
            if row["key"] in keys:
                rows.append(row)
            if not has_time():
                return Found(rows, is_whole=False)
        return Found(rows, is_whole=True)

    return look_up
