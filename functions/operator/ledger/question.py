"""What somebody asks the ledger: which hours, which rows. And the distinct rows that answer it.

Guaranteed: each key is given once, its confirmed row if it has one, however often and in whatever
order it was written. Memory grows by 12 to 36 bytes for each distinct key of one hour (or of one
replay) that is asked for, and by the names of its objects that have set-aside rows: 3.6 million
keys, a thousand requests a second, take about 100 MB. Two keys of such an hour pass for one with a
chance of 1 in 2.8 million.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, takewhile

from functions.adapters.key_filter import Sieve, fingerprint
from functions.adapters.ledger import LEDGER_PREFIX, Ledger, hour_prefix, may_hold, replay_prefix
from functions.operator.ledger.fingerprint_set import FingerprintSet
from functions.operator.ledger.reading_progress import Objects, ReadingProgress
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import hour_of

# An outcome to ask for: Aforo took these, and did not say so.
UNVERIFIED = "unverified"
_AFTER_ALL_HOURS = "9999-12-31T24"


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Hours such as `2026-10-02T08`, `until` itself not included; None or empty: any."""

    since: str = ""
    until: str = _AFTER_ALL_HOURS
    customer_id: str | None = None
    meter: str | None = None
    keys: frozenset[str] = field(default_factory=frozenset)
    replay_id: str | None = None
    outcome: str | None = None

    @property
    def is_wide(self) -> bool:
        """Whether nothing says where to look."""
        return self.replay_id is None and not self.since

    def words(self) -> str:
        """What was asked, for an answer that has nothing."""
        asked = {
            "customer": self.customer_id,
            "meter": self.meter,
            "outcome": self.outcome,
            "replay": self.replay_id,
            "keys": " ".join(sorted(self.keys)) or None,
        }
        said = [f"{name} {text}" for name, text in asked.items() if text]
        if self.since:
            said.append(f"from {self.since}")
        if self.until != _AFTER_ALL_HOURS:
            said.append(f"to {self.until}")
        return ", ".join(said) or "all of it"

    def answer(self, ledger: Ledger, progress: ReadingProgress) -> Iterator[LedgerRow]:
        """The rows, by hour; within it, confirmed ones first."""
        for _, names in groupby(self._names(ledger), key=self._group_of):
            for row in self._distinct(ledger, names, progress):
                if self.outcome in {None, row["outcome"]} or self._is_unverified(row):
                    progress.events += 1
                    yield row

    def _is_unverified(self, row: LedgerRow) -> bool:
        return self.outcome == UNVERIFIED and row["outcome"] == "confirmed" and not row["verified"]

    def _names(self, ledger: Ledger) -> Iterator[str]:
        if self.replay_id is not None:
            return ledger.names(replay_prefix(self.replay_id))
        first = hour_prefix(self.since) if self.since else ""
        names = ledger.names(LEDGER_PREFIX, after=first)
        in_range = takewhile(lambda name: name < hour_prefix(self.until), names)
        if not self.keys:
            return in_range
        sieve = Sieve(self.keys)
        return (name for name in in_range if may_hold(name, sieve))

    def _group_of(self, name: str) -> str:
        """A key stands in one hour, for its request has one time."""
        return name.rpartition("/")[0]

    def _distinct(
        self, ledger: Ledger, names: Iterable[str], progress: ReadingProgress
    ) -> Iterator[LedgerRow]:
        seen, with_set_aside = FingerprintSet(), []
        for name, rows in progress.of(self._read(ledger, names)):
            has_set_aside = False
            for row in filter(self._chooses, rows):
                if row["outcome"] == "set_aside":
                    has_set_aside = True
                elif seen.add(fingerprint(row["key"])):
                    yield row
            if has_set_aside:
                with_set_aside.append(name)
        if self.outcome in {"confirmed", UNVERIFIED}:
            return
        # Only now it is known which set-aside keys were confirmed in the end.
        for _, rows in progress.of(self._read(ledger, with_set_aside)):
            for row in filter(self._chooses, rows):
                if row["outcome"] == "set_aside" and seen.add(fingerprint(row["key"])):
                    yield row

    def _read(self, ledger: Ledger, names: Iterable[str]) -> Objects:
        return ledger.read_keys(names, self.keys) if self.keys else ledger.read_each(names)

    def _chooses(self, row: LedgerRow) -> bool:
        return (
            self.customer_id in {None, row["customerId"]}
            and self.meter in {None, row["meter"]}
            and self.since <= hour_of(row["occurredAt"]) < self.until
        )
