"""What a post goes through: time, our share of Aforo's rate, and whether one was stopped."""

from collections.abc import Callable, Sequence

from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.answer import AcceptedPost, Stop, Verdict
from functions.forwarder.gate import Gate
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.rate_share import RateShare
from functions.usage.outcome import Held
from tests.fakes.forwarding import keyed_events
from tests.fakes.settable_clock import SettableClock

OUTAGE = Held("outage", 7, ambiguous=True)


class Aforo:
    """Takes whatever comes, and is told whether there is time to send it once more."""

    def __init__(self) -> None:
        self.posts = 0
        self.times: list[bool] = []

    def post(self, _block: Sequence[KeyedEvent], has_time: Callable[[], bool]) -> Verdict:
        self.posts += 1
        self.times.append(has_time())
        return AcceptedPost()


def gate_to(aforo: Aforo, spare: list[float], a_minute: float = 1e9) -> Gate:
    """`spare`: the seconds that are left, from call to call; the last one for ever."""
    clock = SettableClock(0)

    def spare_seconds() -> float:
        return spare.pop(0) if len(spare) > 1 else spare[0]

    share = RateShare(a_minute, clock, clock.advance)
    return Gate(aforo.post, Breaker(clock, 50_400), share, spare_seconds)


def test_a_post_is_told_the_time_that_is_left_then() -> None:
    """A second sending, with another key, must not begin when the first took all of it."""
    aforo = Aforo()
    gate_to(aforo, [5, -0.1]).post(keyed_events(1))
    assert aforo.times == [False]


def test_the_last_moment_is_a_moment() -> None:
    """And after it nothing is posted."""
    aforo = Aforo()
    assert gate_to(aforo, [0]).post(keyed_events(1)) == AcceptedPost()
    assert gate_to(aforo, [-0.001]).post(keyed_events(1)) == Stop(Held("out_of_time", 0))
    assert aforo.posts == 1


def test_nothing_is_posted_after_a_post_that_was_stopped() -> None:
    """What another thread was about to post is held beside it, without a doubt."""
    aforo = Aforo()
    gate = gate_to(aforo, [60])
    gate.record(OUTAGE)
    assert gate.post(keyed_events(1)) == Stop(Held("outage", 7))
    assert aforo.posts == 0


def test_the_first_stop_speaks_for_all() -> None:
    """A slower thread heard older news: its success shuts nothing, and its stop changes nothing."""
    gate = gate_to(Aforo(), [60])
    gate.record(OUTAGE)
    gate.record(None)
    gate.record(Held("rate_limited", 900))
    assert gate.stopped == OUTAGE
    assert gate.breaker.refusal() is not None
    refusal = gate.breaker.refusal()
    assert refusal is not None
    assert refusal.reason == "outage"


def test_what_was_not_tried_is_no_news_of_aforo() -> None:
    """Neither running out of time nor our own rate opens the breaker."""
    for reason in ("out_of_time", "own_rate", "breaker_open"):
        gate = gate_to(Aforo(), [60])
        gate.record(Held(reason, 5))
        assert (gate.stopped, gate.breaker.refusal()) == (None, None)


def test_the_share_is_of_events_not_of_posts() -> None:
    """Aforo's limit is; a post of a hundred is a hundred of them."""
    aforo = Aforo()
    gate = gate_to(aforo, [10], a_minute=150)
    assert gate.post(keyed_events(100)) == AcceptedPost()
    assert gate.post(keyed_events(100)) == Stop(Held("own_rate", 60.0))
    assert aforo.posts == 1


def test_a_breaker_that_an_earlier_invocation_opened_sets_nothing_aside() -> None:
    """Its own reason would: past the hold a message is given up for it, and nobody tried."""
    gate = gate_to(Aforo(), [60])
    gate.breaker.record(OUTAGE)
    refusal = gate.refusal()
    assert refusal is not None
    assert refusal.reason == "breaker_open"
    assert 0 < refusal.wait_seconds <= 7
