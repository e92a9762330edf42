"""An event that is refused in words that blame nobody waits alone, and is asked again."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from functions.forwarder.answer import NoAnswer
from functions.forwarder.blame import ASK_AGAIN_SECONDS, WAIT_SECONDS
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.forwarder_bench import HOLD_SECONDS, Bench
from tests.fakes.forwarding import (
    NOW_MS,
    Answer,
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
from tests.fakes.settling import Crash


def per_event(bad: set[int], code: str = "INTERNAL") -> Answer:
    """A 2xx that refuses some events."""

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        errors = [
            {"index": i, "error": f"{code}: try later"}
            for i, keyed in enumerate(block)
            if number_of(keyed) in bad
        ]
        taken = len(block) - len(errors)
        return said(202, {"accepted": taken, "failed": len(errors), "errors": errors})

    return answer


def record(numbers: range, **details: Any) -> dict[str, Any]:
    more = {name: details.pop(name) for name in ("held", "refused", "decided") if name in details}
    message = usage_message([usage_event(n) for n in numbers], **more)
    return sqs_record(message, message_id="a", **details)


def put_back(bench: Bench) -> dict[str, Any]:
    body: dict[str, Any] = from_json(bench.usage.put["a"].body)
    return body


LONE_413: Answer = refusing({1}, status=413, code="PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(per_event({1}), "internal"), (LONE_413, "payload_too_large"), (refusing({1}, code="X"), "x")],
)
def test_only_the_refused_event_waits(answer: Answer, reason: str) -> None:
    """Its neighbours are settled and acknowledged; it goes on alone, with the first answer."""
    bench = Bench(answer)
    assert bench.forward([record(range(4), sent_ms=NOW_MS - 1_000)]) == []
    assert {row["key"] for row in bench.ledger.rows} == {key(n) for n in (0, 2, 3)}
    assert bench.set_aside() == []
    expected = usage_message(
        [usage_event(1)],
        held={
            "firstSentAt": iso_from_epoch_ms(NOW_MS - 1_000),
            "firstTriedAt": iso_from_epoch_ms(NOW_MS - 995),
            "tries": 1,
        },
        refused={key(1): {"reason": reason, "refusedAt": iso_from_epoch_ms(NOW_MS)}},
    )
    assert put_back(bench) == {**expected}
    assert bench.usage.put["a"].seconds == WAIT_SECONDS


def again(bench: Bench, seconds: float = WAIT_SECONDS) -> list[str]:
    """The message that was put back, received `seconds` after that."""
    bench.clock.advance(seconds)
    body = bench.usage.put.pop("a").body
    sent_ms = int(bench.clock() * 1000)
    return bench.forward([sqs_record(body, message_id="a", sent_ms=sent_ms)])


def test_a_fault_that_passes_costs_minutes_and_nothing_else() -> None:
    """Nobody has to know of it: the event is billed at its second try."""
    bench = Bench(in_turn(per_event({1})))
    bench.forward([record(range(4))])
    assert again(bench) == []
    assert sorted(bench.settled_keys()) == [key(n) for n in range(4)]
    assert {row["outcome"] for row in bench.ledger.rows} == {"confirmed"}
    assert bench.set_aside() == []
    assert bench.usage.put == {}


def test_the_same_answer_again_is_poison() -> None:
    """By the class and the code that a replay filters by; its tries go back to the first."""
    bench = Bench(per_event({1}))
    bench.forward([record(range(4))])
    assert again(bench) == []
    (body,) = bench.set_aside()
    assert [event["idempotencyKey"] for event in body["events"]] == [key(1)]
    assert "refused" not in body
    assert body["setAside"] | {"lastTriedAt": ""} == {
        "setAsideClass": "poison",
        "reason": "internal",
        "status": 202,
        "instance": None,
        "tries": 2,
        "firstTriedAt": iso_from_epoch_ms(NOW_MS + 5),
        "lastTriedAt": "",
        "maybeBilledSince": None,
    }
    assert sorted(bench.settled_keys()) == [key(n) for n in range(4)]


def test_another_refusal_is_a_first_one() -> None:
    """Two faults are no proof; a third answer that is equal to the second is."""
    bench = Bench(in_turn(per_event({1}), per_event({1}, "TIMEOUT"), per_event({1}, "TIMEOUT")))
    bench.forward([record(range(2))])
    assert again(bench) == []
    assert bench.set_aside() == []
    assert put_back(bench)["refused"][key(1)]["reason"] == "timeout"
    again(bench)
    assert [body["setAside"]["reason"] for body in bench.set_aside()] == ["timeout"]


def test_an_answer_that_comes_too_soon_is_no_second_one() -> None:
    """A copy that SQS delivers early meets the same fault: the first answer keeps its time."""
    bench = Bench(per_event({1}))
    bench.forward([record(range(2))])
    again(bench, ASK_AGAIN_SECONDS - 1)
    assert bench.set_aside() == []
    assert put_back(bench)["refused"][key(1)]["refusedAt"] == iso_from_epoch_ms(NOW_MS)


def test_a_code_that_blames_the_event_waits_for_nothing() -> None:
    """Beside one that waits it is set aside now, and does not come back with it."""
    errors = [{"index": 1, "error": "INVALID_EVENT"}, {"index": 2, "error": "INTERNAL"}]
    bench = Bench(in_turn(said(202, {"accepted": 2, "failed": 2, "errors": errors})))
    assert bench.forward([record(range(4))]) == []
    assert [b["setAside"]["reason"] for b in bench.set_aside()] == ["invalid_event"]
    assert [event["idempotencyKey"] for event in put_back(bench)["events"]] == [key(2)]


def test_past_the_hold_one_answer_is_enough() -> None:
    """The time that an event waits to be asked again counts."""
    bench = Bench(per_event({1}))
    assert bench.forward([record(range(2), sent_ms=NOW_MS - HOLD_SECONDS * 1000)]) == []
    assert [b["setAside"]["reason"] for b in bench.set_aside()] == ["internal"]
    assert bench.usage.put == {}


def test_near_the_end_of_the_hold_it_is_asked_then() -> None:
    """Not after it: what waits for longer than the hold is of no use to anybody."""
    bench = Bench(per_event({1}))
    bench.forward([record(range(2), sent_ms=NOW_MS - (HOLD_SECONDS - 60) * 1000)])
    assert bench.usage.put["a"].seconds == 60


def test_a_doubt_goes_with_it() -> None:
    """A refusal ends no doubt: what was in doubt before stays so, though it is a new message."""
    bench = Bench(per_event({1}))
    bench.forward([record(range(2), sent_ms=NOW_MS - 9_000, receives=2)])
    assert put_back(bench)["held"]["maybeBilledSince"] == iso_from_epoch_ms(NOW_MS - 9_000)
    again(bench)
    (body,) = bench.set_aside()
    assert body["setAside"]["maybeBilledSince"] == iso_from_epoch_ms(NOW_MS - 9_000)


def test_a_decision_does_not_end_a_doubt_that_came_after_it() -> None:
    """The person decided about the tries before: those since the replay are the message's own."""
    bench = Bench(per_event({1}))
    bench.forward([record(range(2), sent_ms=NOW_MS - 9_000, receives=2, decided=True)])
    again(bench)
    (body,) = bench.set_aside()
    assert body["setAside"]["maybeBilledSince"] == iso_from_epoch_ms(NOW_MS - 9_000)


