"""Waiting, as SQS does it: messages stay invisible for a time that is set for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.message_queue import ENTRIES_PER_CALL
from functions.adapters.telemetry import VISIBILITY_UNCHANGED, Telemetry

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True)
class Visibility:
    """The receiver's side of UsageQueue."""

    client: "SQSClient"
    queue_url: str
    telemetry: Telemetry

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> None:
        """Make each message invisible for so long from now.

        Never raises: where it fails, the queue's own visibility timeout holds, which is only
        a worse guess.
        """
        for batch in batched(seconds_by_receipt.items(), ENTRIES_PER_CALL, strict=False):
            self._hide(batch)

    def _hide(self, batch: Sequence[tuple[str, int]]) -> None:
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
            return
        if failed := answer.get("Failed", []):
            self._note(len(failed), failed[0]["Code"])

    def _note(self, messages: int, code: str) -> None:
        self.telemetry.log.warning(VISIBILITY_UNCHANGED, messages=messages, code=code)
