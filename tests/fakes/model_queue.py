"""SQS in virtual time: visibility, delays, receive counts, SentTimestamp, and redrive after 100."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from functions.adapters.message_queue import BYTES_PER_CALL
from functions.forwarder.putting_back import MOST_DELAY_SECONDS, Later

VISIBILITY_SECONDS = 780
MOST_RECEIVES = 100


@dataclass
class Waiting:
    """One message, as the queue keeps it. `visible_at` is in seconds of the clock."""

    body: str
    sent_ms: int
    visible_at: float
    receives: int = 0


@dataclass
class ModelQueue:
    """One queue and its dead-letter queue; both sides of it, as the forwarder sees them."""

    clock: Callable[[], float]
    messages: dict[str, Waiting] = field(default_factory=dict)
    redriven: list[str] = field(default_factory=list)
    visibility_seconds: float = VISIBILITY_SECONDS
    most_receives: int = 0  # the most that a message was ever received
    _ids: Iterable[int] = field(default_factory=count)

    def send(self, body: str, *, seconds: float = 0) -> None:
        assert 0 <= seconds <= MOST_DELAY_SECONDS, seconds
        now = self.clock()
        name = f"m{next(iter(self._ids))}"
        self.messages[name] = Waiting(body, int(now * 1000), now + seconds)

    def receive(self, most: int = 100) -> list[dict[str, Any]]:
        """The records of a batch; what was received too often is redriven instead."""
        now = self.clock()
        found = sorted(
            (one.visible_at, name) for name, one in self.messages.items() if one.visible_at <= now
        )
        return [
            self._record(name, self.messages[name])
            for _, name in found[:most]
            if not self._redrive(name)
        ]

    def _redrive(self, name: str) -> bool:
        one = self.messages[name]
        if one.receives < MOST_RECEIVES:
            return False
        self.redriven.append(self.messages.pop(name).body)
        return True

    def _record(self, name: str, one: Waiting) -> dict[str, Any]:
        one.receives += 1
        one.visible_at = self.clock() + self.visibility_seconds
        self.most_receives = max(self.most_receives, one.receives)
        return {
            "messageId": name,
            "receiptHandle": name,
            "body": one.body,
            "attributes": {
                "ApproximateReceiveCount": str(one.receives),
                "SentTimestamp": str(one.sent_ms),
            },
        }

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            self.messages.pop(name, None)

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> set[str]:
        for name, seconds in seconds_by_receipt.items():
            assert 0 <= seconds <= 43_200, seconds  # SQS's most
            if name in self.messages:
                self.messages[name].visible_at = self.clock() + seconds
        return seconds_by_receipt.keys() - self.messages.keys()

    def put_back(self, letters: Mapping[str, Later]) -> set[str]:
        taken = {name for name, one in letters.items() if len(one.body) <= BYTES_PER_CALL}
        for name in letters:
            if name in taken:
                self.send(letters[name].body, seconds=letters[name].seconds)
        return taken

    def next_visible(self) -> float | None:
        """When the next message may be received; None when there is none."""
        return min((one.visible_at for one in self.messages.values()), default=None)
