"""What became of the events that a replay sent: manifests and ledger rows in, sums out.

Guaranteed: every event counts once, however often it was sent, under exactly one fate; the sums of
customers, meters and days add up to the total.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict

from functions.adapters.ledger import settled_once
from functions.replay.manifest import SentRow
from functions.usage.doubt import earliest, ledger_doubt_ms
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS, epoch_ms_from_iso
from functions.usage.outcome import SetAsideClass

NEEDS_DECISION_CLASSES = frozenset(one for one in SetAsideClass if one.meaning.needs_decision)
# Aforo takes events of the last 90 days (aforo-contract.md 1.1.6).
ACCEPTED_MS = 90 * DAY_MS


class Fate(StrEnum):
    """What became of one event, or would in a dry run; the report's words."""

    REPLAYED = "replayed"  # billed through this replay
    ALREADY_CONFIRMED = "alreadyConfirmed"  # Aforo had it before: billed once, and before
    STILL_FAILING = "stillFailing"
    NEEDS_DECISION = "needsDecision"
    OUTSTANDING = "outstanding"  # on UsageQueue, or not sent when a move was killed


class BillLine(TypedDict):
    """One customer, meter and day (UTC, of the request): events by fate, and the quantity billed
    through this replay.
    """

    customerId: str
    meter: str
    day: str
    events: dict[str, int]
    quantityReplayed: float


@dataclass(frozen=True, slots=True)
class Bill:
    """The sums of one replay."""

    lines: list[BillLine]
    events: dict[str, int]  # by fate; all fates, zero included
    failing_classes: dict[str, int]  # of what is still failing, or needs a decision

    @property
    def sent(self) -> int:
        return sum(self.events.values())


@dataclass(frozen=True, slots=True)
class LedgerKnowledge:
    """What the ledger has of a replay's events by other ways: the keys that it confirms, and since
    when others are doubtful, by a doubt that no decision of this replay ends. `began_ms`: when it
    began (functions.adapters.ledger_beginning); None: it has not.
    """

    began_ms: float | None = field(kw_only=True)

    confirmed: set[str] = field(default_factory=set)
    maybe_billed_since_ms: dict[str, int] = field(default_factory=dict)

    def take(self, row: LedgerRow, sent: Mapping[str, SentRow], *, is_other: bool) -> None:
        """Take note of one row of an event in `sent`; `is_other`: `is_of_another`."""
        key = row["key"]
        if is_other:
            self.confirmed.add(key)
        since_ms = ledger_doubt_ms(row, sent[key].get("decidedUntilMs"))
        if since_ms is not None:
            self.maybe_billed_since_ms[key] = min(
                since_ms, self.maybe_billed_since_ms.get(key, since_ms)
            )


def once(rows: Iterable[SentRow]) -> dict[str, SentRow]:
    """One row per key: an event that two rounds sent is one event. Of copies the earliest doubt
    counts, and the last decision, as they do for the forwarder.
    """
    found: dict[str, SentRow] = {}
    for row in rows:
        known = found.get(row["key"])
        found[row["key"]] = _both(known, row) if known else row
    return found


def _both(one: SentRow, other: SentRow) -> SentRow:
    doubts = one.get("maybeBilledSinceMs"), other.get("maybeBilledSinceMs")
    decisions = one.get("decidedUntilMs"), other.get("decidedUntilMs")
    last = max((moment for moment in decisions if moment is not None), default=None)
    return {**other, "maybeBilledSinceMs": earliest(*doubts), "decidedUntilMs": last}


def is_of_another(row: LedgerRow, replay_id: str, began_ms: int) -> bool:
    """Whether a row confirms an event without help of this replay: under another's name, or under
    the same before this one began (functions.replay.manifest).
    """
    if row["outcome"] != "confirmed":
        return False
    return row.get("replayId") != replay_id or epoch_ms_from_iso(row["settledAt"]) < began_ms


