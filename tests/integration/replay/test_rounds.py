"""Rounds and reports of a replay on real queues and a real bucket."""

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions.replay.manifest import Manifests
from functions.usage.message import to_body
from tests.fakes.set_aside_messages import an_hour_ago, event, ledger_row, message, record
from tests.integration.replay.conftest import Surroundings

if TYPE_CHECKING:
    from functions.usage.event import UsageEvent

REPLAY = "by-hand"


def keys(messages: list[Any]) -> list[str]:
    return sorted(one["idempotencyKey"] for message in messages for one in message["events"])


def key(number: int) -> str:
    return event(number)["idempotencyKey"]


def test_everything_goes_back_and_is_written_down_first(aws: Surroundings) -> None:
    """More than one receive, both kinds of messages: each with its history and the replay's id."""
    aws.set_aside(*(message([event(n)], record("config")) for n in range(24)))
    aws.set_aside(message([event(24), event(25)]))
    moved = aws.move(REPLAY)
    assert (moved["messages"], moved["events"], moved["seen"]) == (25, 26, 25)
    assert moved["isQueueEmpty"] is True
    assert aws.depth(aws.usage_dead_letter_url) == 0

    sent = aws.sent()
    assert keys(sent) == sorted(map(key, range(26)))
    assert {one["replayId"] for one in sent} == {REPLAY}
    assert not any("setAside" in one for one in sent)
    classes = sorted(one["history"][0]["setAsideClass"] for one in sent)
    assert classes == ["config"] * 24 + ["exhausted"]
    written = Manifests(aws.s3, aws.bucket, REPLAY).sent(moved["moveId"])
    assert sorted(row["key"] for row in written) == keys(sent)


def test_what_is_not_replayed_stays_and_is_visible_again_after_the_report(
    aws: Surroundings,
) -> None:
    """Poison, what this replay sent and failed again, and what nobody can read: byte for byte."""
    aws.set_aside(
        message([event(1)], record("config")),
        message([event(2), event(3)], record("poison")),
        message([event(4)], record("config", REPLAY)),
        "not a message",
    )
    moved = aws.move(REPLAY)
    # The replay's own is no progress: it was not there when the depth was taken.
    assert (moved["messages"], moved["seen"]) == (1, 3)
    assert aws.left() == []
    again = aws.move(REPLAY)
    assert (again["messages"], again["seen"], again["isQueueEmpty"]) == (0, 0, True)

    told = aws.report(REPLAY)
    assert told["messages"]["left"] == [
        {**one, "messages": 1}
        for one in (
            {"why": "not_chosen", "class": "poison", "reason": "unknown_metric", "events": 2},
            {"why": "own", "class": "config", "reason": "unknown_metric", "events": 1},
            {"why": "unreadable", "class": "", "events": 0},
        )
    ]
    named = {one["firstKey"] for one in told["leftMessages"] if "firstKey" in one}
    assert named == {key(2), key(4)}
    assert told["messages"]["waitingNow"] == 3
    left = aws.left()
    assert sorted(body[:5] for body in left) == ["not a", '{"ver', '{"ver']
    assert keys(aws.sent()) == [key(1)]


def test_a_dry_run_touches_nothing_and_says_what_would_happen(aws: Surroundings) -> None:
    """The same numbers as the replay after it."""
    at = an_hour_ago()
    waiting = [
        message([event(n, occurred_at=at) for n in (1, 2)], record("config")),
        message([event(3, customer="cus_b", occurred_at=at)], record("auth")),
        message([event(4, occurred_at=at)], record("poison")),
    ]
    aws.set_aside(*waiting)
    aws.write_ledger([ledger_row(1, occurred_at=at)])
    dry = aws.move("dry", {"dryRun": True})
    told = aws.report("dry", dry_run=True)
    assert aws.depth(aws.usage_url) == 0
    assert aws.depth(aws.usage_dead_letter_url) == len(waiting)

    real = aws.move(REPLAY)
    same = ("messages", "events", "seen")
    assert [dry[name] for name in same] == [real[name] for name in same] == [2, 3, 3]
    assert keys(aws.sent()) == sorted([key(1), key(2), key(3)])
    rows = [ledger_row(n, replay_id=REPLAY, occurred_at=at) for n in (1, 2, 3)]
    aws.write_ledger([*rows[:2], {**rows[2], "customerId": "cus_b"}])
    after = aws.report(REPLAY)
    assert after["events"] == told["events"]
    assert after["bill"] == told["bill"]
    assert after["events"]["alreadyConfirmed"] == 1
    assert after["events"]["replayed"] == 2


