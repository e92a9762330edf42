"""What is decided by time alone, and by the ledger, before anything is posted."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.ledger_lookup import Found
from functions.forwarder.packing import distinct
from functions.forwarder.screening import FUTURE_TOLERANCE_MS, SLACK_MS, Screening
from functions.forwarder.tries import Doubts
from functions.usage.ledger_row import LedgerRow
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.outcome import Confirmed, ForwardingOutcome, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import NOW_MS, usage_event
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.settled_row import settled_row

if TYPE_CHECKING:
    from functions.usage.event import UsageEvent

DAY_MS = 24 * HOUR_MS
KEY = usage_event(1)["idempotencyKey"]
AMBIGUOUS = SetAside(SetAsideClass.AMBIGUOUS, "outside_dedup_window")
LATE = SetAside(SetAsideClass.LATE, "too_old")
BEFORE = SetAside(SetAsideClass.AMBIGUOUS, "before_the_ledger")


WINDOW = DAY_MS - SLACK_MS  # the dedup window, less an invocation and what clocks differ
OVER = WINDOW + 1


def row(
    number: int,
    outcome: str = "confirmed",
    *,
    verified: bool = True,
    doubt_ms: int | None = None,
    settled_ms: int = 0,
) -> LedgerRow:
    """`doubt_ms` and `settled_ms` ago."""
    event = usage_event(number)
    doubt = {} if doubt_ms is None else {"maybeBilledSince": iso_from_epoch_ms(NOW_MS - doubt_ms)}
    return settled_row(
        event["idempotencyKey"],
        event["occurredAt"],
        customerId=event["customerId"],
        outcome=outcome,
        verified=verified,
        settledAt=iso_from_epoch_ms(NOW_MS - settled_ms),
        **doubt,
    )


def ago(duration_ms: int | None) -> int | None:
    return None if duration_ms is None else NOW_MS - duration_ms


def decide(
    age_ms: int,
    rows: Iterable[LedgerRow] = (),
    *,
    doubt_ms: int | None = None,
    decided_ms: int | None = None,
    reaches: bool | None = True,
) -> ForwardingOutcome | None:
    """`doubt_ms`: how long ago Aforo may first have got it; `decided_ms`: and how long ago the
    last try was that a person decided about.
    """
    events = [usage_event(1, occurred_ms=NOW_MS - age_ms)]
    doubts = Doubts()
    doubts.add(events, ago(doubt_ms), ago(decided_ms))
    decided_now = Screening(by_reading(lambda _: rows), lambda _: reaches, 86_400).decide(
        distinct(events).keyed_events.values(), doubts=doubts, now_ms=NOW_MS, has_time=lambda: True
    )
    found = decided_now.get(KEY)
    return replace(found, maybe_billed_since_ms=None) if isinstance(found, SetAside) else found


@pytest.mark.parametrize(
    ("age_ms", "reaches", "rows", "outcome"),
    [
        (OVER, False, [], BEFORE),
        (OVER, None, [], Held("ledger_unreadable", 0)),
        (OVER, True, [], None),
        (OVER, False, [row(1)], Confirmed()),  # adopted, or replayed since
        (OVER, False, [row(1, "set_aside")], BEFORE),  # by this stack: says nothing of the old one
        (WINDOW, False, [], None),  # Aforo knows the key
        (WINDOW, None, [], None),
        (90 * DAY_MS + 1, False, [], LATE),
    ],
)
def test_what_an_older_ledger_would_know_is_not_posted(
    age_ms: int, *, reaches: bool | None, rows: list[LedgerRow], outcome: ForwardingOutcome | None
) -> None:
    """That this ledger lacks it says nothing: a stack made again would bill it a second time."""
    assert decide(age_ms, rows, reaches=reaches) == outcome


def test_what_a_person_decided_needs_no_older_ledger() -> None:
    """The operator's word that Aforo lacks it, a first deployment included, posts it."""
    assert decide(OVER, reaches=False, decided_ms=OVER) is None


def test_usage_from_before_the_ledger_leaves_no_doubt_that_stays() -> None:
    """With the older ledger in place a replay posts what that one does not have."""
    events = [usage_event(1, occurred_ms=NOW_MS - OVER)]
    decided = Screening(by_reading(lambda _: ()), lambda _: False, 86_400).decide(
        distinct(events).keyed_events.values(),
        doubts=Doubts(),
        now_ms=NOW_MS,
        has_time=lambda: True,
    )
    assert decided == {KEY: BEFORE}


