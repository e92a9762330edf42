"""A dead-letter queue, as the replay sees it: receive, make invisible or visible, delete.

Guaranteed: nothing is deleted but what it is told to delete. A message whose handle has expired is
visible already, or in other hands: that is never an error here.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

from functions.replay.selection import WaitingMessage, read_waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ENTRIES_PER_CALL = 10
# From a receive to the delete of the same claim: twice the timeout of a round (the template's
# CLAIM_SECONDS), so that what a killed one had received comes back soon, and not while it is still
# at work.
CLAIM_SECONDS = 240
# What stays is hidden so that the next rounds see other messages. A stopped replay leaves it
# hidden for at most this long.
HOLD_SECONDS = 900
# A short poll asks a sample of SQS's servers and may miss messages; two empty long polls in a row
# mean an empty queue.
POLL_SECONDS = 1
EMPTY_POLLS = 2
CALLERS = 10  # what boto3's pool has connections for


class WaitingMessages:
    """One queue of messages that wait for a replay."""

    def __init__(
        self,
        client: "SQSClient",
        url: str,
        *,
        claim_seconds: int = CLAIM_SECONDS,
        poll_seconds: int = POLL_SECONDS,
    ) -> None:
        self._client = client
        self._url = url
        self._claim_seconds = claim_seconds
        self._poll_seconds = poll_seconds

    def claim(self, at_most: int) -> list[WaitingMessage]:
        """Up to `at_most` messages, each once; fewer only when the queue seems empty."""
        claimed: dict[str, WaitingMessage] = {}
        empty_polls = 0
        while len(claimed) < at_most and empty_polls < EMPTY_POLLS:
            waiting = self._receive(min(ENTRIES_PER_CALL, at_most - len(claimed)))
            known = len(claimed)
            claimed |= {one.message_id: one for one in waiting}
            # Only new ones are progress: SQS may deliver a message twice.
            empty_polls = 0 if len(claimed) > known else empty_polls + 1
        return list(claimed.values())

    def hold(self, receipt_handles: Iterable[str]) -> None:
        """Hide messages from this replay's next rounds."""
        self._change_visibility(receipt_handles, HOLD_SECONDS)

    def give_back(self, receipt_handles: Iterable[str]) -> None:
        """Make messages visible again."""
        # A dry run may have held 100,000: one call after the other outlasts the report's time.
        with ThreadPoolExecutor(CALLERS) as callers:
            calls = batched(receipt_handles, ENTRIES_PER_CALL, strict=False)
            list(callers.map(lambda handles: self._change_visibility(handles, 0), calls))

    def delete(self, receipt_handles: Iterable[str]) -> int:
        """How many SQS refused to delete: they come back, and are replayed once more."""
        refused = 0
        for entries in _entries(receipt_handles):
            answer = self._client.delete_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": name, "ReceiptHandle": handle} for name, handle in entries],
            )
            refused += len(answer.get("Failed", []))
        return refused

    def depth(self) -> tuple[int, int]:
        """How many are visible and how many invisible, as far as SQS knows: approximate."""
        attributes = self._client.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    def _receive(self, at_most: int) -> list[WaitingMessage]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=at_most,
            VisibilityTimeout=self._claim_seconds,
            WaitTimeSeconds=self._poll_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        return [read_waiting(message) for message in answer.get("Messages", [])]

    def _change_visibility(self, receipt_handles: Iterable[str], seconds: int) -> None:
        for entries in _entries(receipt_handles):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": name, "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                    for name, handle in entries
                ],
            )


def _entries(receipt_handles: Iterable[str]) -> Iterator[list[tuple[str, str]]]:
    for handles in batched(receipt_handles, ENTRIES_PER_CALL, strict=False):
        yield [(str(number), handle) for number, handle in enumerate(handles)]
