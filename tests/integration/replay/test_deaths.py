"""A replay that is killed anywhere and started again loses nothing and bills nothing twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.adapters.message_queue import MessageQueue
from functions.replay.limits import MoveTask
from functions.replay.manifest import Manifests
from functions.replay.order import Order
from functions.replay.selection import WaitingMessage
from functions.replay.usage_move import UsageMove
from functions.replay.waiting_messages import WaitingMessages
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.set_aside_messages import NOW_MS, event, message, record
from tests.integration.replay.conftest import Surroundings


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fate:
    """Kills before or after the effect that is named; none is named for a life without."""

    effect: str = ""
    is_before: bool = False

    def meets[**P, R](self, name: str, effect: Callable[P, R]) -> Callable[P, R]:
        def doomed(*args: P.args, **kwargs: P.kwargs) -> R:
            if name == self.effect and self.is_before:
                raise Killed
            result = effect(*args, **kwargs)
            if name == self.effect:
                raise Killed
            return result

        return doomed


@dataclass
class DoomedQueue:
    """A real queue whose send may be the last thing that happens."""

    fate: Fate
    name: str
    queue: MessageQueue

    def send(self, bodies: Iterable[str]) -> int:
        return self.fate.meets(self.name, self.queue.send)(bodies)


@dataclass
class DoomedWaiting:
    """The real queue; what was claimed can be shown again, as SQS does after CLAIM_SECONDS."""

    fate: Fate
    waiting: WaitingMessages
    handles: list[str] = field(default_factory=list)

    def claim(self, at_most: int) -> list[WaitingMessage]:
        waiting = self.waiting.claim(at_most)
        self.handles += [one.receipt_handle for one in waiting]
        if self.fate.effect == "claim":
            raise Killed
        return waiting

    def hold(self, handles: Iterable[str]) -> None:
        self.fate.meets("hold", self.waiting.hold)(handles)

    def delete(self, handles: Iterable[str]) -> int:
        return self.fate.meets("delete", self.waiting.delete)(handles)

    def time_passes(self) -> None:
        self.waiting.give_back(self.handles)


@dataclass
class DoomedManifests:
    fate: Fate
    manifests: Manifests

    def put_sent(self, name: str, rows: Any, *, dry_run: bool = False) -> None:
        self.fate.meets("manifest", self.manifests.put_sent)(name, rows, dry_run=dry_run)

    def put_held(self, name: str, rows: Any) -> None:
        self.fate.meets("held", self.manifests.put_held)(name, rows)

    def put_moving(self, name: str, message_ids: Iterable[str]) -> None:
        self.manifests.put_moving(name, message_ids)

    def moving(self, round_number: int) -> int:
        return self.manifests.moving(round_number)

    def held_ids(self, round_number: int) -> set[str]:
        return self.manifests.held_ids(round_number)


def waiting_messages(aws: Surroundings) -> WaitingMessages:
    return WaitingMessages(aws.sqs, aws.usage_dead_letter_url, poll_seconds=0)


def run(
    aws: Surroundings, replay_id: str, order: Order, fate: Fate, waiting: DoomedWaiting
) -> None:
    doomed = UsageMove(
        waiting=waiting,
        set_aside=DoomedQueue(fate, "rest", MessageQueue(aws.sqs, aws.usage_dead_letter_url)),
        usage=DoomedQueue(fate, "usage", MessageQueue(aws.sqs, aws.usage_url)),
        manifests=DoomedManifests(fate, Manifests(aws.s3, aws.bucket, replay_id)),
        now_ms=lambda: NOW_MS,
    )
    task = MoveTask.model_validate(
        {
            "replayId": replay_id,
            "startedAt": iso_from_epoch_ms(NOW_MS),
            "round": 1,
            "order": order,
            "seeAtMost": 99,
            "moveAtMost": 99,
        }
    )
    doomed.run(task, "000001-a", lambda: True)


EFFECTS = ("claim", "manifest", "rest", "usage", "delete", "held", "hold")


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_replay_killed_anywhere_loses_nothing(
    effect: str,
    is_before: bool,  # noqa: FBT001
    aws: Surroundings,
) -> None:
    """After the next replay every chosen event is on UsageQueue, the others are set aside; what
    stands twice has one key, and Aforo bills it once.
    """
    order = Order.model_validate({"filter": {"customerId": "cus_a"}})
    for number in range(0, 24, 2):
        mine, theirs = event(number, customer="cus_a"), event(number + 1, customer="cus_b")
        aws.set_aside(message([mine, theirs], record()))
    aws.set_aside(message([event(99)], record("poison")))

    first = Fate(effect, is_before)
    waiting = DoomedWaiting(first, waiting_messages(aws))
    with pytest.raises(Killed):
        run(aws, "first", order, first, waiting)
    waiting.time_passes()
    run(aws, "second", order, Fate(), DoomedWaiting(Fate(), waiting_messages(aws)))
    aws.report("second")
    sent = {one["idempotencyKey"] for body in aws.sent() for one in body["events"]}
    assert sent == {event(number)["idempotencyKey"] for number in range(0, 24, 2)}
    left = "".join(aws.left())
    for number in (*range(1, 24, 2), 99):
        assert event(number)["idempotencyKey"] in left
