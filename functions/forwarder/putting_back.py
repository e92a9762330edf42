"""Messages put back onto UsageQueue as new ones, each after a delay: bodies come in, the ids of
those that SQS took leave. Or hidden as they are: receipts come in, and those that SQS did not take
leave. Never raises: what was not taken still is the message that it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import BYTES_PER_CALL, ENTRIES_PER_CALL
from functions.adapters.telemetry import NOT_PUT_BACK, VISIBILITY_UNCHANGED, Telemetry

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# UsageQueue's, in the template: for so long a message does not show after it was received.
VISIBILITY_SECONDS = 780


@dataclass(frozen=True, slots=True)
class Visibility:
    """The receiver's side of UsageQueue."""

    client: "SQSClient"
    queue_url: str
    telemetry: Telemetry

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> set[str]:
        """Make each message invisible for so long from now.

        Leaves the receipts of those of which SQS did not say so: the queue's own visibility timeout
        may hold for them (VISIBILITY_SECONDS), which is a worse guess, and a longer stall.
        """
        unchanged: set[str] = set()
        for batch in batched(seconds_by_receipt.items(), ENTRIES_PER_CALL, strict=False):
            unchanged |= self._hide(batch)
        return unchanged

    def _hide(self, batch: Sequence[tuple[str, int]]) -> set[str]:
        try:
            answer = self.client.change_message_visibility_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                    for i, (receipt, seconds) in enumerate(batch)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            self._note(len(batch), type(error).__name__)
            return {receipt for receipt, _ in batch}
        if failed := answer.get("Failed", []):
            self._note(len(failed), failed[0]["Code"])
        return {batch[int(entry["Id"])][0] for entry in failed}

    def _note(self, messages: int, code: str) -> None:
        self.telemetry.log.warning(VISIBILITY_UNCHANGED, messages=messages, code=code)


MOST_DELAY_SECONDS = 900  # SQS's most


class Later(NamedTuple):
    """A body, and the seconds until it may be received. ASCII, so characters are bytes."""

    body: str
    seconds: int


@dataclass(frozen=True, slots=True)
class PuttingBack:
    """The sender's side of UsageQueue, as the forwarder needs it."""

    client: "SQSClient"
    queue_url: str
    telemetry: Telemetry

    def put_back(self, messages: Mapping[str, Later]) -> set[str]:
        """The ids, out of `messages`, of those that are on the queue as new messages."""
        taken: set[str] = set()
        for batch in _batches(messages):
            taken |= self._put(batch)
        return taken

    def _put(self, batch: list[tuple[str, Later]]) -> set[str]:
        try:
            answer = self.client.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(i), "MessageBody": later.body, "DelaySeconds": later.seconds}
                    for i, (_, later) in enumerate(batch)
                ],
            )
        except (BotoCoreError, ClientError) as error:
            self._note(len(batch), type(error).__name__)
            return set()
        if failed := answer.get("Failed", []):
            self._note(len(failed), failed[0]["Code"])
        return {batch[int(entry["Id"])][0] for entry in answer.get("Successful", [])}

    def _note(self, messages: int, code: str) -> None:
        self.telemetry.log.warning(NOT_PUT_BACK, messages=messages, code=code)


def _batches(messages: Mapping[str, Later]) -> Iterator[list[tuple[str, Later]]]:
    """Groups that SQS takes in one call; a body that is too long for any is left out."""
    batch: list[tuple[str, Later]] = []
    size = 0
    for message_id, later in messages.items():
        length = len(later.body)
        if length > BYTES_PER_CALL:
            continue
        if len(batch) == ENTRIES_PER_CALL or size + length > BYTES_PER_CALL:
            yield batch
            batch, size = [], 0
        batch.append((message_id, later))
        size += length
    if batch:
        yield batch
