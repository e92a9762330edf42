"""Which of these keys are confirmed in an hour of the ledger: names first, then the few objects.

Guaranteed: a key is called confirmed only where a row says so, and a lookup that says it is whole
has taken every object into account that was there when it began. How far a lookup came is
remembered while the process lives, so that later ones finish an hour too large for one invocation.
"""

from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched, islice

from functions.adapters.key_filter import Sieve
from functions.adapters.ledger import Ledger, hour_prefix, may_hold
from functions.usage.ledger_row import LedgerRow

# As many as S3 lists in one call; after them the clock is looked at, whatever was read.
NAMES_AT_A_TIME = 1000
# A writer's name has the time at which it began, and no Lambda function runs for longer.
STILL_COMING = timedelta(minutes=15)
# Twice the events that fit into an invocation's 6 MB; about 12 MB here.
MOST_REMEMBERED = 40_000

# Of a key: whether Aforo said so itself that it was taken, or no object up to this name confirms it
type Known = bool | str


@dataclass(frozen=True, slots=True)
class Confirmations:
    """`verified` by confirmed key: whether Aforo itself said that it took it. Not `is_whole`: there
    was no time to read everything, and a key that is missing here may be confirmed.
    """

    verified: dict[str, bool]
    is_whole: bool


class LedgerLookup:
    """Looks keys up for as long as its process lives; `now` is the wall clock."""

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._known: dict[tuple[str, str], Known] = {}  # by hour and key

    def confirmed(
        self, hour: str, keys: Collection[str], has_time: Callable[[], bool]
    ) -> Confirmations:
        """`hour` such as `2026-10-02T08`. Reads at least one object, then as long as there is time;
        raises what `Ledger.read_each` raises.
        """
        began = self._now()
        known = {key: self._known.get((hour, key), "") for key in keys}
        found = {key: fact for key, fact in known.items() if isinstance(fact, bool)}
        wanted = known.keys() - found.keys()
        passed = min((fact for fact in known.values() if isinstance(fact, str)), default="")
        is_whole = not wanted
        with closing(self._objects(hour, wanted, passed)) as objects:
            for name, rows in objects:
                for row in rows:
                    if row["outcome"] == "confirmed" and row["key"] in wanted:
                        found[row["key"]] = row["verified"] or found.get(row["key"], False)
                passed = name
                is_whole = wanted <= found.keys()
                if is_whole or not has_time():
                    break
            else:
                is_whole = True
        self._remember(hour, found, wanted, min(passed, _name_at(hour, began - STILL_COMING)))
        return Confirmations(found, is_whole=is_whole)

    def _objects(
        self, hour: str, wanted: Collection[str], after: str
    ) -> Generator[tuple[str, Iterable[LedgerRow]]]:
        """The rows of the objects that may have a wanted key, and the name up to which that is all;
        after each lot of names also without rows.
        """
        if not wanted:
            return
        sieve = Sieve(wanted)
        names = self._ledger.names(hour_prefix(hour), after=after)
        for lot in batched(names, NAMES_AT_A_TIME, strict=False):
            yield from self._ledger.read_each(name for name in lot if may_hold(name, sieve))
            yield lot[-1], ()

    def _remember(
        self, hour: str, found: dict[str, bool], wanted: Collection[str], passed: str
    ) -> None:
        for key in wanted:
            before = self._known.pop((hour, key), "")
            far = max(before, passed) if isinstance(before, str) else passed
            self._known[hour, key] = found.get(key, far)
        for place in list(islice(self._known, max(0, len(self._known) - MOST_REMEMBERED))):
            del self._known[place]


def _name_at(hour: str, moment: datetime) -> str:
    """Every object that was begun before `moment` has a smaller name."""
    return f"{hour_prefix(hour)}{moment:%Y%m%dT%H%M%S}"