@pytest.mark.parametrize("stop", [said(503), said(429), NoAnswer("gone", is_ambiguous=True)])
def test_beside_events_that_are_held_it_comes_back_with_them(stop: Reply | NoAnswer) -> None:
    """After their wait, not after its own; it is asked when they are."""
    answer = in_turn(per_event({1}), always(stop))
    bench = Bench(answer, most_events=2)
    bench.forward([record(range(4))])
    waits = {**bench.visibility.seconds, **{n: one.seconds for n, one in bench.usage.put.items()}}
    assert all(seconds <= 2 for seconds in waits.values())
    assert bench.set_aside() == []
    if "a" in bench.usage.put:  # as a new message it can say what it was told
        assert put_back(bench)["refused"].keys() == {key(1)}
        left = [one["idempotencyKey"] for one in put_back(bench)["events"]]
        assert left == [key(1), key(2), key(3)]  # Aforo has the first


def test_where_sqs_does_not_take_it_the_message_stays() -> None:
    """Whole, and doubtful by its next receive: nothing is lost."""
    bench = Bench(per_event({1}))
    bench.places.down = {"put_back"}
    assert bench.forward([record(range(3))]) == ["a"]
    assert bench.visibility.seconds == {"receipt of a": WAIT_SECONDS}


@pytest.mark.parametrize("place", ["usage_dead_letter", "ledger", "settled"])
def test_a_place_that_is_away_keeps_the_whole_message(place: str) -> None:
    """Its neighbours are not durable, so it is not parted from them."""
    errors = [{"index": 1, "error": "INVALID_EVENT"}, {"index": 2, "error": "INTERNAL"}]
    bench = Bench(always(said(202, {"accepted": 2, "failed": 2, "errors": errors})))
    bench.places.down = {place}
    assert bench.forward([record(range(4))]) == ["a"]
    assert "a" not in bench.usage.put


