"""The report of a replay: its bill and what stayed come in, what a person reads leaves.

Three forms of one account: the whole for S3, a short one that fits a state's output (256 KiB), and
the text of the notice.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from functions.replay.bill import Bill, Fate
from functions.replay.manifest import HeldRow, RemeteredRow
from functions.replay.selection import DRY_RUN

# About 200 bytes each; who wants all of them reads the copy in S3.
LINES_IN_STATE = 50
# Named one by one in the copy in S3, for a person to take out of the queue. More are not read.
LEFT_NAMED = 1_000
WHAT_STAYS = ("why", "class", "reason")


@dataclass(frozen=True, slots=True)
class Course:
    """How a replay went, as the state machine knows it."""

    replay_id: str
    source: str
    dry_run: bool
    started_at: str
    finished_at: str
    trouble: str  # empty: it came to its end
    waiting_at_start: int
    waiting_now: int
    messages_moved: int
    messages_seen: int  # of those that waited at the start, moved or left


@dataclass(frozen=True, slots=True)
class LedgerLookup:
    """How much of the ledger was read for events that were confirmed before."""

    hours: int
    hours_read: int


def account_of(
    course: Course,
    bill: Bill,
    held: Iterable[HeldRow],
    lookup: LedgerLookup,
    remetered: Iterable[RemeteredRow] = (),
) -> dict[str, Any]:
    """The whole report. Messages are objects where the source is the quarantine."""
    once_each = list({row["messageId"]: row for row in held}.values())
    requests = requests_by_reason(remetered)
    return {
        "version": 1,
        "replayId": course.replay_id,
        "source": course.source,
        "dryRun": course.dry_run,
        "trouble": course.trouble or None,
        "startedAt": course.started_at,
        "finishedAt": course.finished_at,
        "messages": {
            "waitingAtStart": course.waiting_at_start,
            "moved": course.messages_moved,
            "left": left_by_reason(once_each),
            # Behind a limit; or SQS showed them to nobody, as when 120,000 are hidden at a time.
            "notSeen": max(0, course.waiting_at_start - course.messages_seen),
            "waitingNow": course.waiting_now,
        },
        "events": {"sent": bill.sent, **bill.events},
        "failingClasses": bill.failing_classes,
        # Fewer hours read than there are: some of `replayed` may have been confirmed before.
        "ledgerHours": {"needed": lookup.hours, "read": lookup.hours_read},
        "bill": bill.lines,
        "leftMessages": left_messages(once_each),
        **({"requests": requests} if requests else {}),
    }


def requests_by_reason(rows: Iterable[RemeteredRow]) -> dict[str, Any]:
    """What metering made of the requests of the quarantine, each object once."""
    last = {row["object"]: row for row in rows}
    excluded: Counter[str] = Counter()
    quarantined: Counter[str] = Counter()
    for row in last.values():
        excluded.update(row["excluded"])
        quarantined.update(row["quarantined"])
    billed = sum(row["billed"] for row in last.values())
    found = {"billed": billed, "excluded": dict(excluded), "quarantined": dict(quarantined)}
    return found if last else {}


def left_by_reason(held: Iterable[HeldRow]) -> list[dict[str, Any]]:
    """What stayed in the queue: messages and events by why they stayed, their class and reason."""
    messages: Counter[tuple[str, str, str]] = Counter()
    events: Counter[tuple[str, str, str]] = Counter()
    for row in held:
        messages[_place(row)] += 1
        events[_place(row)] += row["events"]
    return [
        {**_said(place), "messages": number, "events": events[place]}
        for place, number in sorted(messages.items())
    ]


def left_messages(held: Iterable[HeldRow]) -> list[dict[str, Any]]:
    """The first of those that a replay leaves for a person, one by one."""
    lasting = (row for row in held if row["why"] != DRY_RUN)
    return [
        {
            "messageId": row["messageId"],
            **_said(_place(row)),
            "events": row["events"],
            **({"firstKey": row["firstKey"]} if row.get("firstKey") else {}),
        }
        for row in islice(lasting, LEFT_NAMED)
    ]


def _place(row: HeldRow) -> tuple[str, str, str]:
    return row["why"], row["setAsideClass"], row.get("reason", "")


def _said(place: tuple[str, str, str]) -> dict[str, Any]:
    why, kind, reason = place
    return {"why": why, "class": kind, **({"reason": reason} if reason else {})}


def shortened(account: dict[str, Any]) -> dict[str, Any]:
    """The same as far as a state may carry it: the first lines of the bill, and of `left`; who is
    named one by one is in S3 alone.
    """
    lines, messages = account["bill"], account["messages"]
    short = {**account, "bill": lines[:LINES_IN_STATE], "billLines": len(lines)}
    del short["leftMessages"]
    return {**short, "messages": {**messages, "left": messages["left"][:LINES_IN_STATE]}}


def notice_of(account: dict[str, Any], report_uri: str) -> str:
    """The text for the operators. Counts only: usage does not leave by mail."""
    events, messages, is_dry = account["events"], account["messages"], account["dryRun"]
    requests = account.get("requests", {"excluded": {}, "quarantined": {}})
    moved = f"{messages['moved']} {'would be moved' if is_dry else 'moved'}"
    not_seen = f", {messages['notSeen']} of them not looked at" if messages["notSeen"] else ""
    depth = (
        f"{messages['waitingAtStart']} waited at the start{not_seen}, "
        f"{messages['waitingNow']} wait now"
    )
    kind = "Dry run of a replay" if is_dry else "Replay"
    lines = [
        f"{kind} {account['replayId']} ({account['source']})",
        f"Stopped early: {account['trouble']}" if account["trouble"] else "Came to its end.",
        f"Messages: {moved}; {depth}.",
        "Events, if replayed now:" if is_dry else f"Events: {events['sent']} sent",
        *(f"  {fate.value}: {events[fate.value]}" for fate in Fate),
        *(f"  of class {kind}: {number}" for kind, number in account["failingClasses"].items()),
        *(
            f"Stays: {one['messages']} ({' '.join(filter(None, map(one.get, WHAT_STAYS)))})"
            for one in messages["left"][:LINES_IN_STATE]
        ),
        *(
            f"Requests {what}: {times} ({reason})"
            for what in ("excluded", "quarantined")
            for reason, times in requests[what].items()
        ),
        f"The whole report: {report_uri}",
    ]
    return "\n".join(lines)
