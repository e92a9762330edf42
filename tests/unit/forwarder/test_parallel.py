"""Several posts at once: at once in truth, stopped together, and none left behind."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from functions.forwarder.answer import Verdict, judge
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.parallel import Parallel
from functions.forwarder.problem import Reply
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import (
    NOW_MS,
    accepted,
    always,
    key,
    number_of,
    said,
    sqs_record,
    usage_event,
    usage_message,
)
from tests.fakes.instants import NOW

PATIENCE_SECONDS = 30  # of a busy machine


def events(count: int) -> list[dict[str, object]]:
    return [sqs_record(usage_message(usage_event(n) for n in range(count)))]


def bench_with(post: Callable[[Sequence[KeyedEvent]], Verdict], parallel: int = 4) -> Bench:
    return Bench(accepted, posts_at_once=parallel, post=lambda block, _has_time: post(block))


def test_posts_go_at_once() -> None:
    """Four posts wait for each other: one after the other they would wait for ever."""
    together = threading.Barrier(4, timeout=PATIENCE_SECONDS)

    def post(block: Sequence[KeyedEvent]) -> Verdict:
        together.wait()
        return judge(accepted(block), len(block), NOW)

    bench = bench_with(post)
    assert bench.forward(events(400)) == []
    assert len(bench.ledger.rows) == 400


def test_the_common_invocation_starts_no_thread() -> None:
    """One post is made where the function runs."""
    names: list[str] = []

    def post(block: Sequence[KeyedEvent]) -> Verdict:
        names.append(threading.current_thread().name)
        return judge(accepted(block), len(block), NOW)

    bench_with(post).forward(events(100))
    assert names == [threading.current_thread().name]


def stopped_by_the_first(answer: Reply) -> tuple[Bench, list[int]]:
    """Two parallel: the first post gets `answer`, the second is accepted after that was noted."""
    posted: list[int] = []
    both = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def post(block: Sequence[KeyedEvent]) -> Verdict:
        posted.append(number_of(block[0]))
        both.wait()
        if number_of(block[0]) == 0:
            return judge(answer, len(block), NOW)
        until = time.monotonic() + PATIENCE_SECONDS
        while bench.forwarding.posting.breaker.is_shut() and time.monotonic() < until:
            time.sleep(0.001)
        return judge(accepted(block), len(block), NOW)

    bench = bench_with(post, parallel=2)
    return bench, posted


def test_a_429_in_one_lane_stops_all_of_them() -> None:
    """Two posts are on the way when it comes: both end; of the other eight none begins. What was
    not posted waits as long as Aforo told the one that was.
    """
    bench, posted = stopped_by_the_first(said(429, {"retryAfter": 77}))
    messages = [
        sqs_record(usage_message([usage_event(n) for n in range(f, f + 100)]), message_id=str(f))
        for f in range(0, 1_000, 100)
    ]
    assert bench.forward(messages) == []
    assert sorted(posted) == [0, 100]
    assert len(bench.ledger.rows) == 100
    assert len(bench.usage.put) == 9
    assert {later.seconds for later in bench.usage.put.values()} == {77}


def test_a_success_heard_after_a_stop_does_not_shut_the_breaker() -> None:
    """The slower lane's answer is older news."""
    bench, _ = stopped_by_the_first(said(503))
    bench.forward(events(200))
    assert not bench.forwarding.posting.breaker.is_shut()


def test_a_probe_goes_alone() -> None:
    """After an outage one post asks whether Aforo is back; it is not, and the others are spared."""
    bench = Bench(always(said(503)), posts_at_once=4)
    bench.forward(events(1))
    bench.clock.advance(60)
    bench.forward([sqs_record(usage_message(usage_event(n) for n in range(900)))])
    assert [len(block) for block in bench.aforo.blocks] == [1, 100]


def test_our_own_rate_holds_what_does_not_fit_without_doubt_and_without_a_post() -> None:
    """It comes back when the minute is over, and the hold sets none of it aside."""
    bench = Bench(accepted, events_per_minute=250, remaining_ms=[70_000])
    messages = [
        sqs_record(
            usage_message([usage_event(n) for n in range(f, f + 100)]),
            message_id=str(f),
            sent_ms=NOW_MS - 90_000_000,
        )
        for f in range(0, 300, 100)
    ]
    assert bench.forward(messages) == []
    assert [len(block) for block in bench.aforo.blocks] == [100, 100]
    assert 50 <= bench.usage.put["200"].seconds <= 60
    assert bench.set_aside() == []
    bench.clock.advance(60)
    assert bench.forward([sqs_record(bench.usage.put["200"].body)]) == []
    assert len(bench.ledger.rows) == 300


def test_our_own_rate_is_waited_for_while_there_is_time() -> None:
    """Two minutes left: the third post goes in the next minute."""
    bench = Bench(accepted, events_per_minute=250, remaining_ms=[180_000])
    bench.forward(events(300))
    assert [len(block) for block in bench.aforo.blocks] == [100, 100, 100]
    assert bench.clock() == pytest.approx(NOW_MS / 1000 + 60)


def test_a_lane_that_breaks_is_heard_when_all_have_ended() -> None:
    """A bug stays loud, and nothing posts behind its back."""
    ended: list[str] = []

    def slow() -> str:
        time.sleep(0.1)
        ended.append("slow")
        return "done"

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Parallel(2).run(lambda action: action(), [broken, slow, slow])
    assert ended == ["slow", "slow"]


def test_outcomes_stand_in_the_order_of_the_events() -> None:
    """Whichever lane is the fastest."""

    def post(block: Sequence[KeyedEvent]) -> Verdict:
        time.sleep(0.001 * (3 - number_of(block[0]) // 100))
        return judge(accepted(block), len(block), NOW)

    bench = bench_with(post)
    bench.forward(events(300))
    assert [row["key"] for row in bench.ledger.rows] == [key(n) for n in range(300)]
    assert bench.settled_keys() == [key(n) for n in range(300)]


def test_held_by_another_lane_is_not_ambiguous() -> None:
    """It was not posted: its message is put back as a new one."""
    bench = Bench(always(said(503)), posts_at_once=1)
    messages = [
        sqs_record(usage_message([usage_event(n) for n in range(f, f + 100)]), message_id=str(f))
        for f in (0, 100)
    ]
    assert bench.forward(messages) == ["0"]
    assert bench.usage.put.keys() == {"100"}
