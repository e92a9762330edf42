"""Rounds over a queue in memory that hands out the youngest messages first, as SQS may."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from functions.replay.limits import MoveTask
from functions.replay.manifest import HeldRow
from functions.replay.selection import WaitingMessage
from functions.replay.transfer import Transfer
from functions.replay.usage_move import UsageMove
from functions.replay.waiting_messages import HOLD_SECONDS
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.set_aside_messages import NOW_MS, event, message, record


@dataclass
class YoungestFirst:
    """UsageDeadLetterQueue; what was claimed and not deleted stays hidden."""

    bodies: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    receives: Counter[str] = field(default_factory=Counter)
    names: "count[int]" = field(default_factory=count)

    def send(self, bodies: Iterable[str]) -> int:
        fresh = {str(next(self.names)): body for body in bodies}
        self.bodies |= fresh
        return len(fresh)

    def claim(self, at_most: int) -> list[WaitingMessage]:
        visible = [name for name in reversed(self.bodies) if name not in self.hidden]
        names = visible[:at_most]
        self.hidden.update(names)
        self.receives.update(names)
        return [
            WaitingMessage(name, name, self.bodies[name], NOW_MS - 1, self.receives[name])
            for name in names
        ]

    def hold(self, receipt_handles: Iterable[str]) -> None:
        self.hidden.update(receipt_handles)

    def delete(self, receipt_handles: Iterable[str]) -> int:
        for name in receipt_handles:
            del self.bodies[name]
        return 0


@dataclass
class Manifests:
    """Remembers what was held, and nothing else."""

    held: set[str] = field(default_factory=set)

    def put_sent(self, *_: Any, **__: Any) -> None: ...
    def put_moving(self, *_: Any) -> None: ...

    def moving(self, _: int) -> int:
        return 0

    def put_held(self, _: str, rows: Sequence[HeldRow]) -> None:
        self.held.update(row["messageId"] for row in rows)

    def held_ids(self, _: int) -> set[str]:
        return set(self.held)


def a_round(order: dict[str, Any], at_most: int = 250) -> MoveTask:
    return MoveTask.model_validate(
        {
            "replayId": "r-1",
            "startedAt": iso_from_epoch_ms(NOW_MS),
            "round": 1,
            "order": order,
            "seeAtMost": at_most,
            "moveAtMost": at_most,
        }
    )


def test_what_a_filter_leaves_of_messages_does_not_use_up_the_snapshot() -> None:
    """250 messages of two customers each: all of the one that was asked for go back, though each
    leaves a new message with the other's events.
    """
    waiting, usage = YoungestFirst(), YoungestFirst()
    mixed = (
        message([event(n), event(n + 1_000, customer="cus_b")], record("config"))
        for n in range(250)
    )
    waiting.send(map(to_body, mixed))
    moved = UsageMove(
        waiting=waiting,
        set_aside=waiting,
        usage=usage,
        manifests=Manifests(),
        now_ms=lambda: NOW_MS,
    ).run(a_round({"filter": {"customerId": "cus_a"}}), "000001-move", lambda: True)
    assert (moved.messages, moved.events) == (250, 250)
    assert len(usage.bodies) == len(waiting.bodies) == 250
    assert not any("cus_a" in body for body in waiting.bodies.values())


@pytest.mark.parametrize("source", ["usage", "counters"])
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_shows_again_in_a_long_replay_counts_once(source: str, *, dry_run: bool) -> None:
    """Held for a quarter of an hour, it shows while the replay is still at work: it was seen, and
    in a dry run it would be moved, once.
    """
    waiting, manifests = YoungestFirst(), Manifests()
    waiting.send(to_body(message([event(n)], record("config"))) for n in range(20))
    order: dict[str, Any] = {"source": source, "dryRun": dry_run}
    if not dry_run:  # nothing is as old as that: all of it stays
        order["filter"] = {"olderThan": "2020-01-01T00:00:00Z"}
    now_ms = NOW_MS
    mover: UsageMove | Transfer
    if source == "usage":
        mover = UsageMove(
            waiting=waiting,
            set_aside=waiting,
            usage=YoungestFirst(),
            manifests=manifests,
            now_ms=lambda: now_ms,
        )
    else:
        mover = Transfer(
            waiting=waiting,
            settled=YoungestFirst(),
            manifests=manifests,
            now_ms=lambda: now_ms,
        )
    first = mover.run(a_round(order, 15), "000001-move", lambda: True)
    waiting.hidden.clear()
    now_ms += HOLD_SECONDS * 1000 + 1
    second = mover.run(a_round(order, 20), "0002-move", lambda: True)
    assert (first.seen, first.held, first.messages) == (15, 15, 15 if dry_run else 0)
    assert (second.seen, second.held, second.messages) == (5, 5, 5 if dry_run else 0)
