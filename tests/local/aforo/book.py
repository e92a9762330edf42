"""Aforo's book: what it accepted, once per idempotency key and window. Pure, in memory.

In: events that keep every rule; out: accepted or duplicate, and the sums a quota check needs.
Guarantee: entries stand in the order accepted and hold each event as it was posted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.local.aforo.accounts import Aggregation
from tests.local.aforo.rules import Event

type Conflict = Literal["first_wins", "last_wins", "reject"]


@dataclass(slots=True)
class Entry:
    tenant: str
    event: Event
    received_at: float  # seconds since the epoch, by the stand-in's clock

    @property
    def period(self) -> tuple[str, str, str]:
        return (self.tenant, self.event["customerId"], self.event["occurredAt"][:7])


@dataclass(slots=True)
class Tally:
    count: int = 0
    total: float = 0

    def add(self, quantity: float, sign: int) -> None:
        self.count += sign
        self.total += sign * quantity


@dataclass(slots=True)
class Book:
    entries: list[Entry] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    billed_again: int = 0  # keys accepted once more because the window had passed
    late: int = 0
    unrouted_sessions: int = 0
    rejected: set[str] = field(default_factory=set)
    rejections: int = 0
    by_customer: Counter[str] = field(default_factory=Counter)
    by_metric: Counter[str] = field(default_factory=Counter)
    _latest: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _usage: dict[tuple[str, str, str], dict[str, Tally]] = field(default_factory=dict)

    def known(self, tenant: str, event: Event, *, now: float, window: float) -> Entry | None:
        """The entry that makes this event a duplicate: same key, received within the window."""
        entry = self._latest.get((tenant, event["idempotencyKey"]))
        return entry if entry and now - entry.received_at < window else None

    def enter(
        self, tenant: str, event: Event, *, now: float, window: float, conflict: Conflict
    ) -> bool:
        """True when accepted, False when it is a duplicate."""
        if entry := self.known(tenant, event, now=now, window=window):
            self._duplicate(entry, event, conflict)
            return False
        self.accept(Entry(tenant, event, now))
        return True

    def accept(self, entry: Entry) -> None:
        key = entry.event["idempotencyKey"]
        self.billed_again += (entry.tenant, key) in self._latest
        self._latest[entry.tenant, key] = entry
        self.entries.append(entry)
        self.rejected.discard(key)
        self._count(entry, 1)

    def reject(self, events: Iterable[object]) -> None:
        """Counts events that broke a rule: `rejected` once per event, `rejections` per try."""
        for event in events:
            key = event.get("idempotencyKey") if isinstance(event, dict) else None
            self.rejected.add(key if isinstance(key, str) else repr(event))
            self.rejections += 1

    def used(
        self,
        tenant: str,
        customer: str,
        *,
        month: str,
        metric: str | None,
        metrics: dict[str, Aggregation],
    ) -> float:
        """Usage of a calendar month `yyyy-mm` by `occurredAt`, one metric's or all metrics'."""
        tallies = self._usage.get((tenant, customer, month), {})
        chosen = tallies.keys() if metric is None else {metric} & tallies.keys()
        return sum(
            tallies[name].count if metrics.get(name) == "COUNT" else tallies[name].total
            for name in chosen
        )

    def newest_first(self, tenant: str, *, before: float) -> Iterator[Entry]:
        """Entries of a tenant received at or before a time."""
        for entry in reversed(self.entries):
            if entry.tenant == tenant and entry.received_at <= before:
                yield entry

    def _duplicate(self, entry: Entry, event: Event, conflict: Conflict) -> None:
        self.duplicates += 1
        if entry.event == event:
            return
        self.conflicts += 1
        if conflict == "last_wins":
            self._count(entry, -1)
            entry.event = event
            self._count(entry, 1)

    def _count(self, entry: Entry, sign: int) -> None:
        event = entry.event
        self.by_customer[event["customerId"]] += sign
        self.by_metric[event["metricName"]] += sign
        tallies = self._usage.setdefault(entry.period, {})
        tallies.setdefault(event["metricName"], Tally()).add(event["quantity"], sign)
