"""Where a message waits that is not done: as a new one where no try left a doubt, else as it is."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic_core import from_json

from functions.forwarder.answer import NoAnswer
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.usage.message import to_body
from functions.usage.moment import DAY_MS, iso_from_epoch_ms
from tests.fakes.forwarder_bench import HOLD_SECONDS, Bench
from tests.fakes.forwarding import (
    NOW_MS,
    Answer,
    accepted,
    always,
    in_turn,
    key,
    number_of,
    refusing,
    said,
    sqs_record,
    usage_event,
    usage_message,
)
from tests.fakes.model_queue import ModelQueue
from tests.fakes.settable_clock import SettableClock

UNREACHABLE = NoAnswer("unreachable", is_ambiguous=False)
NO_ANSWER = NoAnswer("no_answer", is_ambiguous=True)
REDIRECTED = said(307)
OLD_MS = NOW_MS - 3 * DAY_MS


def one_event(**details: Any) -> dict[str, Any]:
    return sqs_record(usage_message([usage_event(0)]), message_id="a", **details)


@pytest.mark.parametrize(
    "answer", [UNREACHABLE, said(429), said(401), said(403), said(404), REDIRECTED, said(418)]
)
def test_a_try_that_left_no_doubt_is_written_into_a_new_message(answer: Reply | NoAnswer) -> None:
    """The old one is acknowledged; the new one says when its wait began, and comes later."""
    bench = Bench(always(answer))
    assert bench.forward([one_event(sent_ms=NOW_MS - 60_000)]) == []
    later = bench.usage.put["a"]
    assert from_json(later.body) == usage_message(
        [usage_event(0)],
        held={
            "firstSentAt": iso_from_epoch_ms(NOW_MS - 60_000),
            "firstTriedAt": iso_from_epoch_ms(NOW_MS - 59_995),
            "tries": 1,
        },
    )
    assert 1 <= later.seconds <= 900
    assert bench.visibility.seconds == {}


@pytest.mark.parametrize("answer", [NO_ANSWER, said(503), said(408), said(200, {"accepted": 9})])
def test_a_try_that_left_a_doubt_leaves_the_message_where_it_is(answer: Reply | NoAnswer) -> None:
    """That SQS has received it before is the record, and nothing had to be written for it."""
    bench = Bench(always(answer))
    assert bench.forward([one_event()]) == ["a"]
    assert bench.usage.put == {}
    assert bench.visibility.seconds.keys() == {"receipt of a"}


def test_a_doubt_is_not_forgotten_by_a_later_try() -> None:
    """A message that was received before stays, though this try is certain."""
    bench = Bench(always(said(429)))
    assert bench.forward([one_event(receives=2)]) == ["a"]
    assert bench.usage.put == {}


@pytest.mark.parametrize("receives", [1, 2])
def test_more_events_than_the_share_of_a_minute_end_in_two_tries(receives: int) -> None:
    """What Aforo took of a message goes round no more: posted first each time, it would use up the
    share of each try, and the rest would never have its turn.
    """
    clock = SettableClock(NOW_MS / 1000)
    queue, posted = ModelQueue(clock), Counter[int]()

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        posted.update(map(number_of, block))
        return accepted(block)

    bench = Bench(answer, clock=clock, queue=queue, events_per_minute=60, most_events=10)
    bench.remaining_ms = [110_000]  # a post may begin for less than the minute that it would wait
    queue.send(to_body(usage_message(usage_event(number) for number in range(66))))
    next(iter(queue.messages.values())).receives = receives - 1
    tries = 0
    while (visible := queue.next_visible()) is not None and tries < 5:
        clock.now, tries = max(clock.now, visible), tries + 1
        records = queue.receive()
        staying = set(bench.forward(records))
        queue.delete(one["messageId"] for one in records if one["messageId"] not in staying)
    assert tries == 2
    assert posted == Counter(range(66))
    assert queue.messages == {}


def test_the_rest_of_a_message_keeps_its_doubt() -> None:
    """It was received before, so Aforo may have all of it: so says the new message, and is of the
    events that Aforo has not taken now.
    """
    bench = Bench(in_turn(accepted, said(429)), most_events=2)
    record = sqs_record(
        usage_message([usage_event(n) for n in range(4)]),
        message_id="a",
        sent_ms=NOW_MS - 60_000,
        receives=2,
    )
    assert bench.forward([record]) == []
    later = from_json(bench.usage.put["a"].body)
    assert [one["idempotencyKey"] for one in later["events"]] == [key(2), key(3)]
    assert later["held"]["maybeBilledSince"] == iso_from_epoch_ms(NOW_MS - 60_000)
    assert bench.settled_keys() == [key(0), key(1)]


def test_beside_a_doubt_of_this_try_a_message_stays_whole() -> None:
    """That SQS has received it is the doubt, of all that it holds."""
    bench = Bench(in_turn(accepted, NO_ANSWER), most_events=2)
    record = sqs_record(usage_message([usage_event(n) for n in range(4)]), message_id="a")
    assert bench.forward([record]) == ["a"]
    assert bench.usage.put == {}


def test_what_is_not_durable_is_not_certain() -> None:
    """Confirmed, and the ledger is away: the next try must know that Aforo may have it."""
    bench = Bench(in_turn(accepted, said(429)))
    bench.places.down = {"ledger"}
    other = sqs_record(usage_message(usage_event(n) for n in range(1, 101)), message_id="b")
    assert bench.forward([one_event(), other]) == ["a", "b"]
    assert bench.usage.put == {}


def test_a_queue_that_takes_nothing_back_costs_the_certainty_and_nothing_else() -> None:
    """The message stays and waits as ever."""
    bench = Bench(always(said(429)))
    bench.places.down = {"put_back"}
    assert bench.forward([one_event()]) == ["a"]
    assert bench.visibility.seconds.keys() == {"receipt of a"}


def test_the_hold_counts_from_the_first_of_its_kind() -> None:
    """However often it was put back; the record says all of its tries, and that none left doubt."""
    bench = Bench(always(said(429)))
    held = {
        "firstSentAt": iso_from_epoch_ms(NOW_MS - HOLD_SECONDS * 1000),
        "firstTriedAt": iso_from_epoch_ms(NOW_MS - HOLD_SECONDS * 1000 + 5),
        "tries": 79,
    }
    message = usage_message([usage_event(0)], held=held, decided=True)
    assert bench.forward([sqs_record(message)]) == []
    (body,) = bench.set_aside()
    assert body["setAside"]["setAsideClass"] == "exhausted"
    assert body["setAside"]["reason"] == "rate_limited"
    assert body["setAside"]["tries"] == 80
    assert body["setAside"]["firstTriedAt"] == held["firstTriedAt"]
    assert body["setAside"]["maybeBilledSince"] is None
    assert "held" not in body
    assert "decided" not in body  # of its tries from now on nothing is decided
    (row,) = bench.ledger.rows
    assert "maybeBilledSince" not in row


@pytest.mark.parametrize(("receives", "since_ms"), [(1, NOW_MS), (2, NOW_MS - 20 * 3_600_000)])
def test_what_is_set_aside_with_a_doubt_says_so_to_every_copy_of_it(
    receives: int, since_ms: int
) -> None:
    """In its record and in the ledger's row: since the first try that may have reached Aforo."""
    bench = Bench(always(said(503)))
    bench.forward([one_event(sent_ms=NOW_MS - 20 * 3_600_000, receives=receives)])
    (body,) = bench.set_aside()
    assert body["setAside"]["setAsideClass"] == "exhausted"
    assert body["setAside"]["maybeBilledSince"] == iso_from_epoch_ms(since_ms)
    (row,) = bench.ledger.rows
    assert row["maybeBilledSince"] == iso_from_epoch_ms(since_ms)


