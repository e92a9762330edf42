"""One message of a dead-letter queue is changed: recorded, sent again as it is now, and deleted.

Guaranteed, wherever it dies: the message waits as before, or what it became is on its way, or both
(harmless: one event key bills once). Never neither.
"""

from collections.abc import Callable
from typing import NamedTuple

from functions.operator.messages.change_record import ChangeRecord
from functions.operator.messages.dead_letters import DeadLetters
from functions.operator.messages.queue_message import QueueMessage


class Change(NamedTuple):
    """`keep` and `send` make durable what the message becomes; None: nothing of that kind."""

    message: QueueMessage
    keep: Callable[[], None] | None = None
    send: Callable[[], object] | None = None


def carry_out(change: Change, dead_letters: DeadLetters, record: ChangeRecord) -> None:
    """Errors are passed on: what comes after them was not done."""
    # 1. Durable: a copy for the person who asked for it.
    if change.keep:
        change.keep()
    # 2. Durable: the body as it was, who changes it and why. Dying here leaves the message waiting.
    record.begin()
    # 3. Durable: on UsageQueue. Dying here leaves both; sent once more it is billed once.
    if change.send:
        change.send()
    # 4. Gone from the dead-letter queue. A delete that fails is a case of 3.
    dead_letters.delete(change.message)
    # 5. The record says so. Dying before it leaves `begun`, and no message.
    record.end()
