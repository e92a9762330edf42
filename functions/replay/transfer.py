"""A move of source `counters`: CounterDeadLetterQueue in, SettledUsageQueue out.

Bodies go back byte for byte and unread: reconciliation refuses again what it cannot take, and marks
make settled usage count once. Guaranteed: whatever ends a move, every message is on one of the two
queues, or on both; none goes back twice in one replay.
"""

from collections.abc import Callable

from functions.adapters.message_queue import Sender
from functions.replay.limits import Moved, MoveTask
from functions.replay.manifest_rows import held_row
from functions.replay.selection import DRY_RUN, NOT_CHOSEN, OWN, Keep, WaitingMessage
from functions.replay.usage_move import (
    Manifest,
    Waiting,
    count_kept,
    in_claims,
)


class Transfer:
    """Moves messages of one replay."""

    def __init__(
        self, *, waiting: Waiting, settled: Sender, manifests: Manifest, now_ms: Callable[[], int]
    ) -> None:
        self._waiting = waiting
        self._settled = settled
        self._manifests = manifests
        self._now_ms = now_ms

    def run(self, task: MoveTask, move_id: str, is_time_left: Callable[[], bool]) -> Moved:
        """As `UsageMove.run`. `events` is 0: nobody has counted them."""
        return in_claims(self._manifests, task, move_id, is_time_left, self._move_claim)

    def _move_claim(self, task: MoveTask, name: str, wanted: int) -> Moved:
        waiting = self._waiting.claim(wanted)
        kept = [(one, why) for one in waiting if (why := why_it_stays(one, task))]
        keeps = [(one, Keep(why)) for one, why in kept]
        stays = {one.message_id for one, _ in keeps}
        takes = [one for one in waiting if one.message_id not in stays]
        if task.order.dry_run:
            keeps += [(one, Keep(DRY_RUN)) for one in takes]
        else:
            self._put_back(name, task, takes)
        counted = count_kept(self._manifests, task, keeps, self._now_ms())
        self._manifests.put_held(name, [held_row(one, keep) for one, keep in keeps])
        self._waiting.hold(one.receipt_handle for one, _ in keeps)
        return Moved(
            messages=counted.would_move if task.order.dry_run else len(takes),
            seen=len(waiting) - counted.not_of_the_snapshot,
            held=counted.held,
            is_queue_empty=len(waiting) < wanted,
        )

    def _put_back(self, name: str, task: MoveTask, takes: list[WaitingMessage]) -> None:
        # 1. Durable: how many are about to be sent, where a number was promised.
        if task.order.max_messages and takes:
            self._manifests.put_moving(name, [one.message_id for one in takes])
        # 2. Durable: on SettledUsageQueue. Killed here, the next replay sends them once more.
        self._settled.send(one.body for one in takes)
        # 3. Gone from CounterDeadLetterQueue. A delete that is refused is a case of 2.
        self._waiting.delete(one.receipt_handle for one in takes)


def why_it_stays(one: WaitingMessage, task: MoveTask) -> str:
    """Empty for what goes back. A redrive keeps the time of the first send (aws-and-counters.md
    1.1): what was sent after this replay began, this replay or somebody else sent.
    """
    if one.sent_at_ms >= task.started_at_ms:
        return OWN
    return "" if task.order.filter.takes_time(one.sent_at_ms) else NOT_CHOSEN
