"""One round of a replay: UnforwardedUsageQueue in, UsageQueue out.

Guaranteed: whatever ends a round, and wherever, every event is still on one of the two queues. It
may be on both: Aforo and the ledger know it by its key.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.replay.manifest import HeldRow, SentRow, held_row, sent_rows
from functions.replay.order import Order
from functions.replay.selection import OWN, Keep, Letter, Take, select
from functions.usage.message import to_body

DRY_RUN, TOO_LARGE = "dry_run", "too_large"
# About 6 MB of bodies in memory, and one manifest for them.
CLAIM_MESSAGES = 100
# With a pace, as small as a receive: a claim goes out at once.
PACED_CLAIM_MESSAGES = 10
# A move takes what the pace allows in a minute, then the state machine waits that minute: more
# often would fill the execution's history (25,000 entries).
PACE_SECONDS = 60
# About 10 s of SQS and S3 calls: well inside the function's timeout, and 100 rounds for 100,000.
ROUND_MESSAGES = 1_000


class RoundTask(BaseModel):
    """What one round may do; the limits are what the rounds before it left of them."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    step: Literal["move"]
    replay_id: str = Field(min_length=1)
    round: int = Field(ge=1)
    order: Order
    see_at_most: int = Field(ge=0)  # of the queue's depth at the start
    move_at_most: int = Field(ge=0)  # of maxMessages

    @property
    def events_at_most(self) -> float:
        pace = self.order.events_per_second
        return pace * PACE_SECONDS if pace else inf

    @property
    def claim_messages(self) -> int:
        return PACED_CLAIM_MESSAGES if self.order.events_per_second else CLAIM_MESSAGES

    def pace_seconds(self, events: int) -> int:
        """How long to wait after a round of `events`, so that the pace holds on average."""
        pace = self.order.events_per_second
        return ceil(events / pace) if pace and not self.order.dry_run else 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What a round did. `seen` counts messages of the queue at the start, moved or left."""

    messages: int = 0
    events: int = 0
    seen: int = 0
    is_queue_empty: bool = False

    def plus(self, other: "Moved") -> "Moved":
        return Moved(
            self.messages + other.messages,
            self.events + other.events,
            self.seen + other.seen,
            self.is_queue_empty or other.is_queue_empty,
        )


class Waiting(Protocol):
    """The queue to take from."""

    def claim(self, at_most: int) -> list[Letter]: ...
    def hold(self, receipt_handles: Iterable[str]) -> None: ...
    def delete(self, receipt_handles: Iterable[str]) -> int: ...


class Queue(Protocol):
    """A queue to put to."""

    def send(self, bodies: Iterable[str]) -> int: ...


class Manifest(Protocol):
    """Where it is written down."""

    def put_sent(self, name: str, rows: Sequence[SentRow], *, dry_run: bool = False) -> None: ...
    def put_held(self, name: str, rows: Sequence[HeldRow]) -> None: ...


class Round:
    """Moves messages of one replay."""

    def __init__(
        self,
        *,
        waiting: Waiting,
        set_aside: Queue,
        usage: Queue,
        manifests: Manifest,
        now_ms: Callable[[], int],
    ) -> None:
        self._waiting = waiting
        self._set_aside = set_aside
        self._usage = usage
        self._manifests = manifests
        self._now_ms = now_ms

    def run(self, task: RoundTask, move_id: str, is_time_left: Callable[[], bool]) -> Moved:
        """Claim after claim, until a limit, the end of the queue or the end of the time.

        `move_id` names the manifests: a second try of the same round needs another.
        """
        moved = Moved()
        for number in range(ROUND_MESSAGES):
            wanted = min(
                task.claim_messages,
                task.see_at_most - moved.seen,
                task.move_at_most - moved.messages,
                ROUND_MESSAGES - moved.seen,
            )
            if wanted <= 0 or moved.events >= task.events_at_most or not is_time_left():
                break
            moved = moved.plus(self._move_claim(task, f"{move_id}-{number:03}", wanted))
            if moved.is_queue_empty:
                break
        return moved

    def _move_claim(self, task: RoundTask, name: str, wanted: int) -> Moved:
        letters = self._waiting.claim(wanted)
        takes: list[tuple[Letter, Take]] = []
        keeps: list[tuple[Letter, Keep]] = []
        for letter in letters:
            choice = self._choose(letter, task)
            if isinstance(choice, Take):
                takes.append((letter, choice))
            else:
                keeps.append((letter, choice))
        rows = [row for _, take in takes for row in sent_rows(take)]
        not_of_the_snapshot = sum(keep.why == OWN for _, keep in keeps)
        if task.order.dry_run:
            self._manifests.put_sent(name, rows, dry_run=True)
            keeps += [(letter, _untouched(take)) for letter, take in takes]
        elif takes:
            self._put_back(name, takes)
            # What the filter leaves of a message waits in its place, and counts when it is seen.
            not_of_the_snapshot += sum(take.rest is not None for _, take in takes)
        self._hold(name, keeps)
        return Moved(
            messages=len(takes),
            events=len(rows),
            seen=len(letters) - not_of_the_snapshot,
            is_queue_empty=len(letters) < wanted,
        )

    def _choose(self, letter: Letter, task: RoundTask) -> Take | Keep:
        choice = select(letter, task.order.filter, task.replay_id, self._now_ms())
        if isinstance(choice, Take) and len(to_body(choice.back)) > BYTES_PER_CALL:
            # Only its history can have grown it; SQS would refuse it and its whole batch.
            return Keep(TOO_LARGE, choice.set_aside_class, len(choice.back["events"]))
        return choice

    def _put_back(self, name: str, takes: list[tuple[Letter, Take]]) -> None:
        # 1. Durable: which keys are about to be sent. Killed here, the messages come back within
        #    CLAIM_SECONDS; the report calls their events outstanding unless a later round sends
        #    them.
        self._manifests.put_sent(name, [row for _, take in takes for row in sent_rows(take)])
        # 2. Durable: what the filter leaves, as a message of its own. Killed here, those events
        #    are in UnforwardedUsageQueue twice; replayed twice they are billed once.
        self._set_aside.send(to_body(take.rest) for _, take in takes if take.rest)
        # 3. Durable: the events on UsageQueue. Killed here, the next replay sends them once more.
        self._usage.send(to_body(take.back) for _, take in takes)
        # 4. Gone from UnforwardedUsageQueue. A delete that is refused is a case of 3.
        self._waiting.delete(letter.receipt_handle for letter, _ in takes)

    def _hold(self, name: str, keeps: list[tuple[Letter, Keep]]) -> None:
        self._manifests.put_held(name, [held_row(letter, keep) for letter, keep in keeps])
        self._waiting.hold(letter.receipt_handle for letter, _ in keeps)


def _untouched(take: Take) -> Keep:
    rest = len(take.rest["events"]) if take.rest else 0
    return Keep(DRY_RUN, take.set_aside_class, len(take.back["events"]) + rest)
