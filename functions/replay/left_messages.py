"""Rows of messages that a replay leaves where they are come in; what a report says of them leaves.
Pure.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from functions.replay.manifest import HeldRow
from functions.replay.selection import OWN

# Named one by one in the copy in S3, for a person to take out of the queue. More are not read.
LEFT_NAMED = 1_000


def left_of_then(left: Iterable[HeldRow], began_ms: float) -> int:
    """How many of those that waited at the start. What was sent since is of another time, or the
    rest of one that the filter split, which counts as moved.
    """
    return sum(row["why"] != OWN and row.get("sentAtMs", 0) < began_ms for row in left)


def by_reason(held: Iterable[HeldRow]) -> list[dict[str, Any]]:
    """Messages and events by why they are still in the queue, their class and reason."""
    messages: Counter[tuple[str, str, str]] = Counter()
    events: Counter[tuple[str, str, str]] = Counter()
    for row in held:
        messages[_place(row)] += 1
        events[_place(row)] += row["events"]
    return [
        {**said(place), "messages": number, "events": events[place]}
        for place, number in sorted(messages.items())
    ]


def left_messages(held: Iterable[HeldRow]) -> list[dict[str, Any]]:
    """The first of those that a replay leaves for a person, one by one."""
    return [
        {
            "messageId": row["messageId"],
            **said(_place(row)),
            "events": row["events"],
            **({"firstKey": row["firstKey"]} if row.get("firstKey") else {}),
        }
        for row in islice(held, LEFT_NAMED)
    ]


def _place(row: HeldRow) -> tuple[str, str, str]:
    return row["why"], row["setAsideClass"], row.get("reason", "")


def said(place: tuple[str, str, str]) -> dict[str, Any]:
    why, kind, reason = place
    return {"why": why, "class": kind, **({"reason": reason} if reason else {})}
