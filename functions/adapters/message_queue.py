"""SQS: send message bodies, all of them or an error.

SendMessageBatch takes 10 entries and 1 MiB a call, and a 200 may carry failed entries
(aws-and-counters.md 1.1): those alone are sent again.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from functions.usage.errors import Permanent, Retryable

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ENTRIES_PER_CALL = 10
BYTES_PER_CALL = 1_048_576
SENDS = 3  # the first and two more for the entries that failed


class Sender(Protocol):
    """Whoever puts bodies on a queue, as `MessageQueue` does."""

    def send(self, bodies: Iterable[str]) -> int: ...


class MessageQueue:
    """One queue, as a sender sees it."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self.url = url

    def send(self, bodies: Iterable[str]) -> int:
        """Put every body on the queue; the number sent.

        Retryable when some entry still fails after three sends (those sent stay sent: a second
        try sends them twice, which every receiver takes as once). Permanent for a body over 1 MiB.
        """
        sent = 0
        for batch in _batches(bodies):
            self._send_batch(batch)
            sent += len(batch)
        return sent

    def _send_batch(self, bodies: list[str]) -> None:
        waiting = dict(enumerate(bodies))
        code = ""
        for _ in range(SENDS):
            answer = self._client.send_message_batch(
                QueueUrl=self.url,
                Entries=[{"Id": str(i), "MessageBody": body} for i, body in waiting.items()],
            )
            failed = answer.get("Failed", [])
            if not failed:
                return
            waiting = {int(entry["Id"]): waiting[int(entry["Id"])] for entry in failed}
            code = failed[0]["Code"]
        message = f"SQS refused {len(waiting)} of {len(bodies)} entries for {self.url}: {code}"
        raise Retryable(message)


def _batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if length > BYTES_PER_CALL:
            message = f"a message body of {length} bytes is over the SQS limit of {BYTES_PER_CALL}"
            raise Permanent(message)
        if len(batch) == ENTRIES_PER_CALL or size + length > BYTES_PER_CALL:
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