def test_one_customer_is_replayed_out_of_shared_messages(aws: Surroundings) -> None:
    """The others' events stay, as a message of their own with the same reason."""
    aws.set_aside(
        message([event(1, customer="cus_a"), event(2, customer="cus_b")], record("config"))
    )
    moved = aws.move(REPLAY, {"filter": {"customerId": "cus_a"}})
    assert moved["messages"] == 1
    assert keys(aws.sent()) == [key(1)]
    aws.report(REPLAY)
    (rest,) = map(json.loads, aws.left())
    assert keys([rest]) == [key(2)]
    assert rest["setAside"] == record("config")


@pytest.mark.parametrize(
    ("limits", "order", "messages"),
    [
        ({"seeAtMost": 3}, {}, 3),
        ({"moveAtMost": 2}, {}, 2),
        ({"seeAtMost": 0}, {}, 0),
        # 6 events are what this pace allows in a minute; a claim of ten is the smallest step.
        ({}, {"eventsPerSecond": 0.1}, 10),
    ],
)
def test_a_round_keeps_to_its_limits(
    limits: dict[str, int], order: object, messages: int, aws: Surroundings
) -> None:
    """What it does not take stays visible for the next."""
    aws.set_aside(*(message([event(n)], record()) for n in range(15)))
    moved = aws.move(REPLAY, order, limits)
    assert (moved["messages"], moved["isQueueEmpty"]) == (messages, False)
    assert moved["paceSeconds"] == (100 if order else 0)
    assert len(aws.left()) == 15 - messages


def test_a_round_ends_in_time(aws: Surroundings) -> None:
    """Another claim is not begun when the function is about to be stopped."""
    aws.set_aside(message([event(1)], record()))
    moved = aws.move(REPLAY, remaining_ms=19_000)
    assert (moved["seen"], moved["isQueueEmpty"]) == (0, False)


def test_a_message_that_outgrew_sqs_stays(aws: Surroundings) -> None:
    """Its history grew it; sending it would be refused with its whole batch."""
    room = 1_048_576 - len(to_body(message([event(1)], record())))
    padded = {**event(1), "endpointPath": "/" + "x" * (room - len(',"endpointPath":"/"'))}
    large = message([cast("UsageEvent", padded)], record())
    assert len(to_body(large)) == 1_048_576
    aws.set_aside(large, message([event(2)], record()))
    moved = aws.move(REPLAY)
    assert (moved["messages"], moved["seen"]) == (1, 2)
    assert [one["why"] for one in aws.report(REPLAY)["messages"]["left"]] == ["too_large"]


def test_a_round_is_settled_when_the_ledger_has_all_of_it(aws: Surroundings) -> None:
    """Confirmed or set aside; rows of other replays do not count."""
    aws.set_aside(message([event(1), event(2), event(3)], record()))
    moved = aws.move(REPLAY)
    aws.write_ledger([ledger_row(1, replay_id=REPLAY), ledger_row(2, replay_id="earlier")])
    assert aws.outstanding(REPLAY, moved) == 2
    aws.write_ledger([ledger_row(2, replay_id=REPLAY)])
    aws.write_ledger([ledger_row(3, replay_id=REPLAY, set_aside_class="config")])
    assert aws.outstanding(REPLAY, moved) == 0

    told = aws.report(REPLAY)
    assert told["events"] == {
        "sent": 3,
        "replayed": 1,
        "alreadyConfirmed": 1,
        "stillFailing": 1,
        "needsDecision": 0,
        "outstanding": 0,
    }
    assert told["failingClasses"] == {"config": 1}


def test_a_report_that_runs_out_of_time_says_so(aws: Surroundings) -> None:
    """It reads the ledger newest hour first, and states how many hours it has read."""
    aws.set_aside(
        message([event(n, occurred_at=f"2026-11-{n}T10:00:00.000Z") for n in (20, 21)], record())
    )
    aws.move(REPLAY)
    told = aws.report(REPLAY, remaining_ms=10_000)
    assert told["ledgerHours"] == {"needed": 2, "read": 0}
    assert aws.report(REPLAY)["ledgerHours"] == {"needed": 2, "read": 2}
