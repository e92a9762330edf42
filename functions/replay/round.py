"""One round of a replay, whatever its source: how far the replay is comes in, the round's result
leaves.

Looks whether the last move is settled, whether there is more to move, whether Aforo takes usage
now, and moves. The first of them that says no ends the round. Guaranteed: only the last step
changes anything, so a round whose answer was lost is run again with the same progress; what its
first try moved is on record, and safe to move twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

from functions.replay.limits import MoveMade, MoveTask
from functions.replay.progress import RoundTask, UnsettledMove
from functions.replay.readiness import Readiness
from functions.replay.round_decision import (
    Decision,
    RoundResult,
    RoundSurroundings,
    after_asking,
    after_looking,
    after_moving,
    is_there_more,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """`outstanding` looks into the ledger; `ask_aforo` is None for a replay that does not wait for
    it; `move` moves.
    """

    outstanding: Callable[[UnsettledMove], int]
    ask_aforo: Callable[[], Readiness] | None
    move: Callable[[MoveTask], MoveMade]
    now_ms: Callable[[], int]
    claim_seconds: int
    most_rounds: int

    def run(self, task: RoundTask) -> RoundResult:
        """Raises what another try may cure."""
        decision = self._decide(task)
        if isinstance(decision, RoundResult):
            return decision
        return after_moving(task.order, decision, self.move(task.move_after(decision)))

    def _decide(self, task: RoundTask) -> Decision:
        progress, order = task.progress, task.order
        if unsettled := progress.unsettled:
            looked = after_looking(order, progress, unsettled, self.outstanding(unsettled))
            if isinstance(looked, RoundResult):
                return looked
            progress = looked
        elapsed_ms = self.now_ms() - int(task.execution_started_at.timestamp() * 1000)
        around = RoundSurroundings(elapsed_ms, self.claim_seconds, self.most_rounds)
        decision = is_there_more(order, progress, around)
        if isinstance(decision, RoundResult) or self.ask_aforo is None:
            return decision
        return after_asking(decision, self.ask_aforo())
