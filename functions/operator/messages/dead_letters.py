"""A dead-letter queue, as a person looks into it: messages are received, and shown again at once.

Guaranteed: whatever ends a look, what was received and not deleted is visible again, at once or,
if this process is killed, within five minutes. Nothing is deleted but the message that is named.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import batched
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.messages.queue_message import QueueMessage
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ENTRIES_PER_CALL = 10
# To receive 10,000 messages takes a minute or two; they must not show again before the last.
CLAIM_SECONDS = 300
MOST_MESSAGES = 10_000
# A short poll asks some of SQS's servers only; two empty long polls in a row mean an empty queue.
POLL_SECONDS = 1
EMPTY_POLLS = 2


class DeadLetters:
    """One look into one queue: `with DeadLetters(...) as dead_letters`."""

    def __init__(self, client: "SQSClient", url: str, *, poll_seconds: int = POLL_SECONDS) -> None:
        self._client = client
        self._url = url
        self._poll_seconds = poll_seconds
        self._received: dict[str, str] = {}  # receipt handles by message id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show again what is left. A handle that has expired belongs to a message that shows."""
        for handles in batched(self._received.values(), ENTRIES_PER_CALL, strict=False):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles)
            ]
            # Not at the price of the error that ended the look: they show by themselves, later.
            with suppress(BotoCoreError, ClientError):
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]

    def messages(self, at_most: int = MOST_MESSAGES) -> Iterator[QueueMessage]:
        """Each once; fewer than `at_most` only when no more show."""
        empty_polls = 0
        while len(self._received) < at_most and empty_polls < EMPTY_POLLS:
            known = len(self._received)
            found = self._receive(min(ENTRIES_PER_CALL, at_most - known))
            new = [one for one in found if one.message_id not in self._received]
            # All of them before the first is given out: whoever has seen enough asks for no more.
            # SQS may deliver a message twice: the last handle is the one that counts.
            self._received |= {one.message_id: one.receipt_handle for one in found}
            yield from new
            empty_polls = 0 if len(self._received) > known else empty_polls + 1

    def find(self, name: str) -> QueueMessage:
        """By its id, or the beginning of it. Permanent says why there is none."""
        found: list[QueueMessage] = []
        for one in self.messages():
            if one.message_id == name:
                return one
            if name and one.message_id.startswith(name):
                found.append(one)
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(one.message_id for one in found[:3])
            raise Permanent(
                f"ID {name}: {len(found)} messages begin with it: {ids}: give more of it"
            )
        raise Permanent(f"ID {name}: {self._absent()}")

    def delete(self, message: QueueMessage) -> None:
        """For ever."""
        self._client.delete_message(
            QueueUrl=self._url, ReceiptHandle=self._received[message.message_id]
        )
        del self._received[message.message_id]

    def hidden(self) -> int:
        """How many are in other hands, as far as SQS knows."""
        found = self._client.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        return max(0, int(found["ApproximateNumberOfMessagesNotVisible"]) - len(self._received))

    def _absent(self) -> str:
        hidden = self.hidden()
        shown = f"not among the {len(self._received)} messages that show"
        if hidden:
            return f"{shown}; {hidden} are hidden, by a replay or another command: try again later"
        return f"{shown}: `aforo-metering message list` has them"

    def _receive(self, at_most: int) -> list[QueueMessage]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=at_most,
            VisibilityTimeout=CLAIM_SECONDS,
            WaitTimeSeconds=self._poll_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        return [
            QueueMessage(
                message_id=one["MessageId"],
                receipt_handle=one["ReceiptHandle"],
                body=one["Body"],
                sent_at_ms=int(one["Attributes"]["SentTimestamp"]),
                receives=int(one["Attributes"]["ApproximateReceiveCount"]),
            )
            for one in answer.get("Messages", [])
        ]
