"""One invocation of the forwarder: effects, their order, and what a crash between them costs."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.forwarder.forwarding import POST_RESERVE_MS, Invocation
from functions.forwarder.problem import Reply
from functions.usage.message import USAGE_MESSAGE, SetAsideRecord
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.forwarder_bench import HOLD_SECONDS, Bench
from tests.fakes.forwarding import (
    NOW_MS,
    accepted,
    always,
    key,
    number_of,
    refusing,
    said,
    sqs_record,
    usage_event,
    usage_message,
)
from tests.fakes.settling import Crash

TOLD = ("visibility", "settled")  # what is held waits, and the counters are told
PLACES = ("usage_dead_letter", "ledger", "settled", "put_back")
OLD_ENOUGH_MS = NOW_MS - HOLD_SECONDS * 1000


def record(name: str, numbers: range, **details: Any) -> dict[str, Any]:
    more = {"replayId": details.pop("replay_id")} if "replay_id" in details else {}
    message = usage_message([usage_event(n) for n in numbers], **more)
    return sqs_record(message, message_id=name, **details)


def test_the_good_case_is_one_post_and_every_place_once() -> None:
    """Two messages: one post, one ledger write, one settled body, nothing comes back."""
    bench = Bench(accepted)
    assert bench.forward([record("a", range(3)), record("b", range(3, 5))]) == []
    assert [len(block) for block in bench.aforo.blocks] == [5]
    assert bench.places.journal == ["ledger", "settled"]
    assert {row["key"] for row in bench.ledger.rows} == {key(n) for n in range(5)}
    assert bench.settled_keys() == [key(n) for n in range(5)]


def test_the_ledger_row_says_what_was_settled_when_and_for_which_replay() -> None:
    """Times of the message, of SQS and of the settling; the replay of the message."""
    bench = Bench(accepted)
    bench.forward([record("a", range(1), replay_id="r-7", sent_ms=NOW_MS - 1_000)])
    (row,) = bench.ledger.rows
    assert dict(row) == (
        {
            "key": key(0),
            "customerId": "cus_1",
            "meter": "api_calls",
            "quantity": 1,
            "occurredAt": "2026-11-23T12:00:00.000Z",
            "outcome": "confirmed",
            "verified": True,
            "replayId": "r-7",
            "meteredAt": "2026-11-01T00:00:00.000Z",
            "queuedAt": "2026-11-23T11:59:59.000Z",
            "settledAt": "2026-11-23T12:00:00.000Z",
        }
    )
    assert bench.ledger.writers == ["20261123T120000000Z-request-1"]


def test_a_key_in_two_messages_settles_both() -> None:
    """Posted once, settled once, both acknowledged."""
    bench = Bench(accepted)
    assert bench.forward([record("a", range(2)), record("b", range(2))]) == []
    assert bench.aforo.blocks == [[key(0), key(1)]]
    assert bench.settled_keys() == [key(0), key(1)]


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_a_key_in_two_messages_is_as_doubtful_as_the_more_doubtful_one(names: str) -> None:
    """A message that was put back and the one that it was put back from are given up together: the
    ledger's row says the doubt, whichever came first, and so a replay of one alone finds it.
    """
    held = {
        "firstSentAt": iso_from_epoch_ms(OLD_ENOUGH_MS),
        "firstTriedAt": iso_from_epoch_ms(OLD_ENOUGH_MS),
        "tries": 70,
    }
    messages = {
        "a": sqs_record(usage_message([usage_event(0)], held=held), message_id="a"),
        "b": record("b", range(1), sent_ms=OLD_ENOUGH_MS, receives=2),
    }
    bench = Bench(always(said(429)))
    assert bench.forward([messages[name] for name in names]) == []
    (row,) = bench.ledger.rows
    assert row["maybeBilledSince"] == iso_from_epoch_ms(OLD_ENOUGH_MS)


def test_a_bad_event_is_set_aside_and_its_neighbours_are_confirmed() -> None:
    """The set-aside body is a usage message again, with its record; the quota counts it too."""
    bench = Bench(refusing({1}))
    assert bench.forward([record("a", range(3), receives=2, replay_id="r-7")]) == []
    (body,) = bench.set_aside()
    assert USAGE_MESSAGE.validate_python(body)["events"] == [usage_event(1)]
    assert body["setAside"] == {
        "setAsideClass": "poison",
        "reason": "validation_failed",
        "status": 400,
        "instance": None,
        "tries": 2,
        "firstTriedAt": "2026-11-23T12:00:00.005Z",
        "lastTriedAt": "2026-11-23T12:00:00.000Z",
        "maybeBilledSince": "2026-11-23T12:00:00.000Z",  # nobody noted how its first try went
        "replayId": "r-7",
    }
    assert body["replayId"] == "r-7"
    assert {row["key"]: row["outcome"] for row in bench.ledger.rows} == {
        key(0): "confirmed",
        key(1): "set_aside",
        key(2): "confirmed",
    }
    assert sorted(bench.settled_keys()) == [key(0), key(1), key(2)]


def test_what_is_held_comes_back_later() -> None:
    """Down: the message is made invisible and is not acknowledged; nothing is written."""
    bench = Bench(always(said(503)))
    assert bench.forward([record("a", range(3), receives=3)]) == ["a"]
    assert bench.places.journal == ["visibility", "settled"]
    assert len(bench.stalls()) == 1
    assert 4 <= bench.visibility.seconds["receipt of a"] <= 8


def test_one_failed_post_holds_the_rest_untried() -> None:
    """After an outage the other posts of the invocation are not sent."""
    bench = Bench(always(said(503)))
    assert bench.forward([record("a", range(350))]) == ["a"]
    assert len(bench.aforo.blocks) == 1


def test_an_open_breaker_alone_sets_nothing_aside() -> None:
    """Past the hold, and the breaker open from before: Aforo may be back, so it is tried first;
    then one failed post is enough for everything beside it.
    """
    bench = Bench(always(said(503)))
    bench.forward([record("early", range(1))])
    late = [record(f"m{n}", range(n, n + 90), sent_ms=OLD_ENOUGH_MS) for n in (100, 200, 300)]
    assert bench.forward(late) == []
    assert bench.usage.put.keys() == {"m100", "m200", "m300"}
    assert len(bench.aforo.blocks) == 1
    bench.clock.advance(2)
    assert bench.forward(late) == []
    assert len(bench.aforo.blocks) == 2
    assert sum(len(body["events"]) for body in bench.set_aside()) == 270


def test_past_the_hold_a_message_is_set_aside_by_class() -> None:
    """What waited 14 hours and fails again is in UsageDeadLetterQueue, and acknowledged."""
    bench = Bench(always(said(503)))
    assert bench.forward([record("a", range(3), sent_ms=OLD_ENOUGH_MS, receives=80)]) == []
    (body,) = bench.set_aside()
    assert body["setAside"]["setAsideClass"] == "exhausted"
    assert len(body["events"]) == 3
    assert {row["outcome"] for row in bench.ledger.rows} == {"set_aside"}


@pytest.mark.parametrize(
    ("waited_hours", "receives", "set_aside_class"),
    [
        (23, 80, "exhausted"),
        (25, 80, "ambiguous"),
        (25, 1, "exhausted"),  # its first try is this one: Aforo has not forgotten it
    ],
)
def test_past_aforos_memory_a_doubt_needs_a_person(
    waited_hours: int, receives: int, set_aside_class: str
) -> None:
    """Counted from the first try that may have reached Aforo."""
    bench = Bench(always(said(503)))
    sent_ms = NOW_MS - waited_hours * 3_600_000
    assert bench.forward([record("a", range(1), sent_ms=sent_ms, receives=receives)]) == []
    assert [b["setAside"]["setAsideClass"] for b in bench.set_aside()] == [set_aside_class]


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_every_message_of_a_doubtful_key_says_the_doubt(names: str) -> None:
    """One was received before, days ago; the other is new, and would be posted after a decision
    about it alone.
    """
    old_ms = NOW_MS - 3 * 86_400_000
    old = usage_message([usage_event(0, occurred_ms=old_ms)])
    messages = {
        "a": sqs_record(old, message_id="a", sent_ms=old_ms, receives=2),
        "b": sqs_record(old, message_id="b"),
    }
    bench = Bench(accepted)
    assert bench.forward([messages[name] for name in names]) == []
    assert bench.aforo.blocks == []
    since = [body["setAside"]["maybeBilledSince"] for body in bench.set_aside()]
    assert since == [iso_from_epoch_ms(old_ms)] * 2


def test_a_refused_key_past_the_hold_is_of_class_auth() -> None:
    """A person has to repair the credential before a replay is of any use."""
    bench = Bench(always(said(401)))
    bench.forward([record("a", range(1), sent_ms=OLD_ENOUGH_MS)])
    assert [body["setAside"]["setAsideClass"] for body in bench.set_aside()] == ["auth"]


def test_a_message_is_set_aside_only_when_none_of_its_events_is_held() -> None:
    """It comes back whole: setting one event aside now would set it aside at every try."""
    future = usage_event(9, occurred_ms=NOW_MS + 3_600_000)
    bench = Bench(refusing({1}))
    message = usage_message([usage_event(0), usage_event(1), future])
    assert bench.forward([sqs_record(message, message_id="a")]) == []
    assert bench.usage.put.keys() == {"a"}
    assert bench.set_aside() == []
    assert [row["key"] for row in bench.ledger.rows] == [key(0)]


def test_a_body_that_cannot_be_read_is_kept_and_does_not_hold_its_neighbours() -> None:
    """Its text is in UsageDeadLetterQueue, in a form that no replay takes for usage."""
    bench = Bench(accepted)
    assert bench.forward([sqs_record("not json", message_id="x"), record("a", range(2))]) == []
    (body,) = bench.set_aside()
    assert body["unreadable"] == "not json"
    assert body["setAside"]["maybeBilledSince"] is None
    assert body["setAside"]["setAsideClass"] == "poison"
    assert "events" not in body
    assert len(bench.ledger.rows) == 2


def test_what_was_received_before_and_cannot_be_read_is_doubtful() -> None:
    """A version that could read it may have posted it: repaired days later it must not be billed
    twice.
    """
    bench = Bench(accepted)
    assert bench.forward([sqs_record("not json", receives=2, sent_ms=NOW_MS - 1000)]) == []
    (body,) = bench.set_aside()
    assert body["setAside"]["maybeBilledSince"] == iso_from_epoch_ms(NOW_MS - 1000)


def test_a_body_too_long_for_its_record_goes_on_as_it_came() -> None:
    """It loses the reason, never the text."""
    text = "\u00e9" * 400_000
    bench = Bench(accepted)
    assert bench.forward([sqs_record(text, message_id="x")]) == []
    assert bench.usage_dead_letter.bodies == [text]


def test_set_aside_messages_stay_small_and_of_one_class() -> None:
    """A large message becomes several of about 64 KiB; two classes never share a body."""
    unknown = [usage_event(n, metric="Petz") for n in range(400)]
    bench = Bench(always(said(422, {"code": "UNKNOWN_METRIC"})))
    bench.forward([sqs_record(usage_message(unknown))])
    assert all(len(body) < 70_000 for body in bench.usage_dead_letter.bodies)
    assert sum(len(body["events"]) for body in bench.set_aside()) == 400
    assert {body["setAside"]["setAsideClass"] for body in bench.set_aside()} == {"config"}


@pytest.mark.parametrize(
    ("down", "again", "journal"),
    [
        ("usage_dead_letter", ["bad"], ["usage_dead_letter", "ledger", "settled", *TOLD]),
        ("ledger", ["good", "bad"], ["usage_dead_letter", "ledger", *TOLD]),
        ("settled", ["good", "bad"], ["usage_dead_letter", "ledger", "settled", *TOLD, "put_back"]),
    ],
)
def test_a_place_that_fails_brings_back_what_it_concerns(
    down: str, again: list[str], journal: list[str]
) -> None:
    """Order of effects; a failing place stops what depends on it, and nothing else."""
    bench = Bench(refusing({5}))
    bench.places.down = {down}
    records = [record("good", range(3)), record("bad", range(3, 6))]
    assert bench.forward(records) == again
    assert bench.places.journal == journal


def test_a_body_that_could_not_be_kept_comes_back() -> None:
    """It may be usage that only a newer version can read; its neighbours are done."""
    bench = Bench(accepted)
    bench.places.down = {"usage_dead_letter"}
    records = [sqs_record("no JSON", message_id="odd"), record("good", range(3))]
    assert bench.forward(records) == ["odd"]
    assert len(bench.ledger.rows) == 3


def test_what_could_not_be_set_aside_is_not_in_the_ledger_as_set_aside() -> None:
    """The ledger never says set aside of usage that is in no queue; confirmed rows are written."""
    bench = Bench(refusing({1}))
    bench.places.down = {"usage_dead_letter"}
    assert bench.forward([record("a", range(3))]) == ["a"]
    assert {row["key"] for row in bench.ledger.rows} == {key(0), key(2)}


def test_no_post_starts_that_cannot_end() -> None:
    """With too little time left nothing is posted, and all of it is tried again soon."""
    bench = Bench(accepted, remaining_ms=[POST_RESERVE_MS - 1])
    assert bench.forward([record("a", range(3))]) == []
    assert bench.aforo.blocks == []
    assert bench.usage.put["a"].seconds == 5


@pytest.mark.parametrize("spare_ms", [-20_000, -1, 0, 1, 1_500, 57_000])
def test_what_is_left_for_a_wait_is_what_no_post_needs(spare_ms: int) -> None:
    """In seconds; negative where none can end any more."""
    invocation = Invocation("request-1", lambda: POST_RESERVE_MS + spare_ms)
    assert invocation.spare_seconds() == spare_ms / 1000


def test_running_out_of_time_does_not_open_the_breaker() -> None:
    """The next invocation posts at once."""
    bench = Bench(accepted, remaining_ms=[120_000, 20_000, 120_000])
    assert bench.forward([record("a", range(150))]) == []
    assert bench.usage.put.keys() == {"a"}
    assert [len(block) for block in bench.aforo.blocks] == [100]
    assert bench.forward([record("a", range(150))]) == []
    assert [len(block) for block in bench.aforo.blocks] == [100, 100, 50]


def test_what_is_set_aside_names_aforo_s_own_request() -> None:
    """Its support asks for it; of events that were refused alike, one names them all."""
    answer = said(400, {"code": "validation_failed", "instance": "req_1"})
    bench = Bench(always(answer))
    bench.forward([record("a", range(2))])
    (body,) = bench.set_aside()
    assert len(body["events"]) == 2
    assert body["setAside"]["instance"] == "req_1"


def test_an_old_event_is_confirmed_from_the_ledger_without_a_post() -> None:
    """A replay months later does not bill what was confirmed; its report still finds the row."""
    old = [usage_event(n, occurred_ms=NOW_MS - 3 * 86_400_000) for n in range(2)]
    bench = Bench(accepted)
    bench.forward([sqs_record(usage_message(old[:1]))])
    bench.aforo.blocks.clear()
    tried: SetAsideRecord = {
        "setAsideClass": "exhausted",
        "reason": "outage",
        "status": None,
        "instance": None,
        "tries": 80,
        "firstTriedAt": "2026-11-20T12:00:00.000Z",
        "lastTriedAt": "2026-11-21T02:00:00.000Z",
        "maybeBilledSince": "2026-11-20T12:00:00.000Z",
    }
    message = usage_message(old, replayId="r-1", history=[tried])
    assert bench.forward([sqs_record(message)]) == []
    assert bench.aforo.blocks == []
    (undecided,) = bench.set_aside()
    assert undecided["setAside"]["setAsideClass"] == "ambiguous"
    assert undecided["setAside"]["maybeBilledSince"] == tried["maybeBilledSince"]
    assert undecided["history"] == [tried]
    rows = [row for row in bench.ledger.rows if row.get("replayId") == "r-1"]
    assert [row["outcome"] for row in rows] == ["confirmed", "set_aside"]


@settings(max_examples=200, deadline=None)
@given(
    script=st.lists(
        st.sampled_from(["ok", "503", "429", "401", "empty", "wrong", "400", "413", "index"]),
        max_size=12,
    ),
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    bad=st.sets(st.integers(0, 20), max_size=3),
    crashes=st.lists(st.sampled_from([*PLACES, "visibility", None])),
    failures=st.lists(st.sampled_from([*PLACES, None])),
)
def test_whatever_happens_each_event_ends_in_one_place(
    script: list[str],
    sizes: list[int],
    bad: set[int],
    crashes: list[str | None],
    failures: list[str | None],
) -> None:
    """Any script of faults, any batch, any crash between two effects: every event is confirmed and
    in the ledger, or still in the queue, or set aside with its class; Aforo has each key once.
    """
    world = World(sizes, bad, script)
    for turn in range(max(len(crashes), len(failures)) + 3):
        crash = crashes[turn] if turn < len(crashes) else None
        down = failures[turn] if turn < len(failures) else None
        world.turn(crash, down)
    world.check()


class World:
    """A usage queue, an Aforo with a memory, and a forwarder between them."""

    def __init__(self, sizes: list[int], bad: set[int], script: list[str]) -> None:
        self.bad, self.script = bad, list(script)
        self.billed: dict[int, int] = {}
        self.queue: dict[str, dict[str, Any]] = {}
        self.numbers = range(sum(sizes))
        first = 0
        for size in sizes:
            self.queue[f"m{first}"] = record(f"m{first}", range(first, first + size))
            first += size
        self.bench = Bench(self.answer)

    def answer(self, block: Any) -> Reply:
        numbers = [number_of(keyed) for keyed in block]
        fault = self.script.pop(0) if self.script else "ok"
        match fault:
            case "503" | "429" | "401":
                return said(int(fault))
            case "413" if len(numbers) > 1:
                return said(413)
            case "400":
                return (
                    said(400, {"code": "VALIDATION_FAILED"}) if self.bad & {*numbers} else said(503)
                )
        if found := [i for i, n in enumerate(numbers) if n in self.bad]:
            named = [{"index": i} for i in found] if fault == "index" else []
            return said(422, {"code": "BAD", "errors": named})
        fresh = [n for n in numbers if n not in self.billed]
        self.billed |= dict.fromkeys(fresh, 1)
        if fault == "empty":
            return said(202)
        off = 1 if fault == "wrong" else 0
        repeated = len(numbers) - len(fresh)
        return said(202, {"accepted": len(fresh) + off, "duplicates": repeated, "failed": 0})

    def turn(self, crash: str | None, down: str | None) -> None:
        self.bench.places.down = {down} if down else set()
        self.bench.places.crash = crash
        try:
            again = set(self.bench.forward(list(self.queue.values())))
        except Crash:
            again = set(self.queue)
        self.queue = {name: one for name, one in self.queue.items() if name in again}
        for name, later in self.bench.usage.put.items():
            self.queue[f"{name}'"] = sqs_record(later.body, message_id=f"{name}'", receives=0)
        self.bench.usage.put.clear()
        for one in self.queue.values():
            count = int(one["attributes"]["ApproximateReceiveCount"]) + 1
            one["attributes"]["ApproximateReceiveCount"] = str(count)
        self.bench.clock.advance(60)

    def check(self) -> None:
        queued = {k for one in self.queue.values() for k in keys_of(one["body"])}
        aside = {event["idempotencyKey"] for b in self.bench.set_aside() for event in b["events"]}
        rows = self.bench.ledger.rows
        confirmed = {row["key"] for row in rows if row["outcome"] == "confirmed"}
        settled = set(self.bench.settled_keys())
        for number in self.numbers:
            name = key(number)
            assert name in queued | aside | confirmed
            assert (name in confirmed) <= (number in self.billed)
            assert (name in aside) <= (number in self.bad)
            if name not in queued:
                assert name in settled
                assert (name in aside) is (number in self.bad)
        assert {row["key"] for row in rows if row["outcome"] == "set_aside"} <= aside


def keys_of(body: str) -> list[str]:
    return [event["idempotencyKey"] for event in USAGE_MESSAGE.validate_json(body)["events"]]


def test_the_world_s_own_check_sees_a_loss() -> None:
    """The property above is able to fail: a message that vanishes is noticed."""
    world = World([2], set(), ["503"] * 9)
    world.queue.clear()
    with pytest.raises(AssertionError):
        world.check()
