"""SQS as far as a look into a dead-letter queue goes: what is received hides, until it is shown."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Kept:
    """One message of the queue."""

    body: str
    handle: str = ""
    is_visible: bool = True
    receives: int = 0


@dataclass
class DeadLetterClient:
    """`before` is called before each effect and may raise, as a call to AWS may."""

    messages: dict[str, Kept]
    before: Callable[[str], None] = lambda _: None
    _handles: Iterator[int] = field(default_factory=itertools.count)

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        self.before("receive")
        visible = [item for item in self.messages.items() if item[1].is_visible]
        return {
            "Messages": [self._received(*item) for item in visible[: asked["MaxNumberOfMessages"]]]
        }

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        self.before("show")
        for entry in asked["Entries"]:
            for one in self.messages.values():
                if one.handle == entry["ReceiptHandle"]:
                    one.is_visible = entry["VisibilityTimeout"] == 0
        return {}

    def delete_message(self, **asked: Any) -> None:
        self.before("delete")
        for name, one in list(self.messages.items()):
            if one.handle == asked["ReceiptHandle"]:
                del self.messages[name]

    def get_queue_attributes(self, **_asked: Any) -> dict[str, Any]:
        hidden = sum(not one.is_visible for one in self.messages.values())
        return {"Attributes": {"ApproximateNumberOfMessagesNotVisible": str(hidden)}}

    def _received(self, name: str, one: Kept) -> dict[str, Any]:
        one.is_visible, one.handle = False, f"handle-{next(self._handles)}"
        one.receives += 1
        return {
            "MessageId": name,
            "ReceiptHandle": one.handle,
            "Body": one.body,
            "Attributes": {"SentTimestamp": "0", "ApproximateReceiveCount": str(one.receives)},
        }
