"""How far a replay is: what one round hands on to the next, through the state machine.

A small object of counts. It comes into `Run a round` and leaves it changed; the state machine never
looks inside. A round whose answer was lost runs again with the same one.
"""

from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.replay.limits import MoveTask
from functions.replay.order import Order
from functions.usage.from_outside import FromOutside


class _Handed(BaseModel):
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    def but(self, **changes: object) -> Self:
        """The same, with some fields changed."""
        return self.model_copy(update=changes)


class UnsettledMove(_Handed):
    """The last move, as long as the ledger is not known to have its events."""

    move_id: str = Field(min_length=1)
    started_at: AwareDatetime
    waits: int = 0  # for the ledger: each after a look in vain


class ReplayProgress(_Handed):
    """All counts are of this replay, over all its executions; but `aforo_waits` and `ledger_waits`
    are of the one that runs. Messages are objects where the source is the quarantine.
    """

    waiting_at_start: int  # visible then: what comes later is for the next replay
    hidden_at_start: int = 0  # in other hands then
    rounds: int = 0  # that moved, or found nothing to move
    seen: int = 0  # of those that waited at the start: moved or left
    messages: int = 0  # moved
    events: int = 0  # moved
    held: int = 0  # messages that stay, hidden until the report
    marker: str = ""  # of the quarantine: the last name that was read
    is_queue_empty: bool = False  # the last move found fewer than it wanted
    empty_looks: int = 0  # in a row: waits for what a killed move had claimed
    aforo_waits: int = 0
    ledger_waits: int = 0
    unsettled: UnsettledMove | None = None
    executions_before: int = 0  # of the chain (functions.replay.chain)
    rounds_before: int = 0  # of those executions
    done_before: int = 0  # what they had seen and moved

    def handed_on(self) -> Self:
        """As the next execution begins with it."""
        return self.but(
            executions_before=self.executions_before + 1,
            rounds_before=self.rounds,
            done_before=self.seen + self.messages,
            aforo_waits=0,
            ledger_waits=0,
        )

    @property
    def has_got_on(self) -> bool:
        """Whether this execution has seen or moved anything."""
        return self.seen + self.messages > self.done_before

    def most_messages(self, order: Order) -> int:
        """How many messages the replay may move."""
        return self.waiting_at_start if order.max_messages is None else order.max_messages


class RoundTask(FromOutside):
    """What the state `Run a round` asks for."""

    model_config = ConfigDict(extra="ignore")

    replay_id: str = Field(min_length=1)
    started_at: AwareDatetime  # the replay's start: what came later is not its
    execution_started_at: AwareDatetime  # of the execution that runs this round
    order: Order
    progress: ReplayProgress

    def move_after(self, progress: ReplayProgress) -> MoveTask:
        """The next move; the same for a second try of the same round."""
        return MoveTask(
            replayId=self.replay_id,
            startedAt=self.started_at,
            round=progress.rounds + 1,
            order=self.order,
            seeAtMost=progress.waiting_at_start - progress.seen,
            moveAtMost=progress.most_messages(self.order) - progress.messages,
            marker=progress.marker,
        )
