"""A move of source `usage`: UsageDeadLetterQueue in, UsageQueue out.

Guaranteed: whatever ends a move, and wherever, every event is still on one of the two queues. It
may be on both: Aforo and the ledger know it by its key.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.adapters.message_queue import BYTES_PER_CALL, Sender
from functions.replay.limits import Moved, MoveTask, claim_after_claim
from functions.replay.manifest import HeldRow, SentRow
from functions.replay.manifest_rows import held_row, sent_rows
from functions.replay.selection import DRY_RUN, OWN, TOO_LARGE, Keep, Take, WaitingMessage, select
from functions.replay.waiting_messages import HOLD_SECONDS
from functions.usage.message import to_body


class Waiting(Protocol):
    """The queue to take from."""

    def claim(self, at_most: int) -> list[WaitingMessage]: ...
    def hold(self, receipt_handles: Iterable[str]) -> None: ...
    def delete(self, receipt_handles: Iterable[str]) -> int: ...


class Manifest(Protocol):
    """Where it is written down."""

    def put_sent(self, name: str, rows: Sequence[SentRow], *, dry_run: bool = False) -> None: ...
    def put_held(self, name: str, rows: Sequence[HeldRow]) -> None: ...
    def put_moving(self, name: str, message_ids: Iterable[str]) -> None: ...
    def moving(self, round_number: int) -> int: ...
    def held_ids(self, round_number: int) -> set[str]: ...


class UsageMove:
    """Moves messages of one replay."""

    def __init__(
        self,
        *,
        waiting: Waiting,
        set_aside: Sender,
        usage: Sender,
        manifests: Manifest,
        now_ms: Callable[[], int],
    ) -> None:
        self._waiting = waiting
        self._set_aside = set_aside
        self._usage = usage
        self._manifests = manifests
        self._now_ms = now_ms

    def run(self, task: MoveTask, move_id: str, is_time_left: Callable[[], bool]) -> Moved:
        """`move_id` names the manifests: a second try of the same round needs another."""
        return in_claims(self._manifests, task, move_id, is_time_left, self._move_claim)

    def _move_claim(self, task: MoveTask, name: str, wanted: int) -> Moved:
        waiting = self._waiting.claim(wanted)
        takes: list[tuple[WaitingMessage, Take]] = []
        keeps: list[tuple[WaitingMessage, Keep]] = []
        for one in waiting:
            choice = self._choose(one, task)
            if isinstance(choice, Take):
                takes.append((one, choice))
            else:
                keeps.append((one, choice))
        rows = [row for _, take in takes for row in sent_rows(take)]
        left = 0
        if task.order.dry_run:
            self._manifests.put_sent(name, rows, dry_run=True)
            keeps += [(one, _untouched(take)) for one, take in takes]
        elif takes:
            self._put_back(name, task, takes)
            # What the filter leaves of a message waits in its place, and counts when it is seen.
            left = sum(take.rest is not None for _, take in takes)
        counted = count_kept(self._manifests, task, keeps, self._now_ms())
        self._hold(name, keeps)
        return Moved(
            messages=counted.would_move if task.order.dry_run else len(takes),
            events=len(rows),
            seen=len(waiting) - left - counted.not_of_the_snapshot,
            held=counted.held,
            is_queue_empty=len(waiting) < wanted,
        )

    def _choose(self, one: WaitingMessage, task: MoveTask) -> Take | Keep:
        choice = select(one, task.order, task.replay_id, self._now_ms())
        if isinstance(choice, Take) and len(to_body(choice.back)) > BYTES_PER_CALL:
            # Only its history can have grown it; SQS would refuse it and its whole batch.
            events = choice.back["events"]
            first_key = events[0]["idempotencyKey"]
            return Keep(TOO_LARGE, choice.set_aside_class, len(events), first_key=first_key)
        return choice

    def _put_back(
        self, name: str, task: MoveTask, takes: list[tuple[WaitingMessage, Take]]
    ) -> None:
        # 1. Durable: which keys are about to be sent. Killed here, the messages come back within
        #    CLAIM_SECONDS; the report calls their events outstanding unless a later round sends
        #    them.
        if task.order.max_messages:
            self._manifests.put_moving(name, [one.message_id for one, _ in takes])
        self._manifests.put_sent(name, [row for _, take in takes for row in sent_rows(take)])
        # 2. Durable: what the filter leaves, as a message of its own. Killed here, those events
        #    are in UsageDeadLetterQueue twice; replayed twice they are billed once.
        self._set_aside.send(to_body(take.rest) for _, take in takes if take.rest)
        # 3. Durable: the events on UsageQueue. Killed here, the next replay sends them once more.
        self._usage.send(to_body(take.back) for _, take in takes)
        # 4. Gone from UsageDeadLetterQueue. A delete that is refused is a case of 3.
        self._waiting.delete(one.receipt_handle for one, _ in takes)

    def _hold(self, name: str, keeps: list[tuple[WaitingMessage, Keep]]) -> None:
        self._manifests.put_held(name, [held_row(one, keep) for one, keep in keeps])
        self._waiting.hold(one.receipt_handle for one, _ in keeps)


def in_claims(
    manifests: Manifest,
    task: MoveTask,
    move_id: str,
    is_time_left: Callable[[], bool],
    move_claim: Callable[[MoveTask, str, int], Moved],
) -> Moved:
    """A round, claim after claim. `move_claim` takes the name of a claim's manifests and how many
    messages it may hold.
    """
    return claim_after_claim(
        task,
        _moved_before(manifests, task),
        is_time_left,
        lambda number, wanted: move_claim(task, f"{move_id}-{number:03}", wanted),
    )


def _moved_before(manifests: Manifest, task: MoveTask) -> Moved:
    """What a try of this round that died may have moved. Only `maxMessages` promises a number, and
    only for it the claims are written down one by one.
    """
    return Moved(messages=manifests.moving(task.round) if task.order.max_messages else 0)


@dataclass(frozen=True, slots=True)
class CountedKeeps:
    """What stays of one claim. `fresh` was not held by this replay before."""

    fresh: list[Keep]
    repeated: int

    @property
    def held(self) -> int:
        return len(self.fresh)

    @property
    def would_move(self) -> int:
        """In a dry run."""
        return sum(keep.why == DRY_RUN for keep in self.fresh)

    @property
    def not_of_the_snapshot(self) -> int:
        """How many must not count as seen: our own that failed again, and what was seen before."""
        return self.repeated + sum(keep.why == OWN for keep in self.fresh)


def count_kept(
    manifests: Manifest, task: MoveTask, keeps: Sequence[tuple[WaitingMessage, Keep]], now_ms: int
) -> CountedKeeps:
    """In a long replay what was held shows again by itself: it counts once."""
    is_long = now_ms - task.started_at_ms > HOLD_SECONDS * 1000
    may_repeat = is_long and any(one.receives > 1 for one, _ in keeps)
    held = manifests.held_ids(task.round) if may_repeat else set[str]()
    fresh = [keep for one, keep in keeps if one.message_id not in held]
    return CountedKeeps(fresh, len(keeps) - len(fresh))


def _untouched(take: Take) -> Keep:
    record = take.back["history"][-1]  # why it waits: the last of its history
    return Keep(DRY_RUN, take.set_aside_class, len(take.back["events"]), record["reason"])
