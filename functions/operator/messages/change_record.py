"""What a person changed of a message, kept beside the ledger: who, when, why, what it was and what
it became.

Guaranteed: the record is there before anything is changed, as `begun`, and says `done` when all of
it is. One that stays `begun` was interrupted: its message may still wait.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PREFIX = "taken-out/"


class ChangeRecord:
    """One record, in the ledger's bucket. `clock` gives epoch milliseconds."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        fields: Mapping[str, object],
        clock: Callable[[], int],
    ) -> None:
        self._client = client
        self._bucket = bucket
        at = iso_from_epoch_ms(clock())
        self._fields = {"version": 1, "at": at, **fields}
        self._clock = clock
        stamp = at.replace("-", "").replace(":", "").replace(".", "")
        self.key = f"{PREFIX}{stamp}-{fields['messageId']}.json"

    @property
    def uri(self) -> str:
        """Where it stands."""
        return f"s3://{self._bucket}/{self.key}"

    def begin(self) -> None:
        """Make it durable."""
        self._put({**self._fields, "state": "begun"})

    def end(self) -> None:
        """Say that all of it was done."""
        done_at = iso_from_epoch_ms(self._clock())
        self._put({**self._fields, "state": "done", "doneAt": done_at})

    def _put(self, fields: Mapping[str, object]) -> None:
        text = json.dumps(fields, indent=2, ensure_ascii=True)
        self._client.put_object(Bucket=self._bucket, Key=self.key, Body=text.encode())
