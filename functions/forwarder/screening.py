"""What time alone decides, before anything is posted (aforo-contract.md 1.1.6, architecture.md 2).

Events come in; the outcomes of those that must not be posted now leave. Guaranteed: an event that
Aforo may have and may have forgotten is never posted, unless a person decided so; nor is one that
only an older ledger would know.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from functions.forwarder.holding import OUT_OF_TIME
from functions.forwarder.ledger_lookup import LookUp
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.tries import Doubts
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import (
    DAY_MS,
    epoch_ms_from_iso,
    hour_of,
    is_own_form,
    iso_from_epoch_ms,
)
from functions.usage.outcome import (
    BEFORE_THE_LEDGER,
    Confirmed,
    ForwardingOutcome,
    Held,
    SetAside,
    SetAsideClass,
)

FUTURE_TOLERANCE_MS = 5 * 60 * 1000  # what Aforo allows between its clock and ours
# Judged at the start of an invocation, posted at its end at the latest (120 s), by our clock.
SLACK_MS = FUTURE_TOLERANCE_MS + 120_000
LATE_MS = 90 * DAY_MS  # what Aforo takes


@dataclass(frozen=True, slots=True)
class Screening:
    """`look_up` gives the ledger's rows of some keys in an hour such as `2026-10-02T08`, as far as
    there is time; `reaches` says whether the ledger was there at a time, None if nobody can say.
    They raise nothing (`functions.forwarder.ledger_lookup`, `functions.forwarder.ledger_memory`).
    """

    look_up: LookUp
    reaches: Callable[[int], bool | None]
    dedup_window_seconds: float

    def decide(
        self,
        keyed_events: Iterable[KeyedEvent],
        *,
        doubts: Doubts,
        now_ms: int,
        has_time: Callable[[], bool],
    ) -> dict[str, ForwardingOutcome]:
        """Outcomes by key."""
        decided: dict[str, ForwardingOutcome] = {}
        old: dict[str, dict[str, int]] = {}  # hour -> key -> age
        for keyed in self.unusual(keyed_events, now_ms):
            age_ms = now_ms - epoch_ms_from_iso(keyed.event["occurredAt"])
            if age_ms < -FUTURE_TOLERANCE_MS:
                # Never clamped: the event would no longer be what its log line says.
                decided[keyed.key] = Held("future", (-FUTURE_TOLERANCE_MS - age_ms) / 1000)
            elif self.is_past_window(age_ms):
                old.setdefault(hour_of(keyed.event["occurredAt"]), {})[keyed.key] = age_ms
        for hour, ages in old.items():
            if has_time():
                found = self._ask(hour, ages, has_time)
                decided |= self._decide_old(ages, found, doubts, now_ms)
            else:
                decided |= dict.fromkeys(ages, Held(OUT_OF_TIME, 0))
        return decided

    def old(self, keyed_events: Iterable[KeyedEvent], now_ms: int) -> list[KeyedEvent]:
        """Those of which the ledger has to be asked before they are posted."""
        return [
            keyed
            for keyed in self.unusual(keyed_events, now_ms)
            if self.is_past_window(now_ms - epoch_ms_from_iso(keyed.event["occurredAt"]))
        ]

    def unusual(self, keyed_events: Iterable[KeyedEvent], now_ms: int) -> list[KeyedEvent]:
        """Those that may be old or ahead of the clock: as good as none."""
        oldest, newest = _usual_times(now_ms, self.dedup_window_seconds)
        return [
            keyed
            for keyed in keyed_events
            if not (oldest <= (at := keyed.event["occurredAt"]) <= newest and is_own_form(at))
        ]

    def is_past_window(self, age_ms: float) -> bool:
        """Whether Aforo may have forgotten a key that it got so long ago, when we post it again."""
        return age_ms > self.dedup_window_seconds * 1000 - SLACK_MS

    def _decide_old(
        self, ages: Mapping[str, int], found: "_Said", doubts: Doubts, now_ms: int
    ) -> dict[str, ForwardingOutcome]:
        decided: dict[str, ForwardingOutcome] = {**found.confirmed}
        for key in ages.keys() - found.confirmed.keys():
            if not found.is_whole:
                # Not known whether it was confirmed: it waits until the ledger can be read.
                decided[key] = Held("ledger_unreadable", 0)
                continue
            since_ms = doubts.of(key, found.set_aside.get(key, ()))
            if ages[key] > LATE_MS:
                decided[key] = SetAside(
                    SetAsideClass.LATE, "too_old", maybe_billed_since_ms=since_ms
                )
            elif since_ms is not None and self.is_past_window(now_ms - since_ms):
                decided[key] = SetAside(
                    SetAsideClass.AMBIGUOUS, "outside_dedup_window", maybe_billed_since_ms=since_ms
                )
            elif not doubts.is_decided(key) and (outcome := self._unremembered(now_ms - ages[key])):
                decided[key] = outcome
        return decided

    def _unremembered(self, occurred_ms: int) -> ForwardingOutcome | None:
        """Of an event that the ledger has not: what it lacks from before its beginning may have
        been billed. It leaves no doubt that would stay: by the older ledger it is judged anew.
        """
        match self.reaches(occurred_ms):
            case True:
                return None
            case None:
                return Held("ledger_unreadable", 0)
        return SetAside(SetAsideClass.AMBIGUOUS, BEFORE_THE_LEDGER)

    def _ask(self, hour: str, keys: Collection[str], has_time: Callable[[], bool]) -> "_Said":
        """What the ledger says of `keys`."""
        found = self.look_up(hour, keys, has_time)
        said = _Said(is_whole=found.is_whole)
        for row in found.rows:
            said.take(row)
        return said


@lru_cache(maxsize=1)  # an invocation has one `now_ms`
def _usual_times(now_ms: int, dedup_window_seconds: float) -> tuple[str, str]:
    """Between them an event is neither old nor ahead of the clock."""
    oldest_ms = now_ms - math.floor(dedup_window_seconds * 1000 - SLACK_MS)
    newest_ms = now_ms + FUTURE_TOLERANCE_MS
    return iso_from_epoch_ms(max(0, oldest_ms)), iso_from_epoch_ms(newest_ms)


@dataclass(frozen=True, slots=True)
class _Said:
    """The rows of some keys. Copies of an event may have been set aside with different doubts."""

    is_whole: bool
    confirmed: dict[str, Confirmed] = field(default_factory=dict)
    set_aside: dict[str, list[LedgerRow]] = field(default_factory=dict)

    def take(self, row: LedgerRow) -> None:
        if row["outcome"] == "confirmed":
            self.confirmed[row["key"]] = Confirmed(verified=row["verified"])
        else:
            self.set_aside.setdefault(row["key"], []).append(row)
