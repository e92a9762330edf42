"""What one part of a report adds up to, and the sum of all parts. Pure.

A count adds, a list of names grows, and hours are a set: so the parts together come to what one
part would that held everything.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from typing import Any, Self

from pydantic_core import from_json, to_json

from functions.replay.bill import Bill, BillLine
from functions.replay.left_messages import (
    LEFT_NAMED,
    by_reason,
    left_messages,
    left_of_then,
    said,
)
from functions.replay.manifest import HeldRow, RemeteredRow
from functions.replay.selection import DRY_RUN

_COUNTS = ("messages", "events")

type Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """The hours of the ledger that were needed for events that were confirmed before, and those of
    which not all was read.
    """

    hours: Collection[str] = ()
    unread: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSums:
    """`chosen`, of a dry run, and `left` are messages and events by why, class and reason;
    `left_of_then` are messages that waited at the start.
    """

    bill: list[BillLine]
    events: Counts  # by fate
    failing_classes: Counts
    chosen: list[dict[str, Any]]
    left: list[dict[str, Any]]
    left_of_then: int
    left_messages: list[dict[str, Any]]
    requests: dict[str, Any]  # of the quarantine: billed, and excluded and quarantined by reason
    hours: list[str]
    unread: list[str]

    def as_json(self) -> bytes:
        return to_json(asdict(self))

    @classmethod
    def of_json(cls, text: bytes) -> Self:
        """From what `as_json` gave."""
        return cls(**from_json(text))


def sums_of(
    bill: Bill,
    held: Iterable[HeldRow],
    remetered: Iterable[RemeteredRow],
    reading: LedgerReading,
    began_ms: float,
) -> ReportSums:
    """Of one part. A message that was seen twice counts once, by its last row."""
    once_each = list({row["messageId"]: row for row in held}.values())
    left = [row for row in once_each if row["why"] != DRY_RUN]
    return ReportSums(
        bill=bill.lines,
        events=bill.events,
        failing_classes=bill.failing_classes,
        chosen=by_reason(row for row in once_each if row["why"] == DRY_RUN),
        left=by_reason(left),
        left_of_then=left_of_then(left, began_ms),
        left_messages=left_messages(left),
        # Each object once, by its last row.
        requests=_requests([*{row["object"]: row for row in remetered}.values()]),
        hours=sorted(reading.hours),
        unread=sorted(reading.unread),
    )


def added(parts: Sequence[ReportSums]) -> ReportSums:
    """Of all parts."""
    if len(parts) == 1:
        return parts[0]
    return ReportSums(
        bill=_bill(parts),
        events=_counts(one.events for one in parts),
        failing_classes=_counts(one.failing_classes for one in parts),
        chosen=_places(one.chosen for one in parts),
        left=_places(one.left for one in parts),
        left_of_then=sum(one.left_of_then for one in parts),
        left_messages=list(islice(_all(one.left_messages for one in parts), LEFT_NAMED)),
        requests=_requests([one.requests for one in parts if one.requests]),
        hours=sorted(set(_all(one.hours for one in parts))),
        unread=sorted(set(_all(one.unread for one in parts))),
    )


def _all[T](lists: Iterable[Iterable[T]]) -> Iterable[T]:
    return chain.from_iterable(lists)


def _counts(counts: Iterable[Mapping[str, int]]) -> Counts:
    """Of zeros, too: all fates stand in a bill."""
    total: Counts = defaultdict(int)
    for one in counts:
        for name, number in one.items():
            total[name] += number
    return dict(total)


def _bill(parts: Iterable[ReportSums]) -> list[BillLine]:
    """One line a customer, meter and day, in their order."""
    found: dict[tuple[str, str, str], BillLine] = {}
    for line in _all(one.bill for one in parts):
        place = line["customerId"], line["meter"], line["day"]
        known = found.get(place)
        found[place] = _both(known, line) if known else line
    return [found[place] for place in sorted(found)]


def _both(one: BillLine, other: BillLine) -> BillLine:
    return {
        **one,
        "events": _counts([one["events"], other["events"]]),
        "quantityReplayed": one["quantityReplayed"] + other["quantityReplayed"],
    }


def _places(parts: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    total: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for one in _all(parts):
        place = one["why"], one["class"], one.get("reason", "")
        total[place].update({name: one[name] for name in _COUNTS})
    return [
        {**said(place), **{name: total[place][name] for name in _COUNTS}} for place in sorted(total)
    ]


def _requests(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What metering made of the requests of the quarantine, in objects or in sums of them."""
    if not parts:
        return {}
    return {
        "billed": sum(one["billed"] for one in parts),
        "excluded": _counts(one["excluded"] for one in parts),
        "quarantined": _counts(one["quarantined"] for one in parts),
    }
