"""A dry run says what the forwarder will do: both judge the same messages and the same ledger."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.forwarder.inbox import Received, read_inbox
from functions.forwarder.packing import distinct
from functions.forwarder.screening import Screening
from functions.forwarder.tries import Doubts
from functions.replay.bill import Fate, LedgerKnowledge, bill_of_dry_run, is_of_another, once
from functions.replay.manifest_rows import sent_rows
from functions.replay.order import Order
from functions.replay.selection import Take, select
from functions.usage.ledger_row import LedgerRow
from functions.usage.message import SetAsideRecord, UsageMessage, to_body
from functions.usage.moment import DAY_MS, HOUR_MS, iso_from_epoch_ms
from functions.usage.outcome import Confirmed, SetAside, SetAsideClass
from tests.fakes.forwarding import sqs_record
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.set_aside_messages import (
    NOW_MS,
    decided_order,
    event,
    ledger_row,
    message,
    record,
    waiting_message,
)

OCCURRED_MS = NOW_MS - 10 * DAY_MS
EVENT = event(1, occurred_at=iso_from_epoch_ms(OCCURRED_MS))
KEY = EVENT["idempotencyKey"]
# Never within the minutes by which the forwarder shortens the window: clocks, and its own time.
AGO = st.integers(1, 80).map(lambda threes: NOW_MS - threes * 3 * HOUR_MS + HOUR_MS)


def told(last_tried_ms: int, since_ms: int | None) -> SetAsideRecord:
    since = None if since_ms is None else iso_from_epoch_ms(since_ms)
    tried = {"lastTriedAt": iso_from_epoch_ms(last_tried_ms), "maybeBilledSince": since}
    return {**record("exhausted"), **tried}  # type: ignore[typeddict-item]


def row_of(settled_ms: int, since_ms: int | None) -> LedgerRow:
    found: LedgerRow = {
        **ledger_row(1, set_aside_class="exhausted", occurred_at=EVENT["occurredAt"]),
        "settledAt": iso_from_epoch_ms(settled_ms),
    }
    return found if since_ms is None else {**found, "maybeBilledSince": iso_from_epoch_ms(since_ms)}


def foreseen(backs: Sequence[Take], rows: Sequence[LedgerRow], began_ms: int | None = 0) -> str:
    sent = once(row for back in backs for row in sent_rows(back))
    known = LedgerKnowledge(began_ms=began_ms)
    for row in rows:
        known.take(row, sent, is_other=is_of_another(row, "dry", NOW_MS))
    bill = bill_of_dry_run(sent, known, NOW_MS, DAY_MS)
    ((fate, _),) = [(fate, number) for fate, number in bill.events.items() if number]
    return next(iter(bill.failing_classes), fate)


def done(
    backs: Sequence[Take], rows: Sequence[LedgerRow], reaches: Callable[[int], bool] = ever
) -> str:
    doubts = Doubts()
    records: list[dict[str, Any]] = [
        sqs_record(to_body(back.back), message_id=str(number), sent_ms=NOW_MS)
        for number, back in enumerate(backs)
    ]
    for one in read_inbox(records):
        assert isinstance(one, Received)
        doubts.add(one.events, one.maybe_billed_since_ms, one.decided_until_ms)
    outcome = (
        Screening(by_reading(lambda _: rows), reaches, 86_400)
        .decide(
            distinct([EVENT]).keyed_events.values(),
            doubts=doubts,
            now_ms=NOW_MS,
            has_time=lambda: True,
        )
        .get(KEY)
    )
    match outcome:
        case SetAside(set_aside_class):
            return set_aside_class
        case Confirmed():
            return Fate.ALREADY_CONFIRMED
    return Fate.REPLAYED


def taken(body: UsageMessage, *, decided: bool) -> Take:
    choice = select(waiting_message(body), decided_order() if decided else Order(), "dry", NOW_MS)
    assert isinstance(choice, Take)
    return choice


def test_a_doubt_that_only_the_ledger_knows_is_foreseen() -> None:
    """A copy of an event, or one that was sent by hand without its history."""
    backs = [taken(message([EVENT], told(NOW_MS - DAY_MS, None)), decided=False)]
    rows = [row_of(NOW_MS - 4 * DAY_MS, NOW_MS - 5 * DAY_MS)]
    assert foreseen(backs, rows) == done(backs, rows) == SetAsideClass.AMBIGUOUS


def test_of_two_copies_the_earliest_doubt_is_foreseen() -> None:
    """In whatever order the dry run sees them."""
    doubtful = message([EVENT], told(NOW_MS - 4 * DAY_MS, NOW_MS - 5 * DAY_MS))
    certain = message([EVENT], told(NOW_MS - 4 * DAY_MS, None))
    for bodies in ([doubtful, certain], [certain, doubtful]):
        backs = [taken(body, decided=False) for body in bodies]
        assert foreseen(backs, []) == done(backs, []) == SetAsideClass.AMBIGUOUS


def test_a_decision_that_does_not_cover_a_later_doubt_is_foreseen() -> None:
    """The same that the forwarder will make of it."""
    backs = [taken(message([EVENT], told(NOW_MS - 5 * DAY_MS, NOW_MS - 6 * DAY_MS)), decided=True)]
    rows = [row_of(NOW_MS - 5 * DAY_MS, NOW_MS - 6 * DAY_MS)]
    assert foreseen(backs, rows) == done(backs, rows) == Fate.REPLAYED
    rows.append(row_of(NOW_MS - 2 * DAY_MS, NOW_MS - 3 * DAY_MS))
    assert foreseen(backs, rows) == done(backs, rows) == SetAsideClass.AMBIGUOUS


TOLD = st.builds(told, AGO, st.none() | AGO) | st.just(record("exhausted"))


@settings(deadline=None)  # two loaded cores
@given(
    copies=st.lists(st.lists(TOLD, min_size=1, max_size=3), min_size=1, max_size=3),
    rows=st.lists(st.builds(row_of, AGO, st.none() | AGO), max_size=4),
    is_confirmed=st.booleans(),
    decided=st.booleans(),
)
def test_a_dry_run_foresees_what_the_forwarder_does(
    *,
    copies: list[list[SetAsideRecord]],
    rows: list[LedgerRow],
    is_confirmed: bool,
    decided: bool,
) -> None:
    """With copies, records and rows of any time, and with and without a person's decision."""
    if is_confirmed:
        rows = [*rows, ledger_row(1, occurred_at=EVENT["occurredAt"])]
    backs = [taken(message([EVENT], last, first), decided=decided) for *first, last in copies]
    assert foreseen(backs, rows) == done(backs, rows)


@pytest.mark.parametrize("is_decided", [False, True])
@pytest.mark.parametrize("began_ms", [None, NOW_MS, OCCURRED_MS + 1, OCCURRED_MS])
def test_what_only_an_older_ledger_would_know_is_foreseen(
    began_ms: int | None,
    is_decided: bool,  # noqa: FBT001 - pytest gives it
) -> None:
    """As the forwarder does with it: a person decides, or has decided."""
    back = taken(message([EVENT], told(NOW_MS - DAY_MS, None)), decided=is_decided)

    def reaches(occurred_ms: int) -> bool:
        return began_ms is not None and occurred_ms >= began_ms

    expected = Fate.REPLAYED if is_decided or began_ms == OCCURRED_MS else SetAsideClass.AMBIGUOUS
    assert foreseen([back], [], began_ms) == done([back], [], reaches) == expected