def test_a_crash_before_it_is_put_back_loses_nothing() -> None:
    """The message comes back whole; its neighbours are answered `duplicate`."""
    bench = Bench(per_event({1}))
    bench.places.crash = "put_back"
    with pytest.raises(Crash):
        bench.forward([record(range(3))])
    bench.places.crash = None
    assert bench.forward([record(range(3), receives=2)]) == []
    assert [event["idempotencyKey"] for event in put_back(bench)["events"]] == [key(1)]


CODES = ["INTERNAL", "TIMEOUT", "SOMETHING_NEW", "INVALID_EVENT"]
type Script = dict[tuple[int, int], str]


@settings(max_examples=200)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    script=st.dictionaries(
        st.tuples(st.integers(0, 19), st.integers(0, 4)), st.sampled_from(CODES), max_size=25
    ),
    outages=st.sets(st.integers(0, 12), max_size=4),
)
def test_an_event_is_set_aside_only_for_its_own_fault_or_when_it_is_said_twice(
    sizes: list[int], script: Script, outages: set[int]
) -> None:
    """Any answers, outages between them, messages of any size: whatever Aforo ever takes is billed,
    no event leaves before the second equal answer, minutes after the first, and none stays.
    """
    clock, told = SettableClock(NOW_MS / 1000), dict[int, list[tuple[str, float]]]()
    posts = iter(range(10_000))

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        if next(posts) in outages:
            return said(503)
        errors = []
        for index, keyed in enumerate(block):
            number = number_of(keyed)
            heard = told.setdefault(number, [])
            if code := script.get((number, len(heard))):
                heard.append((code, clock()))
                errors.append({"index": index, "error": f"{code}: no"})
        taken = len(block) - len(errors)
        return said(202, {"accepted": taken, "failed": len(errors), "errors": errors})

    queue = ModelQueue(clock)
    bench = Bench(answer, clock=clock, queue=queue)
    first = 0
    for size in sizes:
        queue.send(to_body(usage_message(usage_event(n) for n in range(first, first + size))))
        first += size
    while (at := queue.next_visible()) is not None:
        clock.advance(max(0.0, at - clock()) + 1)
        records = queue.receive()
        staying = set(bench.forward(records))
        queue.delete(one["messageId"] for one in records if one["messageId"] not in staying)
    assert queue.redriven == []
    aside = {e["idempotencyKey"]: b["setAside"] for b in bench.set_aside() for e in b["events"]}
    confirmed = {row["key"] for row in bench.ledger.rows if row["outcome"] == "confirmed"}
    assert aside.keys() | confirmed == {key(n) for n in range(first)}
    assert not aside.keys() & confirmed
    for number in range(first):
        if key(number) not in aside:
            continue
        *before, (last, at_last) = told[number]
        if last != "INVALID_EVENT":
            assert any(code == last and at_last - at >= ASK_AGAIN_SECONDS for code, at in before)