@pytest.mark.parametrize(
    ("age_ms", "rows", "doubt_ms", "outcome"),
    [
        (0, [], None, None),
        (0, [], 0, None),  # Aforo still knows the key
        (WINDOW, [], WINDOW, None),
        (OVER, [], None, None),  # never sent: the first time cannot be the second
        (OVER, [], OVER, AMBIGUOUS),
        (OVER, [], WINDOW, None),  # an old event, tried lately: Aforo knows a key it got since
        (3 * DAY_MS, [], 1, None),
        (OVER, [row(1)], OVER, Confirmed()),
        (OVER, [row(1, verified=False)], None, Confirmed(verified=False)),
        (OVER, [row(1, "set_aside")], None, None),
        (OVER, [row(1, "set_aside")], OVER, AMBIGUOUS),
        (OVER, [row(1, "set_aside", doubt_ms=OVER)], None, AMBIGUOUS),  # of a copy of it
        (OVER, [row(1, "set_aside", doubt_ms=OVER)], 1, AMBIGUOUS),
        (OVER, [row(1, "set_aside", doubt_ms=WINDOW)], None, None),
        (OVER, [row(1, "set_aside", doubt_ms=OVER), row(1)], None, Confirmed()),
        (OVER, [row(2, "set_aside", doubt_ms=OVER)], None, None),
        (OVER, [row(2)], None, None),
        (90 * DAY_MS, [], None, None),
        (90 * DAY_MS + 1, [], None, LATE),
        (90 * DAY_MS + 1, [], OVER, LATE),
        (90 * DAY_MS + 1, [row(1)], None, Confirmed()),
        (-5 * 60_000, [], None, None),
        (-5 * 60_000 - 1000, [], None, Held("future", 1.0)),
        (-2 * HOUR_MS, [row(1)], OVER, Held("future", 6900.0)),
    ],
)
def test_what_time_decides(
    age_ms: int, rows: list[LedgerRow], doubt_ms: int | None, outcome: ForwardingOutcome | None
) -> None:
    """None: post it."""
    assert decide(age_ms, rows, doubt_ms=doubt_ms) == outcome


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([], None),
        ([row(1, "set_aside", doubt_ms=4 * DAY_MS, settled_ms=3 * DAY_MS)], None),
        ([row(1)], Confirmed()),  # a person may be wrong, the ledger is not
        # What came of a copy since, which nobody decided about.
        ([row(1, "set_aside", doubt_ms=2 * DAY_MS, settled_ms=DAY_MS)], AMBIGUOUS),
        ([row(1, "set_aside", doubt_ms=HOUR_MS)], None),  # Aforo still knows the key
        # Its doubt began before, and says nothing of its later tries.
        ([row(1, "set_aside", doubt_ms=4 * DAY_MS, settled_ms=3 * DAY_MS - 1)], AMBIGUOUS),
    ],
)
def test_what_a_person_decided_is_posted(
    rows: list[LedgerRow], outcome: ForwardingOutcome | None
) -> None:
    """The doubts from before are settled, later ones count; what was confirmed still is not billed
    again.
    """
    assert decide(5 * DAY_MS, rows, decided_ms=3 * DAY_MS) == outcome


def test_of_copies_in_one_invocation_the_last_decision_counts() -> None:
    """It was about all that the earlier one was about; and an undecided copy takes none away."""
    events = [usage_event(1, occurred_ms=NOW_MS - 5 * DAY_MS)]
    doubts = Doubts()
    for decided_ms in (2 * DAY_MS, 3 * DAY_MS, None):
        doubts.add(events, None, ago(decided_ms))
    rows = [row(1, "set_aside", doubt_ms=4 * DAY_MS, settled_ms=2 * DAY_MS)]
    assert doubts.of(KEY, rows) is None


def test_an_undecided_event_says_since_when_it_is_doubtful() -> None:
    """The earliest doubt, of the message or of the ledger."""
    events = [usage_event(1, occurred_ms=NOW_MS - 5 * DAY_MS)]
    doubts = Doubts({KEY: NOW_MS - 2 * DAY_MS})
    rows = [row(1, "set_aside", doubt_ms=4 * DAY_MS), row(1, "set_aside", doubt_ms=3 * DAY_MS)]
    (found,) = (
        Screening(by_reading(lambda _: rows), ever, 86_400)
        .decide(
            distinct(events).keyed_events.values(),
            doubts=doubts,
            now_ms=NOW_MS,
            has_time=lambda: True,
        )
        .values()
    )
    assert found == replace(AMBIGUOUS, maybe_billed_since_ms=NOW_MS - 4 * DAY_MS)


