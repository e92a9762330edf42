"""What the ledger says of some keys of an hour: a few blocks of it where it is compacted; then of
later objects, or of all, names first, then the few that may hold a key.

Guaranteed: every row that is given stands in the ledger, and a lookup that says it is whole has
taken every object into account that was there when it began. What a lookup has seen is remembered
while the process lives, so that later ones finish an hour too large for one invocation. A ledger
that cannot be read is told in the log, with the object that is in the way, and its answer is then
not whole: old events wait.
"""

from collections.abc import Callable, Collection, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched, islice

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.key_filter import Sieve
from functions.adapters.ledger import Ledger, hour_prefix, may_hold, surely_written
from functions.adapters.telemetry import LEDGER_UNREADABLE, Telemetry
from functions.usage.ledger_row import LedgerRow

# As many as S3 lists in one call; after them the clock is looked at, whatever was read.
NAMES_AT_A_TIME = 1000
# Twice the events that fit into an invocation's 6 MB; about 15 MB here.
MOST_REMEMBERED = 40_000


@dataclass(frozen=True, slots=True)
class Found:
    """`rows`: of any outcome, of each looked-up key. A key that is confirmed has a confirmed row,
    not all its others. Not `is_whole`: there was no time for everything, and a key without a
    confirmed row may have one.
    """

    rows: list[LedgerRow]
    is_whole: bool


@dataclass(slots=True)
class _Known:
    """Of one key: its rows in all objects up to the name `passed`, or a row that confirms it."""

    passed: str = ""
    rows: list[LedgerRow] = field(default_factory=list)

    @property
    def is_confirmed(self) -> bool:
        return any(row["outcome"] == "confirmed" for row in self.rows)

    def take(self, row: LedgerRow) -> None:
        if row not in self.rows:  # an object may be read again, and an event settled again
            self.rows.append(row)


class LedgerLookup:
    """Looks keys up, for as long as its process lives; `now` is the wall clock."""

    def __init__(
        self, ledger: Ledger, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._known: dict[tuple[str, str], _Known] = {}  # by hour and key; the last used last

    def look_up(self, hour: str, keys: Collection[str], has_time: Callable[[], bool]) -> Found:
        """`hour` such as `2026-10-02T08`. Reads at least one object, then as long as there is time;
        raises what `Ledger.read_each` raises.
        """
        began = self._now()
        known = self._recall(hour, keys)
        wanted = {key: one for key, one in known.items() if not one.is_confirmed}
        is_whole = self._search_compacted(hour, wanted, has_time)
        wanted = {key: one for key, one in wanted.items() if not one.is_confirmed}
        if is_whole and wanted:
            is_whole, passed = self._search(hour, wanted, has_time)
            passed = min(passed, surely_written(hour, began))
            for one in wanted.values():
                one.passed = max(one.passed, passed)
        return Found([row for one in known.values() for row in one.rows], is_whole or not wanted)

    def _search_compacted(
        self, hour: str, wanted: dict[str, _Known], has_time: Callable[[], bool]
    ) -> bool:
        """Whether there was time for all of it; then only later objects are left to read."""
        head = self._ledger.compacted.head(hour) if wanted else None
        if head is None:
            return True
        left = {key for key, one in wanted.items() if one.passed < head.through}
        for keys, rows in self._ledger.compacted.rows_of(head, frozenset(left)):
            for row in rows:
                wanted[row["key"]].take(row)
            for key in keys:
                wanted[key].passed = head.through
            left -= set(keys)
            if not has_time():
                return False
        return True

    def _search(
        self, hour: str, wanted: dict[str, _Known], has_time: Callable[[], bool]
    ) -> tuple[bool, str]:
        """Whether all is found or read, and the name up to which all is read."""
        missing = set(wanted)
        passed = min((one.passed for one in wanted.values()), default="")
        with closing(self._objects(hour, missing, passed)) as objects:
            for passed, rows in objects:
                for row in rows:
                    wanted[row["key"]].take(row)
                    if row["outcome"] == "confirmed":
                        missing.discard(row["key"])
                if not missing or not has_time():
                    return not missing, passed
        return True, passed

    def _objects(
        self, hour: str, keys: Collection[str], after: str
    ) -> Generator[tuple[str, Iterable[LedgerRow]]]:
        """The rows of each object that may have a key, and its name; after each lot of names also
        without rows: the last of the lot.
        """
        if not keys:
            return
        wanted, sieve = frozenset(keys), Sieve(keys)
        names = self._ledger.names(hour_prefix(hour), after=after)
        for lot in batched(names, NAMES_AT_A_TIME, strict=False):
            chosen = (name for name in lot if may_hold(name, sieve))
            yield from self._ledger.read_keys(chosen, wanted)
            yield lot[-1], ()

    def _recall(self, hour: str, keys: Collection[str]) -> dict[str, _Known]:
        places = {key: (hour, key) for key in keys}
        known = {key: self._known.pop(place, _Known()) for key, place in places.items()}
        self._known |= {places[key]: one for key, one in known.items()}
        for place in list(islice(self._known, max(0, len(self._known) - MOST_REMEMBERED))):
            del self._known[place]
        return known


type LookUp = Callable[[str, Collection[str], Callable[[], bool]], Found]


@dataclass(frozen=True, slots=True)
class LoggedLookup:
    """A lookup that tells what it cannot read; `ask` is `LedgerLookup.look_up`."""

    ask: LookUp
    telemetry: Telemetry

    def look_up(self, hour: str, keys: Collection[str], has_time: Callable[[], bool]) -> Found:
        """`hour` such as `2026-10-02T08`. Raises only what is a bug."""
        try:
            return self.ask(hour, keys, has_time)
        except (BotoCoreError, ClientError, UnreadableObject) as error:
            # S3's own words name the call; the object stands in the note.
            fault = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", [])])
            self.telemetry.log.exception(LEDGER_UNREADABLE, hour=hour, fault=fault)
            return Found([], is_whole=False)
