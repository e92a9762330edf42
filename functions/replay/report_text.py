"""The report of a replay: its bill and what stayed come in, what a person reads leaves.

Three forms of one account: the whole for S3, a short one that fits a state's output (256 KiB), and
the text of the notice.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from functions.replay.bill import Bill, Fate
from functions.replay.manifest import HeldRow, RemeteredRow
from functions.replay.order import Order
from functions.replay.selection import DRY_RUN, NOT_CHOSEN, OWN
from functions.usage.moment import epoch_ms_from_iso

# About 200 bytes each; who wants all of them reads the copy in S3.
LINES_IN_STATE = 50
# Named one by one in the copy in S3, for a person to take out of the queue. More are not read.
LEFT_NAMED = 1_000
WHAT_IT_IS = ("why", "class", "reason")
START_AGAIN = "Of a replay that was stopped they show again within 15 minutes: start another then."


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """How a replay went, as the state machine knows it."""

    replay_id: str
    order: Order
    started_at: str
    finished_at: str
    trouble: str  # empty: it came to its end
    waiting_at_start: int
    waiting_now: int
    messages_moved: int
    hidden_at_start: int = 0  # in other hands then


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """How much of the ledger was read for events that were confirmed before."""

    hours: int
    hours_read: int


def report_of(
    run: ReplayRun,
    bill: Bill,
    held: Iterable[HeldRow],
    lookup: LedgerReading,
    remetered: Iterable[RemeteredRow] = (),
) -> dict[str, Any]:
    """The whole report. Messages are objects where the source is the quarantine."""
    once_each = list({row["messageId"]: row for row in held}.values())
    chosen = [row for row in once_each if row["why"] == DRY_RUN]
    left = [row for row in once_each if row["why"] != DRY_RUN]
    # A dry run's move that was killed has hidden what it chose, and told nobody.
    moved = max(run.messages_moved, len(chosen))
    requests = requests_by_reason(remetered)
    return {
        "version": 1,
        "replayId": run.replay_id,
        "source": run.order.source,
        "dryRun": run.order.dry_run,
        "order": run.order.model_dump(mode="json", by_alias=True, exclude_none=True),
        "trouble": run.trouble or None,
        "startedAt": run.started_at,
        "finishedAt": run.finished_at,
        "messages": {
            "waitingAtStart": run.waiting_at_start,
            "hiddenAtStart": run.hidden_at_start,
            "moved": moved,
            # In a dry run what would be moved.
            **({"chosen": by_reason(chosen)} if chosen else {}),
            "left": by_reason(left),
            # Behind a limit; or SQS showed them to nobody, as when 120,000 are hidden at a time.
            "notSeen": max(0, run.waiting_at_start - moved - _left_of_then(run, left)),
            "waitingNow": run.waiting_now,
        },
        "events": {"sent": bill.sent, **bill.events},
        "failingClasses": bill.failing_classes,
        # Fewer hours read than there are: some of `replayed` may have been confirmed before.
        "ledgerHours": {"needed": lookup.hours, "read": lookup.hours_read},
        "bill": bill.lines,
        "leftMessages": left_messages(left),
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


def _left_of_then(run: ReplayRun, left: Iterable[HeldRow]) -> int:
    """How many of those that waited at the start. What was sent since is of another time, or the
    rest of one that the filter split, which counts as moved.
    """
    began_ms = epoch_ms_from_iso(run.started_at)
    return sum(row["why"] != OWN and row.get("sentAtMs", 0) < began_ms for row in left)


def by_reason(held: Iterable[HeldRow]) -> list[dict[str, Any]]:
    """Messages and events by why they are still in the queue, their class and reason."""
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
    return [
        {
            "messageId": row["messageId"],
            **_said(_place(row)),
            "events": row["events"],
            **({"firstKey": row["firstKey"]} if row.get("firstKey") else {}),
        }
        for row in islice(held, LEFT_NAMED)
    ]


def _place(row: HeldRow) -> tuple[str, str, str]:
    return row["why"], row["setAsideClass"], row.get("reason", "")


def _said(place: tuple[str, str, str]) -> dict[str, Any]:
    why, kind, reason = place
    return {"why": why, "class": kind, **({"reason": reason} if reason else {})}


def shortened(account: dict[str, Any]) -> dict[str, Any]:
    """The same as far as a state may carry it: the first lines of the bill, of `chosen` and of
    `left`; who is named one by one is in S3 alone.
    """
    lines = account["bill"]
    messages = {
        name: found[:LINES_IN_STATE] if isinstance(found, list) else found
        for name, found in account["messages"].items()
    }
    short = {**account, "bill": lines[:LINES_IN_STATE], "billLines": len(lines)}
    del short["leftMessages"]
    return {**short, "messages": messages}


def notice_of(account: dict[str, Any], order: Order, report_uri: str) -> str:
    """The text for the operators. Counts only: usage does not leave by mail."""
    events, messages, is_dry = account["events"], account["messages"], account["dryRun"]
    requests = account.get("requests", {"excluded": {}, "quarantined": {}})
    moved = f"{messages['moved']} {'would be moved' if is_dry else 'moved'}"
    not_seen = f", {messages['notSeen']} of them not looked at" if messages["notSeen"] else ""
    depth = (
        f"{messages['waitingAtStart']} waited at the start{not_seen}, "
        f"{messages['waitingNow']} wait now"
    )
    asked = order.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    hidden = messages["hiddenAtStart"]
    stays = messages["left"][:LINES_IN_STATE]
    is_nothing_chosen = not messages["moved"] and any(one["why"] == NOT_CHOSEN for one in stays)
    kind = "Dry run of a replay" if is_dry else "Replay"
    lines = [
        f"{kind} {account['replayId']} ({account['source']})",
        f"Ordered: {json.dumps(asked)}",
        f"Stopped early: {account['trouble']}" if account["trouble"] else "Came to its end.",
        f"Messages: {moved}; {depth}.",
        *([f"In other hands at the start: {hidden}. {START_AGAIN}"] if hidden else []),
        *(["The filter chose nothing: is it spelled as the report spells it?"] * is_nothing_chosen),
        "Events, if Aforo takes them now:" if is_dry else f"Events: {events['sent']} sent",
        *(f"  {fate.value}: {events[fate.value]}" for fate in Fate),
        *(f"  of class {kind}: {number}" for kind, number in account["failingClasses"].items()),
        *(_told("Chosen", one) for one in messages.get("chosen", [])[:LINES_IN_STATE]),
        *(_told("Stays", one) for one in stays),
        *(
            f"Requests {what}: {times} ({reason})"
            for what in ("excluded", "quarantined")
            for reason, times in requests[what].items()
        ),
        f"The whole report: {report_uri}",
    ]
    return "\n".join(lines)


def _told(what: str, one: dict[str, Any]) -> str:
    return f"{what}: {one['messages']} ({' '.join(filter(None, map(one.get, WHAT_IT_IS)))})"