def test_an_hour_of_the_ledger_is_read_once() -> None:
    """Fifty old events of one hour cost one reading; young ones none."""
    hours: list[str] = []

    def read_hour(hour: str) -> Iterable[LedgerRow]:
        hours.append(hour)
        return []

    old_ms = NOW_MS - 2 * DAY_MS
    events = [usage_event(n, occurred_ms=old_ms + n) for n in range(50)]
    events += [usage_event(100 + n) for n in range(50)]
    Screening(by_reading(read_hour), ever, 86_400).decide(
        distinct(events).keyed_events.values(),
        doubts=Doubts(),
        now_ms=NOW_MS,
        has_time=lambda: True,
    )
    assert hours == [iso_from_epoch_ms(old_ms)[:13]]


def test_a_ledger_that_cannot_be_read_holds_old_events() -> None:
    """Without its word an old event is neither posted nor given up."""
    keyed_events = distinct([usage_event(1, occurred_ms=NOW_MS - 2 * DAY_MS)]).keyed_events.values()
    decided = Screening(lambda *_: Found([], is_whole=False), ever, 86_400).decide(
        keyed_events, doubts=Doubts(), now_ms=NOW_MS, has_time=lambda: True
    )
    assert decided == {KEY: Held("ledger_unreadable", 0)}


def test_without_time_the_ledger_is_not_read() -> None:
    """Old events wait for an invocation that has the time."""
    keyed_events = distinct([usage_event(1, occurred_ms=NOW_MS - 2 * DAY_MS)]).keyed_events.values()

    def look_up(*_: object) -> Found:
        raise AssertionError

    decided = Screening(look_up, ever, 86_400).decide(
        keyed_events, doubts=Doubts(), now_ms=NOW_MS, has_time=lambda: False
    )
    assert decided == {KEY: Held("out_of_time", 0)}


@given(age_ms=st.integers(-DAY_MS, 120 * DAY_MS), is_confirmed=st.booleans())
def test_what_aforo_may_have_forgotten_is_never_posted(*, age_ms: int, is_confirmed: bool) -> None:
    """Doubtful and older than the window: decided here, always."""
    outcome = decide(age_ms, [row(1)] if is_confirmed else [], doubt_ms=age_ms)
    if age_ms > WINDOW:
        assert outcome is not None
        assert isinstance(outcome, Confirmed) is is_confirmed


def test_what_was_found_before_the_time_was_over_is_settled() -> None:
    """The rest of the hour waits for the next invocation; nothing of it is posted."""
    old_ms = NOW_MS - 2 * DAY_MS
    events = [usage_event(n, occurred_ms=old_ms) for n in (1, 2)]
    left = iter([True, False])
    decided = Screening(by_reading(lambda _: [row(1), row(2)]), ever, 86_400).decide(
        distinct(events).keyed_events.values(),
        doubts=Doubts(),
        now_ms=NOW_MS,
        has_time=lambda: next(left),
    )
    assert decided == {
        KEY: Confirmed(),
        usage_event(2)["idempotencyKey"]: Held("ledger_unreadable", 0),
    }


def screen(
    ages_ms: dict[int, int],
    rows: Iterable[LedgerRow] = (),
    *,
    reaches: Callable[[int], bool | None] = ever,
    doubts: Doubts | None = None,
    times: Iterable[bool] = (),
) -> dict[str, ForwardingOutcome]:
    """Events by number, each so old. `times` answers whether there is time, then there is."""
    answers = iter(times)
    events = [usage_event(number, occurred_ms=NOW_MS - age) for number, age in ages_ms.items()]
    return Screening(by_reading(lambda _: rows), reaches, 86_400).decide(
        distinct(events).keyed_events.values(),
        doubts=doubts or Doubts(),
        now_ms=NOW_MS,
        has_time=lambda: next(answers, True),
    )


def key(number: int) -> str:
    return usage_event(number)["idempotencyKey"]


def test_each_event_of_an_invocation_is_decided_whatever_its_hour() -> None:
    """What one hour's rows say takes nothing away from another's, nor from the future."""
    doubts = Doubts({key(3): NOW_MS - OVER})
    ages = {1: OVER, 2: OVER + 5 * HOUR_MS, 3: OVER + 9 * HOUR_MS, 4: -HOUR_MS, 5: 0}
    found = screen(ages, [row(1), row(2)], doubts=doubts)
    assert found == {
        key(1): Confirmed(),
        key(2): Confirmed(),
        key(3): replace(AMBIGUOUS, maybe_billed_since_ms=NOW_MS - OVER),
        key(4): Held("future", 3300.0),
    }


