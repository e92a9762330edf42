"""The sums of a replay."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.replay.bill import (
    Bill,
    Fate,
    LedgerKnowledge,
    bill_of,
    bill_of_dry_run,
    is_of_another,
    once,
)
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import DAY_MS
from tests.fakes.set_aside_messages import NOW_MS, event, ledger_row, sent_row

if TYPE_CHECKING:
    from functions.replay.manifest import SentRow

REPLAY = "by-hand"


def key(number: int) -> str:
    return event(number)["idempotencyKey"]


@pytest.mark.parametrize(
    ("rows", "is_known", "fate"),
    [
        ([ledger_row(1)], False, Fate.REPLAYED),
        ([ledger_row(1)], True, Fate.ALREADY_CONFIRMED),
        ([], True, Fate.ALREADY_CONFIRMED),
        ([], False, Fate.OUTSTANDING),
        ([ledger_row(1, set_aside_class="config")], False, Fate.STILL_FAILING),
        ([ledger_row(1, set_aside_class="ambiguous")], False, Fate.NEEDS_DECISION),
        ([ledger_row(1, set_aside_class="late")], False, Fate.NEEDS_DECISION),
        ([ledger_row(1, set_aside_class="config"), ledger_row(1)], False, Fate.REPLAYED),
    ],
)
def test_each_event_has_one_fate(rows: list[LedgerRow], is_known: bool, fate: Fate) -> None:  # noqa: FBT001
    """From its rows under the replay, and whether the ledger had it before."""
    bill = bill_of(once([sent_row(1)]), rows, {key(1)} if is_known else set())
    assert {name: number for name, number in bill.events.items() if number} == {fate: 1}


def test_the_bill_is_per_customer_meter_and_day() -> None:
    """In order, with the quantity that this replay added to the customer's bill."""
    other_day = "2026-11-22T23:59:59.999Z"
    sent = once(
        [
            sent_row(1, quantity=5),
            sent_row(2, quantity=7),
            sent_row(3, occurred_at=other_day),
            sent_row(4, customer="cus_b"),
        ]
    )
    bill = bill_of(sent, [ledger_row(1), ledger_row(3), ledger_row(4)], {key(4)})
    assert bill == Bill(
        lines=[
            {
                "customerId": "cus_a",
                "meter": "api_calls",
                "day": "2026-11-22",
                "events": {"replayed": 1},
                "quantityReplayed": 1,
            },
            {
                "customerId": "cus_a",
                "meter": "api_calls",
                "day": "2026-11-23",
                "events": {"replayed": 1, "outstanding": 1},
                "quantityReplayed": 5,
            },
            {
                "customerId": "cus_b",
                "meter": "api_calls",
                "day": "2026-11-23",
                "events": {"alreadyConfirmed": 1},
                "quantityReplayed": 0,
            },
        ],
        events={
            "replayed": 2,
            "alreadyConfirmed": 1,
            "stillFailing": 0,
            "needsDecision": 0,
            "outstanding": 1,
        },
        failing_classes={},
    )
    assert bill.sent == 4


def test_what_fails_again_is_named_by_its_class() -> None:
    """The class of this time, which may not be that of the last."""
    rows = [
        ledger_row(number, set_aside_class=kind)
        for number, kind in enumerate(["config", "config", "ambiguous"])
    ]
    bill = bill_of(once(map(sent_row, range(3))), rows, set())
    assert bill.failing_classes == {"config": 2, "ambiguous": 1}


def test_a_dry_run_says_what_aforo_would_not_take() -> None:
    """Older than 90 days needs a decision; known to the ledger is not billed again."""
    sent = once([sent_row(1), sent_row(2), sent_row(3, occurred_at="2026-08-25T11:59:59.999Z")])
    bill = bill_of_dry_run(sent, LedgerKnowledge({key(2)}, began_ms=0), NOW_MS, DAY_MS)
    assert (bill.events["replayed"], bill.events["alreadyConfirmed"]) == (1, 1)
    assert (bill.events["needsDecision"], bill.failing_classes) == (1, {"late": 1})


@pytest.mark.parametrize(
    ("occurred_at", "since_ms", "undecided"),
    [
        ("2026-11-22T11:00:00.000Z", NOW_MS - DAY_MS - 1, {"ambiguous": 1}),
        ("2026-11-22T11:00:00.000Z", NOW_MS - DAY_MS, {}),
        ("2026-11-22T11:00:00.000Z", None, {}),
        ("2026-11-23T11:00:00.000Z", NOW_MS - DAY_MS - 1, {}),  # clocks differ
        ("2026-08-20T11:00:00.000Z", None, {"late": 1}),
    ],
)
def test_a_dry_run_says_what_would_wait_for_a_person(
    occurred_at: str, since_ms: int | None, undecided: dict[str, int]
) -> None:
    """What Aforo may have had for longer than it remembers; not what the ledger has."""
    row: SentRow = {**sent_row(1, occurred_at=occurred_at), "maybeBilledSinceMs": since_ms}
    bill = bill_of_dry_run(once([row]), LedgerKnowledge(began_ms=0), NOW_MS, DAY_MS)
    assert bill.failing_classes == undecided
    assert bill.events["needsDecision"] == sum(undecided.values())
    known = LedgerKnowledge({key(1)}, began_ms=0)
    assert bill_of_dry_run(once([row]), known, NOW_MS, DAY_MS).events["needsDecision"] == 0


def test_a_row_of_another_replay_or_of_none_is_of_another() -> None:
    """Also one of the same name that began later; a set-aside row confirms nothing."""
    assert is_of_another(ledger_row(1), REPLAY, NOW_MS)
    assert is_of_another(ledger_row(1, replay_id="earlier"), REPLAY, NOW_MS)
    assert not is_of_another(ledger_row(1, replay_id=REPLAY), REPLAY, NOW_MS)
    assert is_of_another(ledger_row(1, replay_id=REPLAY), REPLAY, NOW_MS + 1)
    assert not is_of_another(ledger_row(1, set_aside_class="config"), REPLAY, NOW_MS + 1)


NUMBERS = st.integers(0, 9)


@settings(deadline=None)  # two loaded cores
@given(
    sent=st.lists(st.tuples(NUMBERS, st.sampled_from(["cus_a", "cus_b"])), max_size=20),
    settled=st.lists(st.tuples(NUMBERS, st.sampled_from(["", "config", "late"])), max_size=20),
    known=st.sets(NUMBERS),
)
def test_the_sums_always_close(
    sent: list[tuple[int, str]], settled: list[tuple[int, str]], known: set[int]
) -> None:
    """However often an event is sent or settled, it counts once, and the lines add up."""
    # A key belongs to one customer: its number decides.
    rows = [sent_row(number, customer="cus_a" if number % 2 else "cus_b") for number, _ in sent]
    bill = bill_of(
        once(rows),
        [ledger_row(number, set_aside_class=kind) for number, kind in settled],
        {key(number) for number in known},
    )
    assert bill.sent == len({number for number, _ in sent})
    by_line = Counter[str]()
    for line in bill.lines:
        by_line.update(line["events"])
    assert by_line == Counter({fate: n for fate, n in bill.events.items() if n})
    failing = bill.events["stillFailing"] + bill.events["needsDecision"]
    assert sum(bill.failing_classes.values()) == failing
