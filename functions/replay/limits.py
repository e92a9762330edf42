"""What one move of a replay may do, and what it did.

A move is what a round does in the end, if it may. Its limits come in; claim after claim is made
until a limit, the end of what waits or the end of the time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil, inf
from typing import NamedTuple

from pydantic import AwareDatetime, ConfigDict, Field

from functions.replay.order import Order
from functions.usage.from_outside import FromOutside

# About 6 MB of bodies in memory, and one manifest for them.
CLAIM_MESSAGES = 100
# With a pace, as small as a receive: a claim goes out at once.
PACED_CLAIM_MESSAGES = 10
# A move takes what the pace allows in a minute, then the state machine waits that minute: more
# often would use up the rounds.
PACE_SECONDS = 60
# About 10 s of SQS and S3 calls: well inside the function's timeout, and 100 rounds for 100,000.
ROUND_MESSAGES = 1_000


def round_digits(number: int) -> str:
    """In the order of rounds: 999,999 of 1,000 messages are more than SQS can keep for us."""
    return f"{number:06}"


def round_prefix(number: int) -> str:
    """What the move ids of all tries of a round begin with."""
    return f"{round_digits(number)}-"


class MoveTask(FromOutside):
    """What one move may do; the limits are what the rounds before it left of them."""

    model_config = ConfigDict(extra="ignore")

    replay_id: str = Field(min_length=1)
    started_at: AwareDatetime  # the replay's start: what came later is not its
    round: int = Field(ge=1)
    order: Order
    see_at_most: int = Field(ge=0)  # of what waited at the start
    move_at_most: int = Field(ge=0)  # of maxMessages
    marker: str = ""  # of the quarantine: the last name that the rounds before it saw

    @property
    def started_at_ms(self) -> int:
        return int(self.started_at.timestamp() * 1000)

    @property
    def events_at_most(self) -> float:
        pace = self.order.events_per_second
        return pace * PACE_SECONDS if pace else inf

    @property
    def claim_messages(self) -> int:
        return PACED_CLAIM_MESSAGES if self.order.events_per_second else CLAIM_MESSAGES


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did. `seen` counts messages of the queue at the start, moved or left; `held`
    those that stay and are hidden.
    """

    messages: int = 0
    events: int = 0
    seen: int = 0
    held: int = 0
    is_queue_empty: bool = False

    def plus(self, other: "Moved") -> "Moved":
        return Moved(
            self.messages + other.messages,
            self.events + other.events,
            self.seen + other.seen,
            self.held + other.held,
            self.is_queue_empty or other.is_queue_empty,
        )


class MoveMade(NamedTuple):
    """A move that was made. `marker`: of the quarantine, the last name that it is done with."""

    move_id: str
    started_at: datetime
    moved: Moved
    marker: str = ""


def pace_seconds(order: Order, events: int) -> int:
    """How long to wait after a move of `events`, so that the pace holds on average."""
    pace = order.events_per_second
    return ceil(events / pace) if pace and not order.dry_run else 0


def claim_after_claim(
    task: MoveTask,
    moved: Moved,
    is_time_left: Callable[[], bool],
    move_claim: Callable[[int, int], Moved],
) -> Moved:
    """`moved` is what a try of this round that died may have done: it counts against the limits.
    `move_claim` takes the number of a claim and how many messages it may hold.
    """
    for number in range(ROUND_MESSAGES):
        wanted = min(
            task.claim_messages,
            task.see_at_most - moved.seen,
            task.move_at_most - moved.messages,
            ROUND_MESSAGES - moved.seen,
        )
        if wanted <= 0 or moved.events >= task.events_at_most or not is_time_left():
            break
        moved = moved.plus(move_claim(number, wanted))
        if moved.is_queue_empty:
            break
    return moved
