"""The report of a replay: its bill and what stayed come in, what a person reads leaves.

Three forms of one account: the whole for S3, a short one that fits a state's output (256 KiB), and
the text of the notice.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions.replay.bill import Bill, Fate
from functions.replay.manifest import HeldRow, RemeteredRow

# About 200 bytes each; who wants all of them reads the copy in S3.
LINES_IN_STATE = 50


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
            "left": left_by_reason(held),
            "waitingNow": course.waiting_now,
        },
        "events": {"sent": bill.sent, **bill.events},
        "failingClasses": bill.failing_classes,
        # Fewer hours read than there are: some of `replayed` may have been confirmed before.
        "ledgerHours": {"needed": lookup.hours, "read": lookup.hours_read},
        "bill": bill.lines,
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
    """What stayed in the queue: messages and events by reason and class, each message once."""
    last = {row["messageId"]: row for row in held}
    messages: Counter[tuple[str, str]] = Counter()
    events: Counter[tuple[str, str]] = Counter()
    for row in last.values():
        reason = row["why"], row["setAsideClass"]
        messages[reason] += 1
        events[reason] += row["events"]
    return [
        {"why": why, "class": kind, "messages": number, "events": events[why, kind]}
        for (why, kind), number in sorted(messages.items())
    ]


def shortened(account: dict[str, Any]) -> dict[str, Any]:
    """The same with the bill cut to what a state may carry."""
    lines = account["bill"]
    return {**account, "bill": lines[:LINES_IN_STATE], "billLines": len(lines)}


def notice_of(account: dict[str, Any], report_uri: str) -> str:
    """The text for the operators. Counts only: usage does not leave by mail."""
    events, messages, is_dry = account["events"], account["messages"], account["dryRun"]
    requests = account.get("requests", {"excluded": {}, "quarantined": {}})
    moved = f"{messages['moved']} {'would be moved' if is_dry else 'moved'}"
    depth = f"{messages['waitingAtStart']} waited at the start, {messages['waitingNow']} wait now"
    kind = "Dry run of a replay" if is_dry else "Replay"
    lines = [
        f"{kind} {account['replayId']} ({account['source']})",
        f"Stopped early: {account['trouble']}" if account["trouble"] else "Came to its end.",
        f"Messages: {moved}; {depth}.",
        "Events, if replayed now:" if is_dry else f"Events: {events['sent']} sent",
        *(f"  {fate.value}: {events[fate.value]}" for fate in Fate),
        *(f"  of class {kind}: {number}" for kind, number in account["failingClasses"].items()),
        *(
            f"Stays: {one['messages']} ({one['why']} {one['class']})".rstrip()
            for one in messages["left"]
        ),
        *(
            f"Requests {what}: {times} ({reason})"
            for what in ("excluded", "quarantined")
            for reason, times in requests[what].items()
        ),
        f"The whole report: {report_uri}",
    ]
    return "\n".join(lines)
