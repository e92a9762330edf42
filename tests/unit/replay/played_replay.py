"""A replay in memory: rounds until the last, with everything that they learn told by a script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.replay.limits import Moved, MoveMade, MoveTask
from functions.replay.order import Order
from functions.replay.progress import ReplayProgress, RoundTask, UnsettledMove
from functions.replay.readiness import Readiness, ReadinessOutcome
from functions.replay.round import Round
from functions.replay.round_decision import MOST_ROUNDS, RoundOutcome, RoundResult, waits_for_aforo

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLAIM_SECONDS = 240
READY = Readiness(ReadinessOutcome.READY, "answered", 200)
DOWN = Readiness(ReadinessOutcome.DOWN, "outage", 503, 30)
REFUSED = Readiness(ReadinessOutcome.REFUSED, "credential_refused", 401)
MOVED = Moved(messages=2, events=20, seen=3, held=1)
LAST = Moved(messages=2, events=20, seen=5, held=1, is_queue_empty=True)
EMPTY = Moved(is_queue_empty=True)


@dataclass
class PlayedReplay:
    """What a move, a look at the ledger and a question to Aforo tell; the last is told for ever."""

    order: Mapping[str, Any] = field(default_factory=dict)
    waiting: int = 5
    moves: Sequence[Moved] = (LAST,)
    looks: Sequence[int] = (0,)
    aforo: Sequence[Readiness] = (READY,)
    move_seconds: int = 10
    most_rounds: int = MOST_ROUNDS
    seconds: int = 0  # since it began
    execution_began: int = 0  # in those seconds
    limits: list[MoveTask] = field(default_factory=list)
    looked_for: list[UnsettledMove] = field(default_factory=list)
    asked: int = 0
    story: list[str] = field(default_factory=list)  # what it did, and what it was told

    def results(self, progress: ReplayProgress | None = None) -> Iterator[RoundResult]:
        """Round after round, as the state machines of a chain run them: by JSON."""
        order = Order.model_validate(self.order)
        running = Round(
            outstanding=self._look,
            ask_aforo=self._ask if waits_for_aforo(order) else None,
            move=self._move,
            now_ms=lambda: int((BEGAN.timestamp() + self.seconds) * 1000),
            claim_seconds=CLAIM_SECONDS,
            most_rounds=self.most_rounds,
        )
        progress = progress or ReplayProgress(waiting_at_start=self.waiting)
        while True:
            result = running.run(self.task(progress))
            yield result
            if result.outcome in {RoundOutcome.FINISHED, RoundOutcome.STOPPED}:
                return
            if result.outcome is RoundOutcome.HAND_ON:
                self.execution_began = self.seconds
            self.seconds += result.wait_seconds
            progress = ReplayProgress.model_validate_json(
                result.progress.model_dump_json(by_alias=True, exclude_none=True)
            )

    def told(self) -> list[str]:
        """Each round in a few words."""
        return [
            " ".join(filter(None, [one.outcome, str(one.wait_seconds or ""), one.trouble]))
            for one in self.results()
        ]

    def task(self, progress: ReplayProgress) -> RoundTask:
        return RoundTask.model_validate(
            {
                "replayId": "r-1",
                "startedAt": BEGAN.isoformat(),
                "executionStartedAt": (BEGAN + timedelta(seconds=self.execution_began)).isoformat(),
                "order": self.order,
                "progress": progress.model_dump(by_alias=True),
            }
        )

    def _look(self, move: UnsettledMove) -> int:
        self.looked_for.append(move)
        outstanding = self.looks[min(len(self.looked_for), len(self.looks)) - 1]
        self.story.append("outstanding" if outstanding else "settled")
        return outstanding

    def _ask(self) -> Readiness:
        self.asked += 1
        readiness = self.aforo[min(self.asked, len(self.aforo)) - 1]
        self.story.append(readiness.outcome)
        return readiness

    def _move(self, task: MoveTask) -> MoveMade:
        self.limits.append(task)
        self.seconds += self.move_seconds
        number = len(self.limits)
        moved = self.moves[min(number, len(self.moves)) - 1]
        self.story.append("sent" if moved.events else "sent nothing")
        return MoveMade(f"{task.round:04}-a", BEGAN, moved, f"name-{number}")
