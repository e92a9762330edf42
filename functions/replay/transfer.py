"""One round of a replay of unreconciled usage: UnreconciledUsageQueue in, SettledUsageQueue out.

Bodies go back byte for byte and unread: reconciliation refuses again what it cannot take, and marks
make settled usage count once. Guaranteed: whatever ends a round, every message is on one of the two
queues, or on both; none goes back twice in one replay.
"""

from collections.abc import Callable

from functions.replay.limits import Moved, RoundTask
from functions.replay.manifest import held_row
from functions.replay.round import (
    Manifest,
    Queue,
    Waiting,
    count_kept,
    in_claims,
)
from functions.replay.selection import DRY_RUN, NOT_CHOSEN, OWN, Keep, Letter


class Transfer:
    """Moves messages of one replay."""

    def __init__(
        self, *, waiting: Waiting, settled: Queue, manifests: Manifest, now_ms: Callable[[], int]
    ) -> None:
        self._waiting = waiting
        self._settled = settled
        self._manifests = manifests
        self._now_ms = now_ms

    def run(self, task: RoundTask, move_id: str, is_time_left: Callable[[], bool]) -> Moved:
        """As `Round.run`. `events` is 0: nobody has counted them."""
        return in_claims(self._manifests, task, move_id, is_time_left, self._move_claim)

    def _move_claim(self, task: RoundTask, name: str, wanted: int) -> Moved:
        letters = self._waiting.claim(wanted)
        kept = [(letter, why) for letter in letters if (why := why_it_stays(letter, task))]
        keeps = [(letter, Keep(why)) for letter, why in kept]
        stays = {letter.message_id for letter, _ in keeps}
        takes = [letter for letter in letters if letter.message_id not in stays]
        if task.order.dry_run:
            keeps += [(letter, Keep(DRY_RUN)) for letter in takes]
        else:
            self._put_back(name, task, takes)
        counted = count_kept(self._manifests, task, keeps, self._now_ms())
        self._manifests.put_held(name, [held_row(letter, keep) for letter, keep in keeps])
        self._waiting.hold(letter.receipt_handle for letter, _ in keeps)
        return Moved(
            messages=counted.would_move if task.order.dry_run else len(takes),
            seen=len(letters) - counted.not_of_the_snapshot,
            held=counted.held,
            is_queue_empty=len(letters) < wanted,
        )

    def _put_back(self, name: str, task: RoundTask, takes: list[Letter]) -> None:
        # 1. Durable: how many are about to be sent, where a number was promised.
        if task.order.max_messages and takes:
            self._manifests.put_moving(name, [letter.message_id for letter in takes])
        # 2. Durable: on SettledUsageQueue. Killed here, the next replay sends them once more.
        self._settled.send(letter.body for letter in takes)
        # 3. Gone from UnreconciledUsageQueue. A delete that is refused is a case of 2.
        self._waiting.delete(letter.receipt_handle for letter in takes)


def why_it_stays(letter: Letter, task: RoundTask) -> str:
    """Empty for what goes back. A redrive keeps the time of the first send (aws-and-counters.md
    1.1): what was sent after this replay began, this replay or somebody else sent.
    """
    if letter.sent_at_ms >= task.started_at_ms:
        return OWN
    return "" if task.order.filter.takes_time(letter.sent_at_ms) else NOT_CHOSEN
