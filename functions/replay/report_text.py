"""The report of a replay: its sums come in, what a person reads leaves.

Three forms of one account: the whole for S3, a short one that fits a state's output (256 KiB), and
the text of the notice.
"""

import json
from dataclasses import dataclass
from typing import Any

from functions.replay.bill import Fate
from functions.replay.order import Order
from functions.replay.report_sums import ReportSums
from functions.replay.selection import NOT_CHOSEN

# About 200 bytes each; who wants all of them reads the copy in S3.
LINES_IN_STATE = 50
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


def report_of(run: ReplayRun, sums: ReportSums) -> dict[str, Any]:
    """The whole report. Messages are objects where the source is the quarantine."""
    chosen = sum(one["messages"] for one in sums.chosen)
    # A dry run's move that was killed has hidden what it chose, and told nobody.
    moved = max(run.messages_moved, chosen)
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
            **({"chosen": sums.chosen} if sums.chosen else {}),
            "left": sums.left,
            # Behind a limit; or SQS showed them to nobody, as when 120,000 are hidden at a time.
            "notSeen": max(0, run.waiting_at_start - moved - sums.left_of_then),
            "waitingNow": run.waiting_now,
        },
        "events": {"sent": sum(sums.events.values()), **sums.events},
        "failingClasses": sums.failing_classes,
        # Fewer hours read than there are: some of `replayed` may have been confirmed before.
        "ledgerHours": {"needed": len(sums.hours), "read": len(sums.hours) - len(sums.unread)},
        "bill": sums.bill,
        "leftMessages": sums.left_messages,
        **({"requests": sums.requests} if sums.requests else {}),
    }


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
