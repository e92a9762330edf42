"""The report of a replay, in its three forms."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from functions.replay.bill import Bill, bill_of, once
from functions.replay.left_messages import LEFT_NAMED
from functions.replay.manifest import HeldRow
from functions.replay.order import Order
from functions.replay.report_sums import LedgerReading, sums_of
from functions.replay.report_text import (
    LINES_IN_STATE,
    START_AGAIN,
    ReplayRun,
    notice_of,
    report_of,
    shortened,
)
from functions.usage.moment import epoch_ms_from_iso
from tests.fakes.set_aside_messages import ledger_row, sent_row

HELD: HeldRow = {
    "messageId": "m-1",
    "receiptHandle": "r-1",
    "why": "not_chosen",
    "setAsideClass": "poison",
    "events": 3,
    "reason": "quantity_negative",
    "firstKey": "apigw1-1",
}


DRY: HeldRow = {**HELD, "messageId": "dry", "why": "dry_run", "setAsideClass": "config"}
BEFORE_MS, SINCE_MS = 1_795_435_199_999, 1_795_435_200_000  # the replay's start, and just before


def course(trouble: str = "", hidden: int = 0, **order: object) -> ReplayRun:
    return ReplayRun(
        replay_id="by-hand",
        order=Order.model_validate(order),
        started_at="2026-11-23T12:00:00.000Z",
        finished_at="2026-11-23T12:01:00.000Z",
        trouble=trouble,
        waiting_at_start=6,
        waiting_now=1,
        messages_moved=3,
        hidden_at_start=hidden,
    )


def report(run: ReplayRun, bill: Bill, held: Iterable[HeldRow], hours: int) -> dict[str, Any]:
    """Of one part, in which that many hours of the ledger were needed and read."""
    reading = LedgerReading([f"2026-11-23T{hour:02}" for hour in range(hours)])
    return report_of(run, sums_of(bill, held, (), reading, epoch_ms_from_iso(run.started_at)))


def left(*held: HeldRow) -> dict[str, Any]:
    return report(course(), bill_of({}, [], set()), held, 0)


def test_a_message_that_was_seen_twice_counts_once() -> None:
    """It is hidden for a quarter of an hour, and a replay may take longer."""
    again: HeldRow = {**HELD, "receiptHandle": "r-2"}
    other: HeldRow = {
        "messageId": "m-2",
        "receiptHandle": "r-3",
        "why": "own",
        "setAsideClass": "config",
        "events": 2,
    }
    account = left(HELD, other, again)
    poison = {"why": "not_chosen", "class": "poison", "reason": "quantity_negative", "events": 3}
    unnamed = {"why": "own", "class": "config", "events": 2}
    assert account["messages"]["left"] == [
        {**poison, "messages": 1},
        {**unnamed, "messages": 1},
    ]
    assert account["leftMessages"] == [
        {**poison, "messageId": "m-1", "firstKey": "apigw1-1"},
        {**unnamed, "messageId": "m-2"},
    ]


def test_what_a_dry_run_would_move_is_not_named_one_by_one() -> None:
    """Only what a person has to take out of the queue; the first thousand, and in S3 alone."""
    many: list[HeldRow] = [{**HELD, "messageId": f"m-{number}"} for number in range(LEFT_NAMED + 1)]
    account = left(DRY, *many)
    assert [one["messageId"] for one in account["leftMessages"]] == [
        one["messageId"] for one in many[:LEFT_NAMED]
    ]
    assert "leftMessages" not in shortened(account)


def test_the_account_says_what_was_done_and_what_was_left() -> None:
    """Every number of the notice stands in it."""
    bill = bill_of(once([sent_row(1), sent_row(2)]), [ledger_row(1)], set())
    went = course("Aforo went away", hidden=2, maxMessages=3)
    account = report(went, bill, [HELD], 1)
    assert account["events"] == {
        "sent": 2,
        "replayed": 1,
        "alreadyConfirmed": 0,
        "stillFailing": 0,
        "needsDecision": 0,
        "outstanding": 1,
    }
    assert account["trouble"] == "Aforo went away"
    assert account["messages"]["moved"] == 3
    assert account["messages"]["notSeen"] == 2
    assert account["ledgerHours"] == {"needed": 1, "read": 1}
    assert notice_of(account, went.order, "s3://ledger/x").splitlines() == [
        "Replay by-hand (usage)",
        'Ordered: {"maxMessages": 3}',
        "Stopped early: Aforo went away",
        "Messages: 3 moved; 6 waited at the start, 2 of them not looked at, 1 wait now.",
        f"In other hands at the start: 2. {START_AGAIN}",
        "Events: 2 sent",
        "  replayed: 1",
        "  alreadyConfirmed: 0",
        "  stillFailing: 0",
        "  needsDecision: 0",
        "  outstanding: 1",
        "Stays: 1 (not_chosen poison quantity_negative)",
        "The whole report: s3://ledger/x",
    ]


def test_a_dry_run_is_told_in_the_conditional() -> None:
    """Nobody must take it for a replay."""
    dry = course(dryRun=True)
    account = report(dry, bill_of({}, [], set()), [DRY], 0)
    notice = notice_of(account, dry.order, "s3://ledger/x")
    assert notice.startswith("Dry run of a replay by-hand (usage)\nOrdered: {")
    assert "3 would be moved" in notice
    assert "Events, if Aforo takes them now:" in notice
    assert "Chosen: 1 (dry_run config quantity_negative)" in notice
    assert "Stays" not in notice


def test_what_a_dry_run_would_move_is_not_left() -> None:
    """Each message counts once: `moved`, `left` and `notSeen` add up to what waited."""
    dry = course(dryRun=True)
    chosen: list[HeldRow] = [{**DRY, "messageId": f"dry-{number}"} for number in range(3)]
    account = report(dry, bill_of({}, [], set()), [*chosen, HELD], 0)
    messages = account["messages"]
    assert (messages["waitingAtStart"], messages["moved"], messages["notSeen"]) == (6, 3, 2)
    assert [one["messages"] for one in messages["left"]] == [1]
    (would_move,) = messages["chosen"]
    assert (would_move["class"], would_move["reason"]) == ("config", "quantity_negative")
    assert (would_move["messages"], would_move["events"]) == (3, 9)
    assert shortened(account)["messages"]["chosen"] == messages["chosen"]


def test_a_dry_run_counts_what_a_move_that_was_killed_had_chosen() -> None:
    """It had hidden them: no later move saw them, and the state machine does not know of them."""
    chosen: list[HeldRow] = [{**DRY, "messageId": f"dry-{number}"} for number in range(5)]
    messages = report(course(dryRun=True), bill_of({}, [], set()), chosen, 0)["messages"]
    assert (messages["waitingAtStart"], messages["moved"], messages["notSeen"]) == (6, 5, 1)


def test_what_was_sent_since_the_start_did_not_wait_then() -> None:
    """Of a message that the filter split the one half counts as moved, the other is such a one."""
    rest: HeldRow = {**HELD, "messageId": "rest", "sentAtMs": SINCE_MS}
    waited: HeldRow = {**HELD, "messageId": "waited", "sentAtMs": BEFORE_MS}
    own: HeldRow = {**HELD, "messageId": "own", "why": "own", "sentAtMs": BEFORE_MS}
    messages = left(rest, waited, own)["messages"]
    assert (messages["waitingAtStart"], messages["moved"], messages["notSeen"]) == (6, 3, 2)
    assert sum(one["messages"] for one in messages["left"]) == 3


def test_a_filter_that_chooses_nothing_is_asked_about() -> None:
    """Misspelled, it looks like a success."""
    said = "The filter chose nothing: is it spelled as the report spells it?"
    for moved, is_asked in ((0, True), (3, False)):
        wrong = replace(course(filter={"customerId": "cus_acmee"}), messages_moved=moved)
        account = report(wrong, bill_of({}, [], set()), [HELD], 0)
        assert account["order"]["filter"] == {"customerId": "cus_acmee"}
        assert (said in notice_of(account, wrong.order, "s3://ledger/x")) is is_asked


def test_a_state_carries_no_more_than_some_lines() -> None:
    """A state's output may have 256 KiB; the rest of the bill is in S3."""
    sent = once(sent_row(number, customer=f"cus_{number:04}") for number in range(1000))
    account = report(course(), bill_of(sent, [], set()), [], 1)
    short = shortened(account)
    assert (len(short["bill"]), short["billLines"]) == (LINES_IN_STATE, 1000)
    assert len(account["bill"]) == 1000
