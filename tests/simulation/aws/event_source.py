"""Lambda's pollers of a queue: they invoke the function with what is visible, and delete what it
does not ask to see again. Whatever it answers that is no such list has a meaning, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.aws.function import Function
from tests.simulation.aws.simulated_queue import Message, SimulatedQueue
from tests.simulation.aws.sqs_calls import attributes_of
from tests.simulation.engine.process import Died, Raised
from tests.simulation.engine.world import World

ARN = "arn:aws:sqs:eu-west-1:123456789012:"


@dataclass(eq=False)
class EventSource:
    """`most_at_once` processes at most are at work for it. `is_on` may be taken away for a time:
    then call `wake`.
    """

    world: World
    queue: SimulatedQueue
    function: Function
    batch_size: int
    window_seconds: float
    most_at_once: int
    is_on: bool = True
    at_work: int = 0
    _poll_at: float | None = field(default=None)

    def __post_init__(self) -> None:
        self.queue.wakers.append(self._plan)

    def wake(self) -> None:
        """Look now whether something waits."""
        if (at := self.queue.next_visible_at()) is not None:
            self._plan(at)

    def _plan(self, visible_at: float) -> None:
        """The window opens when the first message is visible."""
        if self.at_work >= self.most_at_once or not self.is_on:
            return
        waits = self.world.chance(f"window of {self.queue.name}").uniform(0.3, 1)
        at = max(visible_at, self.world.now) + waits * self.window_seconds
        if self._poll_at is None or at < self._poll_at:
            self._poll_at = at
            self.world.at(at, lambda: self._poll(at))

    def _poll(self, planned: float) -> None:
        if planned != self._poll_at:
            return  # another one is sooner
        self._poll_at = None
        if self.at_work >= self.most_at_once or not self.is_on:
            return
        received = self.queue.receive(self.batch_size)
        if received:
            self.at_work += 1
            event = {"Records": [self._record(one) for one in received]}
            receipts = {one.message_id: one.receipt for one in received}
            self.function.call(event, lambda answer: self._done(answer, receipts))
        self.wake()

    def _done(self, answer: object, receipts: Mapping[str, str]) -> None:
        self.at_work -= 1
        again = _seen_again(answer, receipts)
        for message_id, receipt in receipts.items():
            if message_id not in again:
                self.queue.delete(receipt)
        self.wake()

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.message_id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": attributes_of(message),
            "eventSourceARN": ARN + self.queue.name.replace(" ", "-"),
        }


def _seen_again(answer: object, receipts: Mapping[str, str]) -> set[str]:
    """The ids that come back. As AWS says it: no list, or an empty one, is success; a list with an
    id that is none of the batch's fails all of it, and so does an error.
    """
    if isinstance(answer, Raised | Died):
        return set(receipts)
    listed = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not listed:
        return set()
    names = {one.get("itemIdentifier") for one in listed}
    return set(receipts) if names - receipts.keys() else {str(name) for name in names}