def bill_of(
    sent: Mapping[str, SentRow], settled: Iterable[LedgerRow], already_confirmed: Collection[str]
) -> Bill:
    """What a replay did. `settled` are its own rows; `already_confirmed` are keys."""
    rows = settled_once(row for row in settled if row["key"] in sent)
    fates = {key: _fate(rows.get(key), is_known=key in already_confirmed) for key in sent}
    failing = Counter(
        rows[key].get("setAsideClass", "")
        for key, fate in fates.items()
        if fate in {Fate.STILL_FAILING, Fate.NEEDS_DECISION}
    )
    return _summed(sent, fates, dict(failing))


def bill_of_dry_run(
    wanted: Mapping[str, SentRow], known: LedgerKnowledge, now_ms: int, dedup_window_ms: int
) -> Bill:
    """What a replay would do, if Aforo takes everything that is not too old for it. What Aforo may
    have had for longer than the window is for a person.
    """
    undecided: Counter[str] = Counter()
    fates: dict[str, Fate] = {}
    for key, row in wanted.items():
        if key in known.confirmed:
            fates[key] = Fate.ALREADY_CONFIRMED
            continue
        since_ms = earliest(row.get("maybeBilledSinceMs"), known.maybe_billed_since_ms.get(key))
        kind = _decision_class(row, since_ms, now_ms, dedup_window_ms)
        if not kind and _is_unremembered(row, known.began_ms, now_ms - dedup_window_ms):
            kind = SetAsideClass.AMBIGUOUS
        fates[key] = Fate.NEEDS_DECISION if kind else Fate.REPLAYED
        undecided.update([kind] if kind else [])
    return _summed(wanted, fates, dict(undecided))


def _decision_class(row: SentRow, since_ms: int | None, now_ms: int, dedup_window_ms: int) -> str:
    """The class under which it would come back; empty if it would not."""
    age_ms = now_ms - epoch_ms_from_iso(row["occurredAt"])
    if age_ms > ACCEPTED_MS:
        return SetAsideClass.LATE
    # As the forwarder: of an event within the window no doubt can be older than that.
    is_forgotten = since_ms is not None and min(age_ms, now_ms - since_ms) > dedup_window_ms
    return SetAsideClass.AMBIGUOUS if is_forgotten else ""


def _is_unremembered(row: SentRow, began_ms: float | None, forgotten_ms: int) -> bool:
    """As the forwarder: from before the ledger's beginning nobody knows what was billed."""
    occurred_ms = epoch_ms_from_iso(row["occurredAt"])
    is_before = began_ms is None or occurred_ms < began_ms
    return is_before and occurred_ms < forgotten_ms and row.get("decidedUntilMs") is None


def _fate(row: LedgerRow | None, *, is_known: bool) -> Fate:
    if is_known:
        return Fate.ALREADY_CONFIRMED
    if row is None:
        return Fate.OUTSTANDING
    if row["outcome"] == "confirmed":
        return Fate.REPLAYED
    return (
        Fate.NEEDS_DECISION
        if row.get("setAsideClass") in NEEDS_DECISION_CLASSES
        else Fate.STILL_FAILING
    )


def _summed(
    sent: Mapping[str, SentRow], fates: Mapping[str, Fate], failing_classes: dict[str, int]
) -> Bill:
    places: dict[tuple[str, str, str], list[tuple[SentRow, Fate]]] = defaultdict(list)
    for key, row in sent.items():
        place = row["customerId"], row["meter"], row["occurredAt"][:10]
        places[place].append((row, fates[key]))
    # The places are sorted, not the events: of those there can be millions.
    lines = [_line(*place, places[place]) for place in sorted(places)]
    counts = Counter(fates.values())
    return Bill(lines, {fate.value: counts[fate] for fate in Fate}, failing_classes)


def _line(customer: str, meter: str, day: str, events: list[tuple[SentRow, Fate]]) -> BillLine:
    return {
        "customerId": customer,
        "meter": meter,
        "day": day,
        "events": dict(Counter(fate.value for _, fate in events)),
        "quantityReplayed": sum(row["quantity"] for row, fate in events if fate is Fate.REPLAYED),
    }
