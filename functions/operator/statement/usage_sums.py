"""Settled events of one customer, added up: billed or not, by day, class and meter.

Exact: quantities are decimal numbers, and a sum that would have to be rounded raises. Pure.
"""

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal, Inexact, Overflow
from enum import StrEnum
from typing import NamedTuple

from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS, epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

# Aforo's: what is older may be taken for new (DedupWindowSeconds, unless somebody changes it).
DEDUP_WINDOW_MS = DAY_MS
LATE_MS = DAY_MS
# The largest and the smallest number of a row together have 633 digits.
_EXACT = Context(prec=1000, traps=[Inexact, Overflow])


class SumKind(StrEnum):
    """Which sum. All but billed and set aside say what of these is special."""

    BILLED = "billed"  # by day
    LATE = "late"  # billed, and settled 24 h after the request or later
    UNVERIFIED = "unverified"  # billed, and Aforo did not say what it took
    REPLAYED = "replayed"  # billed by a replay
    SET_ASIDE = "setAside"  # by class
    NEEDS_DECISION = "needsDecision"  # set aside, and Aforo may have it and forgot its key


class UsageAmount(NamedTuple):
    """Events, and what they add up to."""

    events: int
    quantity: Decimal

    def as_json(self) -> dict[str, object]:
        return {"events": self.events, "quantity": plain(self.quantity)}


class SumPlace(NamedTuple):
    """`part` is the day of what is billed, the class of what is set aside, else empty."""

    kind: SumKind
    part: str
    meter: str


_NOTHING = UsageAmount(0, Decimal(0))


class UsageSums:
    """Grows with days, meters and classes. `at_ms` is when it is asked what needs a decision."""

    def __init__(self, at_ms: int) -> None:
        self._at_ms = at_ms
        self._amounts: dict[SumPlace, UsageAmount] = {}

    def add(self, row: LedgerRow) -> None:
        """A key that was not added yet."""
        one = UsageAmount(1, Decimal(str(row["quantity"])))
        for kind, part in self._kinds(row):
            self._put(SumPlace(kind, part, row["meter"]), one)

    def add_all(self, other: "UsageSums") -> None:
        """Those of other keys."""
        for place, amount in other:
            self._put(place, amount)

    def without(self, other: "UsageSums") -> "UsageSums":
        """The difference: what is negative became something else."""
        found = UsageSums(self._at_ms)
        found.add_all(self)
        for place, amount in other:
            found._put(place, UsageAmount(-amount.events, _EXACT.minus(amount.quantity)))
        return found

    def of(self, kind: SumKind) -> Iterator[tuple[SumPlace, UsageAmount]]:
        """In the order of parts and meters."""
        return ((place, amount) for place, amount in self if place.kind is kind)

    def by_meter(self, kind: SumKind) -> dict[str, UsageAmount]:
        """Parts added up."""
        found: dict[str, UsageAmount] = {}
        for place, amount in self.of(kind):
            found[place.meter] = _sum(found.get(place.meter, _NOTHING), amount)
        return found

    def __iter__(self) -> Iterator[tuple[SumPlace, UsageAmount]]:
        return iter(sorted(self._amounts.items()))

    def __bool__(self) -> bool:
        return bool(self._amounts)

    def as_json(self) -> dict[str, object]:
        """As a statement has it."""
        return {
            SumKind.BILLED: _by_meter(self.by_meter(SumKind.BILLED)),
            "billedByDay": [_named("day", *one) for one in self.of(SumKind.BILLED)],
            SumKind.LATE: _by_meter(self.by_meter(SumKind.LATE)),
            SumKind.UNVERIFIED: _by_meter(self.by_meter(SumKind.UNVERIFIED)),
            SumKind.REPLAYED: _by_meter(self.by_meter(SumKind.REPLAYED)),
            SumKind.SET_ASIDE: [_named("class", *one) for one in self.of(SumKind.SET_ASIDE)],
            SumKind.NEEDS_DECISION: _by_meter(self.by_meter(SumKind.NEEDS_DECISION)),
        }

    def _kinds(self, row: LedgerRow) -> Iterator[tuple[SumKind, str]]:
        if row["outcome"] == "set_aside":
            yield SumKind.SET_ASIDE, row.get("setAsideClass", "")
            if self._needs_decision(row):
                yield SumKind.NEEDS_DECISION, ""
            return
        yield SumKind.BILLED, row["occurredAt"][:10]
        if _is_late(row):
            yield SumKind.LATE, ""
        if not row["verified"]:
            yield SumKind.UNVERIFIED, ""
        if "replayId" in row:
            yield SumKind.REPLAYED, ""

    def _needs_decision(self, row: LedgerRow) -> bool:
        if row.get("setAsideClass") == SetAsideClass.AMBIGUOUS:
            return True
        since = row.get("maybeBilledSince")
        return since is not None and self._at_ms - epoch_ms_from_iso(since) > DEDUP_WINDOW_MS

    def _put(self, place: SumPlace, amount: UsageAmount) -> None:
        found = _sum(self._amounts.get(place, _NOTHING), amount)
        if found == _NOTHING:
            self._amounts.pop(place, None)
        else:
            self._amounts[place] = found


def _is_late(row: LedgerRow) -> bool:
    occurred, settled = row["occurredAt"], row["settledAt"]
    if occurred[:10] == settled[:10]:  # nearly always, and reading times is what takes time
        return False
    return epoch_ms_from_iso(settled) - epoch_ms_from_iso(occurred) >= LATE_MS


def plain(quantity: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing: one text for one number."""
    return f"{_EXACT.normalize(quantity):f}" if quantity else "0"


def _sum(one: UsageAmount, other: UsageAmount) -> UsageAmount:
    return UsageAmount(one.events + other.events, _EXACT.add(one.quantity, other.quantity))


def _by_meter(amounts: Mapping[str, UsageAmount]) -> list[dict[str, object]]:
    return [{"meter": meter, **amount.as_json()} for meter, amount in sorted(amounts.items())]


def _named(part: str, place: SumPlace, amount: UsageAmount) -> dict[str, object]:
    return {part: place.part, "meter": place.meter, **amount.as_json()}
