"""Where a message waits that is not done: as a new one where no try left a doubt, else as it is."""

from typing import Any

import pytest
from pydantic_core import from_json

from functions.forwarder.answer import NoAnswer
from functions.forwarder.problem import Reply
from functions.usage.moment import DAY_MS, iso_from_epoch_ms
from tests.fakes.forwarder_bench import HOLD_SECONDS, Bench
from tests.fakes.forwarding import (
    NOW_MS,
    Answer,
    accepted,
    always,
    in_turn,
    key,
    refusing,
    said,
    sqs_record,
    usage_event,
    usage_message,
)

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
