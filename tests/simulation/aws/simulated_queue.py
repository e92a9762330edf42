"""One SQS queue: messages are invisible while they are delayed or in flight, may come twice, and go
to the dead-letter queue after too many receives.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from tests.simulation.engine.world import World
from tests.simulation.whereabouts import Whereabouts, keys_in

NOBODY = Whereabouts()
MOST_RECEIVES = 100
ARRIVES_WITHIN = 0.2  # seconds: messages of one call are not received in its order


@dataclass(slots=True, eq=False)
class Message:
    """`receipt` is the newest handle; an older one deletes nothing."""

    message_id: str
    body: str
    sent_at: float
    visible_at: float
    receives: int = 0
    first_received_at: float = 0.0
    receipt: str = ""
    keys: tuple[str, ...] = ()


@dataclass(eq=False)
class SimulatedQueue:
    """`whereabouts` hears which event keys wait here; leave it out where nobody asks. `twice` says
    of a message that is received, or deleted, whether it is received once more all the same.
    `wakers` are told when a message may be received.
    """

    world: World
    name: str
    visibility_seconds: float
    dead_letters: "SimulatedQueue | None" = None
    whereabouts: Whereabouts = NOBODY
    twice: Callable[[], bool] = lambda: False
    wakers: list[Callable[[float], None]] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    sent: int = 0
    _order: list[tuple[float, int, Message]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def send(self, body: str, delay_seconds: float = 0.0) -> str:
        """The message's id."""
        now = self.world.now
        arrives = self.world.chance(self.name).uniform(0, ARRIVES_WITHIN)
        name = f"{self.name}-{next(self._numbers)}"
        self._enter(Message(name, body, now, now + delay_seconds + arrives))
        return name

    def receive(self, at_most: int, visibility_seconds: float | None = None) -> list[Message]:
        """Visible messages, which are in flight from now on."""
        found: list[Message] = []
        for message in self._visible():
            if message.receives >= MOST_RECEIVES and self.dead_letters is not None:
                self._leave(message)
                self.world.tell(self.name, f"gives {message.message_id} up")
                self.dead_letters.take_over(message)
                continue
            self._receive(message, visibility_seconds)
            found.append(message)
            if len(found) == at_most:
                break
        return found

    def delete(self, receipt: str) -> None:
        """Of a handle that is not the newest: it is said to be deleted, and is not."""
        message = self.of(receipt)
        if message is None:
            return
        if self.twice():
            self._show(message, self.world.now + self.world.chance(self.name).uniform(1, 60))
        else:
            self._leave(message)

    def hide(self, receipt: str, seconds: float) -> bool:
        """False: the message is not in flight under this handle."""
        message = self.of(receipt)
        if message is None or message.visible_at <= self.world.now:
            return False
        self._show(message, self.world.now + seconds)
        return True

    def of(self, receipt: str) -> Message | None:
        """The message that was received last under this handle."""
        message = self.messages.get(receipt.partition("/")[0])
        return message if message is not None and message.receipt == receipt else None

    def counts(self) -> tuple[int, int, int]:
        """Visible, in flight and delayed."""
        now, waiting = self.world.now, list(self.messages.values())
        visible = sum(one.visible_at <= now for one in waiting)
        delayed = sum(one.visible_at > now and not one.receives for one in waiting)
        return visible, len(waiting) - visible - delayed, delayed

    def next_visible_at(self) -> float | None:
        """When the next message may be received; None: there is none."""
        while self._order and self._is_stale(self._order[0]):
            heappop(self._order)
        return self._order[0][0] if self._order else None

    def purge(self) -> None:
        """All messages are gone, as a person may do."""
        for message in list(self.messages.values()):
            self._leave(message)

    def take_over(self, message: Message) -> None:
        """By redrive: SQS keeps the time at which it was sent."""
        name = f"{self.name}-{next(self._numbers)}"
        self._enter(Message(name, message.body, message.sent_at, self.world.now))

    def _enter(self, message: Message) -> None:
        self.sent += 1
        self.messages[message.message_id] = message
        if self.whereabouts is not NOBODY:
            message.keys = keys_in(message.body)
            self.whereabouts.enter(self.name, message.keys)
        self._show(message, message.visible_at)

    def _leave(self, message: Message) -> None:
        del self.messages[message.message_id]
        if message.keys:
            self.whereabouts.leave(self.name, message.keys)

    def _visible(self) -> Iterator[Message]:
        while (at := self.next_visible_at()) is not None and at <= self.world.now:
            yield heappop(self._order)[2]

    def _receive(self, message: Message, visibility_seconds: float | None) -> None:
        now = self.world.now
        message.receives += 1
        message.first_received_at = message.first_received_at or now
        message.receipt = f"{message.message_id}/{message.receives}"
        hidden = self.visibility_seconds if visibility_seconds is None else visibility_seconds
        if self.twice():
            hidden = self.world.chance(self.name).uniform(0, 5)
        self._show(message, now + hidden)

    def _show(self, message: Message, at: float) -> None:
        message.visible_at = at
        heappush(self._order, (at, next(self._numbers), message))
        for wake in self.wakers:
            wake(at)

    def _is_stale(self, entry: tuple[float, int, Message]) -> bool:
        at, _, message = entry
        return message.visible_at != at or self.messages.get(message.message_id) is not message


def bodies(queue: SimulatedQueue) -> Iterable[str]:
    """What waits in it, in flight too."""
    return [one.body for one in queue.messages.values()]
