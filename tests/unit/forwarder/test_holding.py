"""How long a message waits, and what it becomes when it waited long enough."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.holding import Holding, given_up
from functions.usage.outcome import Held, SetAside, SetAsideClass
from tests.fakes.forwarding import NOW_MS, envelope, forwarder_settings
from tests.fakes.settable_clock import SettableClock

HOLD = 50_400
MAX_RECEIVE_COUNT = 100  # UsageQueue's redrive policy


@pytest.mark.parametrize(
    ("receives", "asked", "waited", "jitter", "seconds"),
    [
        (1, 0, 0, 1.0, 2),
        (1, 0, 0, 0.0, 1),
        (2, 0, 0, 1.0, 4),
        (5, 0, 0, 1.0, 32),
        (9, 0, 0, 1.0, 512),
        (10, 0, 0, 1.0, 900),
        (90, 0, 0, 0.0, 450),
        (1, 30, 0, 1.0, 30),  # as long as Aforo asks
        (1, 0.4, 0, 1.0, 2),
        (1, 5_000, 0, 1.0, 900),
        (10, 0, HOLD - 60, 1.0, 60),  # the last try comes when the hold ends
        (10, 0, HOLD - 0.5, 1.0, 1),
        (3, 0, HOLD + 60, 1.0, 8),  # brought back by our own trouble
    ],
)
def test_how_long_a_message_waits(
    receives: int, asked: float, waited: float, jitter: float, seconds: int
) -> None:
    """Doubling, with jitter; at least what Aforo asks; at most 15 minutes and the hold."""
    holding = Holding(HOLD, jitter=lambda: jitter)
    message = envelope(waited_seconds=waited, receives=receives)
    assert holding.wait_seconds(message, [Held("outage", asked)], NOW_MS) == seconds


def test_our_own_lack_of_time_is_no_reason_to_wait() -> None:
    """What was not tried because the function had to end is tried at once."""
    assert Holding(HOLD).wait_seconds(envelope(), [Held("out_of_time", 0)], NOW_MS) == 5


@pytest.mark.parametrize(
    ("waited", "asked", "seconds"),
    [(0, 7.5, 900), (HOLD, 7.5, 8), (HOLD, 0.1, 1), (HOLD, 9e9, 900)],
)
def test_past_the_hold_an_untried_message_gets_its_try_soon(
    waited: float, asked: float, seconds: int
) -> None:
    """Before the hold ends the backoff counts, or the receives would not last."""
    message = envelope(waited_seconds=waited, receives=50)
    held = [Held("breaker_open", asked)]
    assert Holding(HOLD, jitter=lambda: 1.0).wait_seconds(message, held, NOW_MS) == seconds


@pytest.mark.parametrize(
    ("hold", "seconds"),
    # The last: SQS hides for 12 hours at most, and so long waits a hold of 28 days.
    [(3_600, 900), (HOLD, 900), (72_000, 1_286), (1_123_200, 20_058), (2_419_200, 43_200)],
)
def test_a_longer_hold_waits_longer_at_a_time(hold: int, seconds: int) -> None:
    """A 56th of it, once that is more than 15 minutes: its receives last for all of it."""
    message = envelope(receives=90)
    held = [Held("outage", 0)]
    assert Holding(hold, jitter=lambda: 1.0).wait_seconds(message, held, NOW_MS) == seconds


@pytest.mark.parametrize(("waited", "is_over"), [(HOLD - 0.001, False), (HOLD, True)])
def test_a_hold_is_over_to_the_millisecond(waited: float, *, is_over: bool) -> None:
    """Counted from when SQS got the message."""
    assert Holding(HOLD).is_over(envelope(waited_seconds=waited), NOW_MS) is is_over


@pytest.mark.parametrize(
    ("waited", "reasons", "seconds"),
    [
        (0, ["out_of_time", "out_of_time"], 5),
        (HOLD, ["out_of_time"], 5),
        (0, ["out_of_time", "outage"], 16),
        (HOLD, ["own_rate"], 1),
        (HOLD, ["breaker_open", "own_rate", "out_of_time"], 1),
        (HOLD, ["breaker_open", "outage"], 16),
        (0, [], 16),
        (HOLD, [], 16),  # Aforo has it all, and a place of ours failed
    ],
)
def test_one_event_that_was_tried_is_enough_to_wait_as_ever(
    waited: float, reasons: list[str], seconds: int
) -> None:
    """Only a message of which nothing was tried is tried soon."""
    message = envelope(waited_seconds=waited, receives=4)
    held = [Held(reason, 0) for reason in reasons]
    assert Holding(HOLD, jitter=lambda: 1.0).wait_seconds(message, held, NOW_MS) == seconds


@given(
    receives=st.integers(1, 1_000),
    waited=st.floats(0, HOLD * 2),
    asked=st.lists(st.floats(0, 1e9), max_size=3),
)
def test_a_wait_is_always_one_that_sqs_takes(
    receives: int, waited: float, asked: list[float]
) -> None:
    """Between 1 second and 15 minutes, whatever comes in."""
    held = [Held("outage", seconds) for seconds in asked]
    message = envelope(waited_seconds=waited, receives=receives)
    assert 1 <= Holding(HOLD).wait_seconds(message, held, NOW_MS) <= 900


# 20 hours are five sixths of a day's dedup window, 13 days the most that the template takes.
@pytest.mark.parametrize("hold", [3_600, HOLD, 72_000, 1_123_200])
@given(seed=st.integers(0, 2**32))
def test_the_hold_ends_before_the_redrive_policy_does(hold: int, seed: int) -> None:
    """An outage of the whole hold takes fewer receives than would redrive the message."""
    holding = Holding(hold, jitter=random.Random(seed).random)
    waited, receives = 0.0, 1
    while not holding.is_over(envelope(waited_seconds=waited), NOW_MS):
        message = envelope(waited_seconds=waited, receives=receives)
        waited += holding.wait_seconds(message, [Held("outage", 0)], NOW_MS)
        receives += 1
    assert receives < MAX_RECEIVE_COUNT


@pytest.mark.parametrize(
    ("held", "is_forgotten", "set_aside_class"),
    [
        (Held("outage", 0, ambiguous=True), False, SetAsideClass.EXHAUSTED),
        (Held("outage", 0, ambiguous=True), True, SetAsideClass.AMBIGUOUS),
        (Held("rate_limited", 3), False, SetAsideClass.EXHAUSTED),
        (Held("rate_limited", 3), True, SetAsideClass.AMBIGUOUS),  # of an earlier try
        (Held("unreachable", 0), False, SetAsideClass.EXHAUSTED),
        (Held("credential_refused", 0), False, SetAsideClass.AUTH),
        (Held("credential_unavailable", 0), False, SetAsideClass.AUTH),
        (Held("systemic_refusal", 0), True, SetAsideClass.AUTH),
        (Held("signature_refused", 0), True, SetAsideClass.AUTH),
        (Held("clock_skew", 0), False, SetAsideClass.AUTH),
        (Held("redirected", 0), False, SetAsideClass.AUTH),
        (Held("answer_not_json", 0, ambiguous=True), False, SetAsideClass.AMBIGUOUS),
        (Held("future", 0), False, SetAsideClass.FUTURE),
        (Held("counts_do_not_add_up", 0, ambiguous=True), False, SetAsideClass.AMBIGUOUS),
    ],
)
def test_what_a_held_event_becomes_when_the_hold_is_over(
    *, held: Held, is_forgotten: bool, set_aside_class: SetAsideClass
) -> None:
    """The class says what a person has to do before a replay."""
    expected = SetAside(set_aside_class, held.reason)
    assert given_up(held, is_forgotten=is_forgotten) == expected


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_refusal_is_believed_when_there_is_no_time_to_ask_again(*, is_forgotten: bool) -> None:
    """What Aforo said of the event says more than that it waited."""
    refusal = SetAside(SetAsideClass.POISON, "internal", 202, "urn:1")
    held = Held("refused_once", 310, refusal=refusal)
    assert given_up(held, is_forgotten=is_forgotten) == refusal


@pytest.mark.parametrize("reason", ["out_of_time", "breaker_open", "own_rate"])
def test_what_was_not_tried_stays_held(reason: str) -> None:
    """Past the hold it gets its last try first."""
    held = Held(reason, 0)
    assert given_up(held, is_forgotten=True) == held


def safe_hold(hold_seconds: int, dedup_window_seconds: int) -> float:
    settings = forwarder_settings(
        hold_seconds=hold_seconds, dedup_window_seconds=dedup_window_seconds
    )
    return settings.safe_hold_seconds


def test_a_hold_that_outlives_aforo_s_memory_is_shortened() -> None:
    """Refused, it would stop all usage until somebody deploys anew."""
    assert safe_hold(50_400, 86_400) == 50_400
    assert safe_hold(72_000, 86_400) == 72_000
    assert safe_hold(72_001, 86_400) == 72_000
    assert safe_hold(50_400, 3_600) == 3_000


@given(
    hold_seconds=st.integers(min_value=1, max_value=10**9),
    dedup_window_seconds=st.integers(min_value=3_600, max_value=10**9),
)
def test_the_hold_always_ends_a_sixth_before_the_dedup_window(
    hold_seconds: int, dedup_window_seconds: int
) -> None:
    """Whatever is given; and it is as given wherever it may be."""
    found = safe_hold(hold_seconds, dedup_window_seconds)
    assert 1 <= found <= hold_seconds
    assert 6 * found <= 5 * dedup_window_seconds
    assert found == hold_seconds or 6 * (found + 1) > 5 * dedup_window_seconds


def test_the_breaker_opens_probes_and_shuts() -> None:
    """Stopped: nothing goes until its time; then one probe, and a longer time if stopped."""
    clock = SettableClock()
    breaker = Breaker(clock, HOLD, jitter=lambda: 1.0)
    assert breaker.refusal() is None
    breaker.record(Held("outage", 0, ambiguous=True))
    assert breaker.refusal() == Held("outage", 1.0)
    clock.advance(1)
    assert breaker.refusal() is None
    breaker.record(Held("outage", 0))
    assert breaker.refusal() == Held("outage", 2.0)
    clock.advance(2)
    breaker.record(None)
    assert breaker.refusal() is None


def test_the_breaker_waits_as_long_as_aforo_asks_and_no_longer_than_30_seconds_by_itself() -> None:
    """A Retry-After outweighs its own, capped time."""
    clock = SettableClock()
    breaker = Breaker(clock, HOLD, jitter=lambda: 1.0)
    for _ in range(50):
        breaker.record(Held("outage", 0))
    assert breaker.refusal() == Held("outage", 30.0)
    breaker.record(Held("rate_limited", 120))
    assert breaker.refusal() == Held("rate_limited", 120.0)


@pytest.mark.parametrize(("hold_seconds", "most"), [(50_400, 30.0), (240, 30.0), (40, 5.0)])
def test_the_breaker_is_open_for_an_eighth_of_the_hold_at_most(
    hold_seconds: float, most: float
) -> None:
    """What has waited long enough is given up by a try, which does not wait for as long again."""
    breaker = Breaker(SettableClock(), hold_seconds, jitter=lambda: 1.0)
    for _ in range(50):
        breaker.record(Held("outage", 0))
    assert breaker.refusal() == Held("outage", most)