def test_an_old_event_that_is_refused_once_is_posted_again() -> None:
    """From a replayed log, three days old, a 429 at its first try: no decision at its second."""
    old = usage_event(0, occurred_ms=OLD_MS)
    bench = Bench(in_turn(said(429), accepted))
    assert bench.forward([sqs_record(usage_message([old]), message_id="a")]) == []
    bench.clock.advance(60)
    again = bench.usage.put["a"].body
    assert bench.forward([sqs_record(again)]) == []
    assert bench.aforo.blocks == [[key(0)]] * 2
    assert [row["outcome"] for row in bench.ledger.rows] == ["confirmed"]


def test_an_old_event_that_hung_is_posted_again_while_aforo_remembers() -> None:
    """Whatever Aforo has got of it, it got within the dedup window: it will say `duplicate`."""
    old = usage_event(0, occurred_ms=OLD_MS)
    bench = Bench(in_turn(NO_ANSWER, accepted))
    assert bench.forward([sqs_record(usage_message([old]), message_id="a")]) == ["a"]
    bench.clock.advance(60)
    assert bench.forward([sqs_record(usage_message([old]), message_id="a", receives=2)]) == []
    assert bench.aforo.blocks == [[key(0)]] * 2


@pytest.mark.parametrize("hold_seconds", [HOLD_SECONDS, 1_123_200])
def test_a_new_message_comes_after_15_minutes_at_most(hold_seconds: int) -> None:
    """SQS delays none for longer; the old one of a long hold would be out of sight for hours."""
    message = usage_message(
        [usage_event(0)],
        held={
            "firstSentAt": iso_from_epoch_ms(NOW_MS - 60_000),
            "firstTriedAt": iso_from_epoch_ms(NOW_MS - 60_000),
            "tries": 40,
        },
    )
    bench = Bench(always(said(429)), hold_seconds=hold_seconds, jitter=lambda: 1.0)
    assert bench.forward([sqs_record(message)]) == []
    assert bench.usage.put["m-1"].seconds == 900
    stays = Bench(always(NO_ANSWER), hold_seconds=hold_seconds, jitter=lambda: 1.0)
    assert stays.forward([sqs_record(message)]) == ["m-1"]
    hidden = {HOLD_SECONDS: 900, 1_123_200: 20_058}[hold_seconds]
    assert stays.visibility.seconds == {"receipt of m-1": hidden}


