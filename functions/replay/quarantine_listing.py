"""The quarantine bucket, as a replay sees it: list, read, put aside what has left.

What leaves is not deleted but moved to `replayed/<replay id>/<its old name>`, where the bucket's
lifecycle ends it. Copied first, deleted after.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LEFT = "replayed/"


class Entry(NamedTuple):
    """One object."""

    key: str
    modified_at: datetime


class Quarantine:
    """One bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def entries(
        self, prefixes: Iterable[str], before: datetime, after_key: str = ""
    ) -> Iterator[Entry]:
        """In the order of their names, those written before a moment only: what a replay's own
        metering quarantines again is not its to read again.
        """
        for prefix in prefixes:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, StartAfter=after_key
            )
            for page in pages:
                for found in page.get("Contents", []):
                    # Not every S3 heeds StartAfter beside a prefix that lies wholly before it.
                    if found["LastModified"] < before and found["Key"] > after_key:
                        yield Entry(found["Key"], found["LastModified"])

    def count(self, prefixes: Iterable[str], before: datetime) -> int:
        """How many objects a replay would read, those that its times leave out included."""
        return sum(1 for _ in self.entries(prefixes, before))

    def read(self, key: str) -> bytes | None:
        """None when it has left meanwhile."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=body, ContentType="application/json"
        )

    def put_aside(self, key: str, replay_id: str) -> None:
        """A second time changes nothing but the time of the copy."""
        source = {"Bucket": self._bucket, "Key": key}
        name = f"{LEFT}{replay_id}/{key}"
        try:
            self._client.copy_object(Bucket=self._bucket, Key=name, CopySource=source)  # type: ignore[arg-type]
        except self._client.exceptions.NoSuchKey:
            return  # by a try of this round that died after its delete
        self._client.delete_object(Bucket=self._bucket, Key=key)
