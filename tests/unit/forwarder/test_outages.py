"""Hours of outage in virtual time: the real forwarder, a queue that behaves as SQS does, and an
Aforo that goes down, comes back, and forgets keys after a day.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic_core import from_json

from functions.forwarder.answer import NoAnswer
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.replay.order import Order
from functions.replay.selection import Take, WaitingMessage, select
from functions.usage.message import event_text, to_body, usage_bodies
from functions.usage.moment import iso_from_epoch_ms
from functions.usage.outcome import SetAsideClass
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import NOW_MS, key, number_of, said, usage_event, usage_message
from tests.fakes.model_queue import ModelQueue
from tests.fakes.set_aside_messages import decided_order
from tests.fakes.settable_clock import SettableClock

HOUR = 3_600.0
DAY = 24 * HOUR
MESSAGES, EVENTS = 24, 3
BATCH_WINDOW_SECONDS = 5
# What an outage is like; `commits` is the worst of it: Aforo has it and we do not hear so.
CERTAIN = ("refused", "429", "401")
DOUBTFUL = ("503", "hang", "commits")


@dataclass
class Aforo:
    """Down in a certain way between two moments; remembers a key for a day."""

    clock: SettableClock
    kind: str
    down_from: float
    down_until: float
    received_at: dict[int, float] = field(default_factory=dict)
    billed: dict[int, int] = field(default_factory=dict)
    renamed_until: float = 0  # its metric has another name meanwhile

    def answer(self, block: Sequence[KeyedEvent]) -> Reply | NoAnswer:
        self.clock.advance(0.05)
        is_down = self.down_from <= self.clock() < self.down_until
        if not is_down and self.clock() < self.renamed_until:
            return said(422, {"code": "UNKNOWN_METRIC"})
        if not is_down or self.kind == "commits":
            counts = self._take([number_of(keyed) for keyed in block])
        if not is_down:
            return said(202, counts)
        match self.kind:
            case "refused":
                return NoAnswer("unreachable", is_ambiguous=False)
            case "hang" | "commits":
                self.clock.advance(8)
                return NoAnswer("no_answer", is_ambiguous=True)
            case "429":
                return said(429, {"retryAfter": 30})
        return said(int(self.kind))

    def _take(self, numbers: list[int]) -> dict[str, int]:
        now, accepted = self.clock(), 0
        for number in numbers:
            seen = self.received_at.get(number)
            if seen is None or now - seen >= DAY:
                self.received_at[number] = now
                self.billed[number] = self.billed.get(number, 0) + 1
                accepted += 1
        return {"accepted": accepted, "duplicates": len(numbers) - accepted, "failed": 0}


class Road:
    """UsageQueue, two forwarders in turn, and what they leave behind."""

    def __init__(self, kind: str, hours: float) -> None:
        self.clock = SettableClock(NOW_MS / 1000)
        self.begun = self.clock()
        # Half of the usage is sent before the outage begins, half into it.
        self.aforo = Aforo(
            self.clock, kind, self.begun + HOUR / 2, self.begun + HOUR / 2 + hours * HOUR
        )
        self.queue = ModelQueue(self.clock)
        self.bench = self._forwarder(1, None)
        self.forwarders = [self.bench, self._forwarder(2, self.bench)]
        self.turns = 0

    def _forwarder(self, seed: int, beside: Bench | None) -> Bench:
        return Bench(
            self.aforo.answer,
            clock=self.clock,
            queue=self.queue,
            jitter=random.Random(seed).random,
            beside=beside,
        )

    def send_usage(self) -> None:
        """One message after the other, over an hour."""
        for number in range(MESSAGES):
            self.run_until(self.begun + number * HOUR / MESSAGES)
            numbers = range(number * EVENTS, (number + 1) * EVENTS)
            moment = int(self.clock() * 1000)
            self.queue.send(
                to_body(usage_message(usage_event(n, occurred_ms=moment) for n in numbers))
            )

    def run_until(self, moment: float) -> None:
        while (at := self.queue.next_visible()) is not None and at < moment:
            self.clock.advance(max(0, at - self.clock()) + BATCH_WINDOW_SECONDS)
            self._invoke()
        self.clock.advance(max(0, moment - self.clock()))

    def run_out(self) -> None:
        """Until nothing waits any more."""
        while (at := self.queue.next_visible()) is not None:
            assert at < self.begun + 40 * DAY, "a message waits for ever"
            self.run_until(at + 1)

    def _invoke(self) -> None:
        records = self.queue.receive()
        self.turns += 1
        staying = set(self.forwarders[self.turns % 2].forward(records))
        self.queue.delete(one["messageId"] for one in records if one["messageId"] not in staying)

    def replay(
        self,
        *,
        decided: bool = False,
        dies: bool = False,
        only_certain: bool = False,
        only: SetAsideClass | None = None,
    ) -> None:
        """What is set aside, through the replay's own selection, back to UsageQueue; one that
        `dies` has sent all of it, and deleted nothing.
        """
        waiting = [
            body
            for body in self.bench.usage_dead_letter.bodies
            if not (only_certain and from_json(body)["setAside"]["maybeBilledSince"])
            and only in {None, from_json(body)["setAside"]["setAsideClass"]}
        ]
        if not dies:
            for body in waiting:
                self.bench.usage_dead_letter.bodies.remove(body)
        for body in waiting:
            letter = WaitingMessage("m", "r", body, int(self.clock() * 1000), 1)
            order = decided_order() if decided else Order()
            take = select(letter, order, f"replay-{self.clock()}", int(self.clock() * 1000))
            assert isinstance(take, Take)
            self.queue.send(to_body(take.back))

    @property
    def everything(self) -> set[int]:
        return set(range(MESSAGES * EVENTS))

    def confirmed(self) -> set[str]:
        return {row["key"] for row in self.bench.ledger.rows if row["outcome"] == "confirmed"}

    def set_aside(self) -> list[dict[str, Any]]:
        return [from_json(body) for body in self.bench.usage_dead_letter.bodies]

    def check_all_is_billed_once(self) -> None:
        assert self.aforo.billed == dict.fromkeys(self.everything, 1)
        assert self.confirmed() == {key(n) for n in self.everything}
        assert self.set_aside() == []
        assert self.queue.redriven == []


@pytest.mark.parametrize("hours", [1, 12])
@pytest.mark.parametrize("kind", [*CERTAIN, *DOUBTFUL])
def test_an_outage_within_the_hold_costs_nothing(kind: str, hours: int) -> None:
    """Nothing is set aside or redriven, nothing is lost, nothing is billed twice."""
    road = Road(kind, hours)
    road.send_usage()
    road.run_out()
    road.check_all_is_billed_once()
    assert road.queue.most_receives < 100


@pytest.mark.parametrize("kind", CERTAIN)
def test_after_a_long_outage_that_nobody_reached_no_person_is_needed(kind: str) -> None:
    """Twenty hours: set aside without a doubt, and replayed days later it is all billed once."""
    road = Road(kind, hours=20)
    road.send_usage()
    road.run_out()
    records = [body["setAside"] for body in road.set_aside()]
    assert records
    assert {one["maybeBilledSince"] for one in records} == {None}
    expected = SetAsideClass.AUTH if kind == "401" else SetAsideClass.EXHAUSTED
    assert {one["setAsideClass"] for one in records} == {expected}
    assert road.queue.redriven == []
    road.run_until(road.begun + 5 * DAY)
    road.replay()
    road.run_out()
    road.check_all_is_billed_once()


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_after_a_long_outage_with_doubts_a_replay_in_time_needs_no_person(kind: str) -> None:
    """Aforo is back before it has forgotten the first of the tries."""
    road = Road(kind, hours=15)
    road.send_usage()
    road.run_out()
    records = [body["setAside"] for body in road.set_aside()]
    assert {one["setAsideClass"] for one in records} == {SetAsideClass.EXHAUSTED}
    assert any(one["maybeBilledSince"] for one in records)
    road.run_until(road.begun + 16 * HOUR)
    road.replay()
    road.run_out()
    road.check_all_is_billed_once()


# 26 hours: Aforo has forgotten the first tries, not the last.
@pytest.mark.parametrize("replayed_after", [26 * HOUR, 5 * DAY])
@pytest.mark.parametrize("kind", DOUBTFUL)
def test_what_aforo_may_have_and_may_have_forgotten_waits_for_a_person(
    kind: str, replayed_after: float
) -> None:
    """The doubtful wait unposted for a decision, the rest is billed. A person, who asked Aforo,
    sends those that it has not got.
    """
    road = Road(kind, hours=20)
    road.send_usage()
    road.run_out()
    assert road.queue.redriven == []
    road.run_until(road.begun + replayed_after)
    before = dict(road.aforo.billed)
    road.replay()
    road.run_out()
    records = [body["setAside"] for body in road.set_aside()]
    assert {one["setAsideClass"] for one in records} == {SetAsideClass.AMBIGUOUS}
    assert all(one["maybeBilledSince"] for one in records)
    undecided = {e["idempotencyKey"] for body in road.set_aside() for e in body["events"]}
    posted_late = {key(n) for n in road.aforo.billed if n not in before}
    assert undecided.isdisjoint(posted_late)
    assert set(road.aforo.billed.values()) == {1}
    assert undecided | road.confirmed() == {key(n) for n in road.everything}
    if kind == "commits":  # the person finds that Aforo has them all
        assert set(road.aforo.billed) == road.everything
        return
    road.replay(decided=True)
    road.run_out()
    road.check_all_is_billed_once()


def test_a_refusal_does_not_say_what_aforo_took_before() -> None:
    """The answers to a first try are lost after Aforo took it, and until the next its metric gets
    another name. Set right days later, when Aforo has forgotten the keys: none is billed twice.
    """
    road = Road("commits", hours=1)
    road.aforo.renamed_until = road.begun + DAY
    road.send_usage()
    road.run_out()
    classes = {body["setAside"]["setAsideClass"] for body in road.set_aside()}
    assert classes == {SetAsideClass.CONFIG}
    road.run_until(road.begun + 5 * DAY)
    road.replay()
    road.run_out()
    assert set(road.aforo.billed.values()) == {1}
    undecided = {e["idempotencyKey"] for body in road.set_aside() for e in body["events"]}
    assert undecided | road.confirmed() == {key(n) for n in road.everything}
    assert {body["setAside"]["setAsideClass"] for body in road.set_aside()} == {
        SetAsideClass.AMBIGUOUS
    }


def test_copies_of_an_event_learn_of_each_other_s_doubts() -> None:
    """A replay dies between sending and deleting: each event is twice on the road. One copy ends in
    doubt, and Aforo has it; the other knows of no doubt, and is not posted days later either.
    """
    road = Road("refused", hours=20)
    road.send_usage()
    road.run_out()
    road.aforo.kind = "commits"
    road.aforo.down_from, road.aforo.down_until = road.clock(), road.clock() + 20 * HOUR
    road.replay(dies=True)
    road.run_out()
    doubts = [body["setAside"]["maybeBilledSince"] for body in road.set_aside()]
    assert None in doubts
    assert any(doubts)
    road.run_until(road.begun + 9 * DAY)
    for only_certain in (True, False):
        road.replay(only_certain=only_certain)
        road.run_out()
    assert road.aforo.billed == dict.fromkeys(road.everything, 1)
    classes = {body["setAside"]["setAsideClass"] for body in road.set_aside()}
    assert classes == {SetAsideClass.AMBIGUOUS}


def undecided_days_after_an_outage() -> Road:
    """What was tried before Aforo went away, and of which nobody knows whether Aforo has it."""
    road = Road("503", hours=20)
    road.send_usage()
    road.run_out()
    road.run_until(road.begun + 5 * DAY)
    road.replay()
    road.run_out()
    return road


def test_a_decision_is_about_the_tries_that_were_known_to_it() -> None:
    """A person asked Aforo, which has none, and the replay dies between sending and deleting. The
    copies are taken and the answers lost. The same replay once more, days later, by the same word
    of the person: none is billed twice. Asked anew, about all that is known now, it is sent.
    """
    road = undecided_days_after_an_outage()
    assert {one["setAside"]["setAsideClass"] for one in road.set_aside()} == {
        SetAsideClass.AMBIGUOUS
    }
    undecided = {number for number in road.everything if number not in road.aforo.billed}
    assert undecided
    road.aforo.kind = "commits"
    road.aforo.down_from, road.aforo.down_until = road.clock(), road.clock() + 20 * HOUR
    road.replay(decided=True, dies=True)
    road.run_out()
    assert road.aforo.billed == dict.fromkeys(road.everything, 1)
    road.run_until(road.begun + 8 * DAY)
    road.replay(decided=True, only=SetAsideClass.AMBIGUOUS)
    road.run_out()
    assert road.aforo.billed == dict.fromkeys(road.everything, 1)
    again = {e["idempotencyKey"] for body in road.set_aside() for e in body["events"]}
    assert again == {key(number) for number in undecided}


def test_a_decision_taken_again_covers_what_was_learnt_since() -> None:
    """Undecided once more, an event that Aforo really has not got is sent by a second decision."""
    road = undecided_days_after_an_outage()
    road.aforo.kind = "hang"
    road.aforo.down_from, road.aforo.down_until = road.clock(), road.clock() + 20 * HOUR
    road.replay(decided=True, dies=True)
    road.run_out()
    road.run_until(road.begun + 8 * DAY)
    road.replay(decided=True, only=SetAsideClass.AMBIGUOUS)
    road.run_out()
    assert road.set_aside()
    road.replay(decided=True)
    road.run_out()
    road.check_all_is_billed_once()


class TakesOnePost(Aforo):
    """Takes the first post, whose answer is lost, and is away until it is back."""

    def answer(self, block: Sequence[KeyedEvent]) -> Reply | NoAnswer:
        self.clock.advance(0.05)
        if not self.billed:
            self._take([number_of(keyed) for keyed in block])
            return NoAnswer("no_answer", is_ambiguous=True)
        if self.clock() < self.down_until:
            return NoAnswer("unreachable", is_ambiguous=False)
        return said(202, self._take([number_of(keyed) for keyed in block]))


class OneMessage(Road):
    """A message that holds more events than a post."""

    def __init__(self, events: int) -> None:
        super().__init__("refused", hours=20)
        self.aforo = TakesOnePost(self.clock, "", self.begun, self.begun + 20 * HOUR)
        self.bench = self._forwarder(1, None)
        self.forwarders = [self.bench, self._forwarder(2, self.bench)]
        self.queue.send(to_body(usage_message(usage_event(n) for n in range(events))))


def test_of_an_undecided_message_a_person_sends_what_aforo_lacks() -> None:
    """130 events, of which one post of 100 was taken, need a decision as one message. The body that
    replay.md makes of it ("Take a message out of the queue") bills the other 30, and none
    of them twice.
    """
    road = OneMessage(130)
    road.run_out()
    road.run_until(road.begun + 30 * HOUR)
    road.replay()
    road.run_out()
    (undecided,) = road.set_aside()
    assert undecided["setAside"]["setAsideClass"] == SetAsideClass.AMBIGUOUS
    assert len(undecided["events"]) == 130
    lacking = {key(n) for n in range(130)} - {key(n) for n in road.aforo.billed}
    assert len(lacking) == 30
    by_hand = {
        "version": undecided["version"],
        "meteredAt": undecided["meteredAt"],
        "decided": True,
        "history": [*undecided["history"], undecided["setAside"]],
        "events": [one for one in undecided["events"] if one["idempotencyKey"] in lacking],
    }
    road.queue.send(to_body(by_hand))
    road.run_out()
    assert road.aforo.billed == dict.fromkeys(range(130), 1)
    assert road.confirmed() == lacking
    assert len(road.set_aside()) == 1, "the message itself, to be deleted"


@pytest.mark.parametrize("kind", [*CERTAIN, *DOUBTFUL])
@pytest.mark.parametrize("age_hours", [0.3, 10, 22.9])
def test_what_an_audit_misses_is_not_billed_again_by_an_outage(kind: str, age_hours: float) -> None:
    """Aforo has it and the ledger lost it; young when it is metered again, it waits until Aforo has
    forgotten it. Then a person decides.
    """
    road = Road(kind, hours=0)
    event = usage_event(0, occurred_ms=int(road.clock() * 1000))
    road.queue.send(to_body(usage_message([event])))
    road.run_out()
    road.bench.ledger.rows.clear()
    road.run_until(road.begun + age_hours * HOUR)
    road.aforo.down_from, road.aforo.down_until = road.clock(), road.clock() + 5 * HOUR
    metered_at = iso_from_epoch_ms(int(road.clock() * 1000))
    (body,) = usage_bodies([event_text(event)], metered_at, "audit-1", event["occurredAt"])
    road.queue.send(body)
    road.run_out()
    assert road.aforo.billed == {0: 1}
    reasons = [body["setAside"]["reason"] for body in road.set_aside()]
    assert reasons == (["outside_dedup_window"] if age_hours + 5 > DAY / HOUR else [])
    assert len(road.bench.ledger.rows) == 1


def test_an_outage_longer_than_the_hold_is_set_aside_by_its_own_hold() -> None:
    """Nothing waits for longer than 14 hours and a last try, however often it was put back."""
    road = Road("429", hours=40)
    road.send_usage()
    road.run_until(road.begun + 15.5 * HOUR)
    assert road.queue.messages == {}
    tries = [body["setAside"]["tries"] for body in road.set_aside()]
    assert min(tries) > 50
    waits = {body["setAside"]["firstTriedAt"] for body in road.set_aside()}
    assert len(waits) > 1
