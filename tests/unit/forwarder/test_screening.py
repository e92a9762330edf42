"""What is decided by time alone, and by the ledger, before anything is posted."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.packing import distinct
from functions.forwarder.screening import ReadHour, Screening
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import NOW_MS, usage_event

DAY_MS = 24 * HOUR_MS
KEY = usage_event(1)["idempotencyKey"]
AMBIGUOUS = SetAside(SetAsideClass.AMBIGUOUS, "outside_dedup_window")
LATE = SetAside(SetAsideClass.LATE, "too_old")


def row(number: int, outcome: str = "confirmed", *, verified: bool = True) -> LedgerRow:
    event = usage_event(number)
    return {
        "key": event["idempotencyKey"],
        "customerId": event["customerId"],
        "meter": "api_calls",
        "quantity": 1,
        "occurredAt": event["occurredAt"],
        "outcome": outcome,  # type: ignore[typeddict-item]
        "verified": verified,
        "meteredAt": "",
        "queuedAt": "",
        "settledAt": "",
    }


def decide(
    age_ms: int, rows: Iterable[LedgerRow] = (), *, doubtful: bool = False
) -> ForwardingOutcome | None:
    parcels = distinct([usage_event(1, occurred_ms=NOW_MS - age_ms)]).parcels.values()
    decided = Screening(lambda _: rows, 86_400).decide(
        parcels, doubtful={KEY} if doubtful else (), now_ms=NOW_MS, has_time=lambda: True
    )
    return decided.get(KEY)


@pytest.mark.parametrize(
    ("age_ms", "rows", "doubtful", "outcome"),
    [
        (0, [], False, None),
        (0, [], True, None),  # Aforo still knows the key
        (DAY_MS, [], True, None),
        (DAY_MS + 1, [], False, None),  # never sent: the first time cannot be the second
        (DAY_MS + 1, [], True, AMBIGUOUS),
        (DAY_MS + 1, [row(1)], True, Confirmed()),
        (DAY_MS + 1, [row(1, verified=False)], False, Confirmed(verified=False)),
        (DAY_MS + 1, [row(1, "set_aside")], False, None),
        (DAY_MS + 1, [row(1, "set_aside")], True, AMBIGUOUS),
        (DAY_MS + 1, [row(2)], False, None),
        (90 * DAY_MS, [], False, None),
        (90 * DAY_MS + 1, [], False, LATE),
        (90 * DAY_MS + 1, [], True, LATE),
        (90 * DAY_MS + 1, [row(1)], False, Confirmed()),
        (-5 * 60_000, [], False, None),
        (-5 * 60_000 - 1000, [], False, Held("future", 1.0)),
        (-2 * HOUR_MS, [row(1)], True, Held("future", 6900.0)),
    ],
)
def test_what_time_decides(
    *, age_ms: int, rows: list[LedgerRow], doubtful: bool, outcome: ForwardingOutcome | None
) -> None:
    """None: post it."""
    assert decide(age_ms, rows, doubtful=doubtful) == outcome


def test_an_hour_of_the_ledger_is_read_once() -> None:
    """Fifty old events of one hour cost one reading; young ones none."""
    hours: list[str] = []

    def read_hour(hour: str) -> Iterable[LedgerRow]:
        hours.append(hour)
        return []

    old_ms = NOW_MS - 2 * DAY_MS
    events = [usage_event(n, occurred_ms=old_ms + n) for n in range(50)]
    events += [usage_event(100 + n) for n in range(50)]
    Screening(read_hour, 86_400).decide(
        distinct(events).parcels.values(), doubtful=(), now_ms=NOW_MS, has_time=lambda: True
    )
    assert hours == [iso_from_epoch_ms(old_ms)[:13]]


def broken(error: Exception) -> ReadHour:
    def read_hour(_: str) -> Iterator[LedgerRow]:
        yield row(2)
        raise error

    return read_hour


def test_a_ledger_that_cannot_be_read_holds_old_events() -> None:
    """Without its word an old event is neither posted nor given up."""
    parcels = distinct([usage_event(1, occurred_ms=NOW_MS - 2 * DAY_MS)]).parcels.values()
    decided = Screening(broken(ValueError("not a row")), 86_400).decide(
        parcels, doubtful=(), now_ms=NOW_MS, has_time=lambda: True
    )
    assert decided == {KEY: Held("ledger_unreadable", 0)}


def test_without_time_the_ledger_is_not_read() -> None:
    """Old events wait for an invocation that has the time."""
    parcels = distinct([usage_event(1, occurred_ms=NOW_MS - 2 * DAY_MS)]).parcels.values()
    decided = Screening(broken(AssertionError()), 86_400).decide(
        parcels, doubtful=(), now_ms=NOW_MS, has_time=lambda: False
    )
    assert decided == {KEY: Held("out_of_time", 0)}


@given(age_ms=st.integers(-DAY_MS, 120 * DAY_MS), is_confirmed=st.booleans())
def test_what_aforo_may_have_forgotten_is_never_posted(*, age_ms: int, is_confirmed: bool) -> None:
    """Doubtful and older than the window: decided here, always."""
    outcome = decide(age_ms, [row(1)] if is_confirmed else [], doubtful=True)
    if age_ms > DAY_MS:
        assert outcome is not None
        assert isinstance(outcome, Confirmed) is is_confirmed
