"""What reconciliation could not take goes back to it, on real queues."""

import json

import pytest

from functions.adapters.message_queue import MessageQueue
from functions.replay.limits import MoveTask
from functions.replay.manifest import Manifests
from functions.replay.order import Order
from functions.replay.transfer import Transfer
from functions.replay.waiting_messages import HOLD_SECONDS, WaitingMessages
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms
from tests.integration.replay.conftest import Surroundings

ORDER = {"source": "counters"}
BODIES = ['{"version":1,"settled":[]}', '{"kind":"grant"}', "not JSON \\u00e9"]


def put(aws: Surroundings, *bodies: str) -> None:
    for body in bodies:
        aws.sqs.send_message(QueueUrl=aws.counter_dead_letter_url, MessageBody=body)


@pytest.fixture
def waiting(aws: Surroundings) -> Surroundings:
    """Three bodies, the last of which nobody can read, and a replay that starts after them."""
    put(aws, *BODIES)
    aws.started_at = iso_from_epoch_ms(epoch_ms_from_iso(aws.started_at) + 600_000)
    return aws


def test_bodies_go_back_as_they_are(waiting: Surroundings) -> None:
    """Unread: reconciliation decides what they are."""
    moved = waiting.move("r-1", ORDER)
    assert (moved["messages"], moved["seen"], moved["events"]) == (3, 3, 0)
    assert moved["isQueueEmpty"] is True
    assert sorted(waiting.take_all(waiting.settled_url)) == sorted(BODIES)
    assert waiting.depth(waiting.counter_dead_letter_url) == 0
    told = waiting.report("r-1", source="counters")
    assert told["messages"]["left"] == []
    assert told["source"] == "counters"


def test_what_it_sent_itself_is_not_sent_again(aws: Surroundings) -> None:
    """A body that was refused for its content comes back: it waits for the next replay."""
    aws.started_at = iso_from_epoch_ms(epoch_ms_from_iso(aws.started_at) - 60_000)
    put(aws, *BODIES)
    moved = aws.move("r-1", ORDER)
    assert (moved["messages"], moved["seen"]) == (0, 0)
    assert aws.depth(aws.settled_url) == 0
    told = aws.report("r-1", source="counters")
    assert told["messages"]["left"] == [{"why": "own", "class": "", "messages": 3, "events": 0}]
    assert sorted(aws.take_all(aws.counter_dead_letter_url)) == sorted(BODIES)


@pytest.mark.parametrize(
    ("order", "moves"),
    [({"dryRun": True}, 3), ({"filter": {"newerThan": "2099-01-01T00:00:00Z"}}, 0)],
)
def test_a_dry_run_and_a_filter_leave_them(
    order: dict[str, object], moves: int, waiting: Surroundings
) -> None:
    """Visible again after the report."""
    moved = waiting.move("r-1", {**ORDER, **order})
    assert (moved["messages"], moved["seen"]) == (moves, 3)
    waiting.report("r-1", source="counters", dry_run="dryRun" in order)
    assert waiting.depth(waiting.settled_url) == 0
    assert len(waiting.take_all(waiting.counter_dead_letter_url)) == 3


def test_a_try_that_died_counts_against_the_number_that_was_asked_for(
    waiting: Surroundings,
) -> None:
    """The state machine tries a round again with the same limits."""
    limits = {"moveAtMost": 2}
    first = waiting.move("r-1", {**ORDER, "maxMessages": 2}, limits)
    assert first["messages"] == 2
    again = waiting.move("r-1", {**ORDER, "maxMessages": 2}, limits)
    assert again["messages"] == 2, "what the first did, and no more"
    assert waiting.depth(waiting.settled_url) == 2


def test_in_a_long_replay_a_held_message_is_seen_once(waiting: Surroundings) -> None:
    """It shows again after a quarter of an hour; counted twice, others would not be seen at all."""
    started_ms = epoch_ms_from_iso(waiting.started_at)
    sqs = WaitingMessages(waiting.sqs, waiting.counter_dead_letter_url, poll_seconds=0)
    task = MoveTask.model_validate(
        {
            "replayId": "r-1",
            "startedAt": waiting.started_at,
            "round": 1,
            "order": Order.model_validate({**ORDER, "filter": {"newerThan": "2099-01-01T00:00Z"}}),
            "seeAtMost": 99,
            "moveAtMost": 99,
        }
    )

    def seen(after_ms: int) -> int:
        manifests = Manifests(waiting.s3, waiting.bucket, "r-1")
        transfer = Transfer(
            waiting=sqs,
            settled=MessageQueue(waiting.sqs, waiting.settled_url),
            manifests=manifests,
            now_ms=lambda: started_ms + after_ms,
        )
        found = transfer.run(task, f"000001-{after_ms}", lambda: True).seen
        sqs.give_back(row["receiptHandle"] for row in manifests.held())
        return found

    assert seen(1_000) == 3
    put(waiting, json.dumps("fresh"))
    assert seen(HOLD_SECONDS * 1000 + 1) == 1
