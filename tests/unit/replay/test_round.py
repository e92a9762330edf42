"""Rounds over a queue in memory that hands out the youngest messages first, as SQS may."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from functions.replay.limits import RoundTask
from functions.replay.round import Round
from functions.replay.selection import Letter
from functions.usage.message import to_body
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.unforwarded import NOW_MS, event, message, record


@dataclass
class YoungestFirst:
    """UnforwardedUsageQueue; what was claimed and not deleted stays hidden."""

    bodies: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    names: "count[int]" = field(default_factory=count)

    def send(self, bodies: Iterable[str]) -> int:
        fresh = {str(next(self.names)): body for body in bodies}
        self.bodies |= fresh
        return len(fresh)

    def claim(self, at_most: int) -> list[Letter]:
        visible = [name for name in reversed(self.bodies) if name not in self.hidden]
        names = visible[:at_most]
        self.hidden.update(names)
        return [Letter(name, name, self.bodies[name], NOW_MS, 1) for name in names]

    def hold(self, receipt_handles: Iterable[str]) -> None:
        self.hidden.update(receipt_handles)

    def delete(self, receipt_handles: Iterable[str]) -> int:
        for name in receipt_handles:
            del self.bodies[name]
        return 0


class Nowhere:
    """Manifests that nobody reads."""

    def put_sent(self, *_: Any, **__: Any) -> None: ...
    def put_held(self, *_: Any) -> None: ...
    def put_moving(self, *_: Any) -> None: ...

    def moving(self, _: int) -> int:
        return 0

    def held_ids(self) -> set[str]:
        return set()


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
    task = RoundTask.model_validate(
        {
            "step": "move",
            "replayId": "r-1",
            "startedAt": iso_from_epoch_ms(NOW_MS),
            "round": 1,
            "order": {"filter": {"customerId": "cus_a"}},
            "seeAtMost": 250,
            "moveAtMost": 250,
        }
    )
    moved = Round(
        waiting=waiting, set_aside=waiting, usage=usage, manifests=Nowhere(), now_ms=lambda: NOW_MS
    ).run(task, "0001-move", lambda: True)
    assert (moved.messages, moved.events) == (250, 250)
    assert len(usage.bodies) == len(waiting.bodies) == 250
    assert not any("cus_a" in body for body in waiting.bodies.values())