@pytest.mark.parametrize("stop", [said(429, {"retryAfter": 7}), said(503)])
def test_an_event_that_is_asked_again_in_minutes_keeps_no_other_from_its_try(
    stop: Reply,
) -> None:
    """The message waits as the others of it do."""
    refused = said(202, {"accepted": 1, "failed": 1, "errors": [{"index": 0, "error": "INTERNAL"}]})
    bench = Bench(in_turn(refused, stop), most_events=2, jitter=lambda: 1.0)
    message = usage_message([usage_event(n) for n in range(4)])
    bench.forward([sqs_record(message, message_id="a")])
    seconds = [*bench.visibility.seconds.values(), *(o.seconds for o in bench.usage.put.values())]
    assert seconds == [7 if stop.status == 429 else 2]


def test_each_message_waits_its_own_time_and_the_counters_hear_of_the_longest() -> None:
    """In their order: one stays, one is a new message; and a third is done."""
    bench = Bench(in_turn(accepted, said(429)), most_events=1, jitter=lambda: 1.0)
    records = [
        sqs_record(usage_message([usage_event(0)]), message_id="done"),
        sqs_record(usage_message([usage_event(1)]), message_id="new"),
        sqs_record(usage_message([usage_event(2)]), message_id="stays", receives=5),
    ]
    assert bench.forward(records) == ["stays"]
    assert {name: one.seconds for name, one in bench.usage.put.items()} == {"new": 2}
    assert bench.visibility.seconds == {"receipt of stays": 32}
    ((_, until_ms),) = bench.stalls()
    assert until_ms == NOW_MS + 1000 * (32 * 3 // 2 + 180)


REFUSED_AT = iso_from_epoch_ms(NOW_MS - 100_000)


def of_refused_before(answer: Answer, reason: str) -> dict[str, Any]:
    """What is put back of an event that Aforo refused 100 seconds ago, and of its neighbour."""
    known = {key(0): {"reason": reason, "refusedAt": REFUSED_AT}}
    message = usage_message([usage_event(0), usage_event(1)], refused=known)
    bench = Bench(answer)
    assert bench.forward([sqs_record(message, message_id="a")]) == []
    body: dict[str, Any] = from_json(bench.usage.put["a"].body)
    return body


def test_a_first_answer_stands_until_there_is_another() -> None:
    """Not answered this time, or in the same words too soon: its time stands. In other words: they
    are the first now.
    """
    refused = said(202, {"accepted": 1, "failed": 1, "errors": [{"index": 0, "error": "INTERNAL"}]})
    stands = {key(0): {"reason": "internal", "refusedAt": REFUSED_AT}}
    assert of_refused_before(always(said(429)), "internal")["refused"] == stands
    assert of_refused_before(always(refused), "internal")["refused"] == stands
    other = of_refused_before(always(refused), "timeout")["refused"]
    assert other == {key(0): {"reason": "internal", "refusedAt": iso_from_epoch_ms(NOW_MS)}}


def decided(answer: Answer, **more: Any) -> Bench:
    old = usage_event(0, occurred_ms=OLD_MS)
    bench = Bench(answer)
    doubt = {
        "setAsideClass": "ambiguous",
        "reason": "outside_dedup_window",
        "status": None,
        "instance": None,
        "tries": 3,
        "firstTriedAt": iso_from_epoch_ms(OLD_MS),
        "lastTriedAt": iso_from_epoch_ms(OLD_MS + 5),
        "maybeBilledSince": iso_from_epoch_ms(OLD_MS),
    }
    bench.forward([sqs_record(usage_message([old], history=[doubt], **more))])
    return bench


def test_a_doubtful_event_is_posted_past_the_window_when_a_person_decided_so() -> None:
    """Without the decision it needs a decision, unposted; with it, it is posted and billed."""
    undecided = decided(accepted)
    assert undecided.aforo.blocks == []
    assert [body["setAside"]["setAsideClass"] for body in undecided.set_aside()] == ["ambiguous"]
    sent = decided(accepted, decided=True)
    assert sent.aforo.blocks == [[key(0)]]
    assert [row["outcome"] for row in sent.ledger.rows] == ["confirmed"]


def test_a_decision_lasts_while_its_message_is_held() -> None:
    """The message that is put back still says it."""
    bench = decided(always(said(429)), decided=True)
    assert from_json(bench.usage.put["m-1"].body)["decided"] is True


@pytest.mark.parametrize(("receives", "is_doubtful"), [(1, False), (2, True)])
def test_a_refusal_of_the_event_itself_leaves_no_doubt_and_ends_none(
    receives: int, *, is_doubtful: bool
) -> None:
    """Aforo has not got it by this try; of one that nobody noted it says nothing."""
    bench = Bench(refusing({0}))
    bench.forward([one_event(receives=receives, sent_ms=NOW_MS - 60_000)])
    (body,) = bench.set_aside()
    since = iso_from_epoch_ms(NOW_MS - 60_000) if is_doubtful else None
    assert body["setAside"]["maybeBilledSince"] == since
