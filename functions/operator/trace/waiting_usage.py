"""Usage that was set aside: UsageDeadLetterQueue is looked into as `message list` does."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from functions.operator.messages.dead_letters import DeadLetters
from functions.operator.messages.queue_message import QueueMessage, summary_of
from functions.usage.errors import Retryable

# Ten a call: half a minute at the most, in which a replay does not see them.
MOST_LETTERS = 1000


class SeenLetters(NamedTuple):
    """Messages that were looked at and show again; `hidden` are in other hands."""

    messages: tuple[QueueMessage, ...]
    hidden: int

    def with_keys(self, keys: Collection[str]) -> Iterator[dict[str, object]]:
        """A row for each message that holds one of the keys. Retryable, after the rows, where some
        could not be looked at.
        """
        for one in self.messages:
            held = sorted(key for key in keys if key in one.body)
            if held:
                occurred_at = _occurred_at(one, held)
                yield {**_known(summary_of(one)), "keys": held, "occurredAt": occurred_at}
        if self.hidden:
            raise Retryable(f"{self.hidden} messages are hidden, by a replay or another command")
        if len(self.messages) >= MOST_LETTERS:
            raise Retryable(f"only {MOST_LETTERS} messages of UsageDeadLetterQueue were looked at")


def seen_letters(dead_letters: DeadLetters) -> SeenLetters:
    """Those that show, up to `MOST_LETTERS`."""
    return SeenLetters(tuple(dead_letters.messages(MOST_LETTERS)), dead_letters.hidden())


def _known(summary: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in summary.items() if value is not None}


def _occurred_at(message: QueueMessage, held: Collection[str]) -> str | None:
    """Of one of its events with such a key; None where the body cannot be read."""
    events = message.content.get("events")
    for event in events if isinstance(events, list) else []:
        if isinstance(event, dict) and event.get("idempotencyKey") in held:
            occurred_at = event.get("occurredAt")
            return occurred_at if isinstance(occurred_at, str) else None
    return None
