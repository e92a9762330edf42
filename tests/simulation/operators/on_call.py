"""Who is on call once the troubles are over: what waits in a dead-letter queue or in the quarantine
rings, and is replayed as docs/how-to says it; what Aforo refused is mended by then.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from functions.operator.messages.aforo_word import ALL, Word, decide
from functions.usage.message import SetAsideRecord
from functions.usage.outcome import SetAsideClass
from tests.simulation.aws.simulated_queue import Message
from tests.simulation.machines.step_functions import StepFunctions
from tests.simulation.operators.audited_windows import AuditedWindows
from tests.simulation.operators.machine_room import AUDIT, REPLAY
from tests.simulation.simulation import Simulation
from tests.simulation.usage_road.road_places import (
    COUNTER_DEAD_LETTERS,
    QUARANTINE,
    USAGE_DEAD_LETTERS,
    USAGE_QUEUE,
)

LOOKS_EVERY = 600.0
LEFT_AFTER = 2_400.0  # seconds after a window's end
AGAIN_AFTER = 1_800.0  # seconds: what a person began for the same reason is not begun again so soon


@dataclass(eq=False)
class OnCall:
    """`has_aforo` says whether Aforo's book has a key: its support answers that."""

    sim: Simulation
    machines: StepFunctions
    windows: AuditedWindows
    has_aforo: Callable[[str], bool]
    decided: set[str]  # keys of which Aforo's support said that it has them
    is_watching: bool = False
    _numbers: Iterator[int] = field(default_factory=count)
    _begun: dict[str, float] = field(default_factory=dict)  # by why

    def begin(self) -> None:
        """From now on somebody looks at the alarms."""
        if not self.is_watching:
            self.is_watching = True
            self.sim.world.every(LOOKS_EVERY, self.look, first=1.0)

    def look(self) -> None:
        for why, order in self._due():
            if self.sim.world.now - self._begun.get(why, 0.0) >= AGAIN_AFTER:
                self._begun[why] = self.sim.world.now
                name = f"on-call-{next(self._numbers)}"
                self.machines.start(AUDIT if why == "audit" else REPLAY, name, order)
        self._decide()

    def is_quiet(self) -> bool:
        """Nothing is at work; and from when on somebody looks, nothing waits for a person."""
        is_idle = not self.machines.running()
        return is_idle and not (self.is_watching and (self._is_due() or self.windows.is_behind()))

    def _is_due(self) -> bool:
        return any(True for _ in self._due()) or any(map(self._is_ambiguous, self._visible()))

    def _due(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What has to be begun, each with its reason."""
        records = [record_of(one) for one in self._dead(USAGE_DEAD_LETTERS)]
        if any(is_replayed_by_default(one) for one in records):
            yield "usage", {"source": "usage"}
        if any(one["setAsideClass"] == SetAsideClass.POISON for one in records if one):
            yield "poison", {"source": "usage", "filter": {"class": ["poison"]}}
        if self.sim.whereabouts.places.get(QUARANTINE):
            yield "quarantine", {"source": "quarantine"}
        if self._dead(COUNTER_DEAD_LETTERS):
            yield "counters", {"source": "counters"}
        if order := self._audit():
            yield "audit", order

    def _audit(self) -> dict[str, Any] | None:
        """What the schedule leaves to a person: windows of before the configuration in use, and
        what is out of its reach.
        """
        spans = [(one.from_ms, one.to_ms) for one in self.windows.open_windows()]
        left = [one for one in [*spans, *self.windows.unseen()] if self._is_left(one[1])]
        if not left:
            return None
        moments = min(begins for begins, _ in left), max(ends for _, ends in left)
        begins, ends = (datetime.fromtimestamp(one / 1000, UTC).isoformat() for one in moments)
        return {"from": begins, "to": ends, "includeOld": True}

    def _is_left(self, to_ms: int) -> bool:
        """The schedule would have looked at it, and had it metered again, by then."""
        return self.sim.world.now - to_ms / 1000 > LEFT_AFTER

    def _dead(self, queue: str) -> list[Message]:
        return list(self.sim.queues[queue].messages.values())

    def _decide(self) -> None:
        """What may be billed already: `aforo-metering message decide`, with Aforo's word."""
        if any(one.machine == REPLAY for one in self.machines.running()):
            return  # it holds them, and gives them back
        for message in [one for one in self._visible() if self._is_ambiguous(one)]:
            keys = [one["idempotencyKey"] for one in json.loads(message.body)["events"]]
            has = [key for key in keys if self.has_aforo(key)]
            decision = decide(message.body, Word(has=has) if has else Word(lacks=[ALL]))
            self.sim.world.tell("on call", f"Aforo has {len(has)} of {len(keys)}: sends the rest")
            self.decided.update(has)
            self.sim.whereabouts.is_home(has)
            if decision.body is not None:
                self.sim.queues[USAGE_QUEUE].send(decision.body)
            self.sim.queues[USAGE_DEAD_LETTERS]._leave(message)

    def _visible(self) -> list[Message]:
        now = self.sim.world.now
        return [one for one in self._dead(USAGE_DEAD_LETTERS) if one.visible_at <= now]

    def _is_ambiguous(self, message: Message) -> bool:
        record = record_of(message)
        return record is not None and record["setAsideClass"] == SetAsideClass.AMBIGUOUS


def record_of(message: Message) -> SetAsideRecord | None:
    """None for what SQS itself gave up."""
    found: SetAsideRecord | None = json.loads(message.body).get("setAside")
    return found


def is_replayed_by_default(record: SetAsideRecord | None) -> bool:
    """And may come to something."""
    if record is None:
        return True
    meaning = SetAsideClass(record["setAsideClass"]).meaning
    return meaning.replayed_by_default and not meaning.needs_decision