def test_hours_that_there_is_no_time_for_wait_and_the_others_are_decided() -> None:
    """An hour that was read is not read in vain, and an hour that was not is not posted."""
    ages = {1: OVER, 2: OVER + 5 * HOUR_MS, 3: -HOUR_MS}
    found = screen(ages, [row(1), row(2)], times=[True, True, True, False])
    waiting = {one for one, outcome in found.items() if outcome == Held("out_of_time", 0)}
    assert waiting == {key(2)}
    assert found[key(1)] == Confirmed()
    assert found[key(3)] == Held("future", 3300.0)


def test_of_an_hour_that_cannot_be_read_every_event_waits() -> None:
    """One of them is confirmed by the part that was read; nothing is known of any other."""
    events = [usage_event(number, occurred_ms=NOW_MS - OVER) for number in range(1, 5)]
    cut = Found([row(1)], is_whole=False)
    found = Screening(lambda *_: cut, ever, 86_400).decide(
        distinct(events).keyed_events.values(),
        doubts=Doubts(),
        now_ms=NOW_MS,
        has_time=lambda: True,
    )
    unreadable = dict.fromkeys((key(2), key(3), key(4)), Held("ledger_unreadable", 0))
    assert found == {key(1): Confirmed(), **unreadable}


def test_what_is_too_old_keeps_its_doubt() -> None:
    """A person who decides later is told since when it may be billed."""
    found = screen({1: 91 * DAY_MS}, doubts=Doubts({KEY: NOW_MS - OVER}))
    assert found == {KEY: replace(LATE, maybe_billed_since_ms=NOW_MS - OVER)}


def test_the_ledger_is_asked_whether_it_was_there_when_the_event_occurred() -> None:
    """Not whether it is there now: a younger one lacks what the older had."""
    asked: list[int] = []

    def reaches(at_ms: int) -> bool:
        asked.append(at_ms)
        return False

    assert screen({1: OVER}, reaches=reaches) == {KEY: BEFORE}
    assert asked == [NOW_MS - OVER]


def test_an_invocation_and_the_difference_of_clocks_are_kept_back() -> None:
    """Five minutes of Aforo's clock to ours, and the two that an invocation may take."""
    assert SLACK_MS == 7 * 60_000


@pytest.mark.parametrize(("age_ms", "is_old"), [(0, False), (WINDOW, False), (OVER, True)])
def test_the_ledger_has_to_be_asked_of_what_aforo_may_have_forgotten(
    age_ms: int, *, is_old: bool
) -> None:
    """By the event's own time, and not a millisecond before."""
    events = [usage_event(1, occurred_ms=NOW_MS - age_ms)]
    keyed = [*distinct(events).keyed_events.values()]
    screening = Screening(by_reading(lambda _: ()), ever, 86_400)
    assert screening.old(keyed, NOW_MS) == keyed * is_old


@given(
    st.integers(-10 * 60_000, 10 * 60_000) | st.integers(WINDOW - 60_000, WINDOW + 60_000),
    st.sampled_from(["own", "seconds", "micros", "comma"]),
)
def test_a_time_decides_the_same_however_it_is_written(age_ms: int, form: str) -> None:
    """Ours are compared as texts, others are read."""
    own = iso_from_epoch_ms(NOW_MS - age_ms)
    written = {
        "own": own,
        "seconds": f"{own[:19]}Z",
        "micros": f"{own[:23]}999Z",
        "comma": own.replace(".", ","),
    }[form]
    event: UsageEvent = {**usage_event(1), "occurredAt": written}
    keyed = [*distinct([event]).keyed_events.values()]
    screening = Screening(by_reading(lambda _: ()), ever, 86_400)
    read_ms = NOW_MS - epoch_ms_from_iso(written)
    found = screening.decide(keyed, doubts=Doubts(), now_ms=NOW_MS, has_time=lambda: False)
    is_ahead, is_old = read_ms < -FUTURE_TOLERANCE_MS, read_ms > WINDOW
    assert screening.old(keyed, NOW_MS) == keyed * is_old
    reasons = [outcome.reason for outcome in found.values() if isinstance(outcome, Held)]
    assert reasons == (["future"] if is_ahead else ["out_of_time"] if is_old else [])


@given(st.lists(st.integers(0, 100) | st.none(), min_size=1))
def test_of_copies_the_earliest_doubt_stays(since: list[int | None]) -> None:
    """In whatever order they come, and however many are without one."""
    doubts = Doubts()
    for one in since:
        doubts.add([usage_event(1)], one, None)
    assert doubts.of(KEY, ()) == min((one for one in since if one is not None), default=None)
