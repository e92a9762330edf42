"""What S3 keeps of the configuration: its last versions and delete markers, newest first."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A person who is mending a document puts a few bad ones; each costs a cold start one call.
VERSIONS = 20


class StoredVersion(NamedTuple):
    """One version of the object, or one deletion of it."""

    version_id: str
    modified: datetime
    is_deletion: bool
    is_latest: bool


class StoredVersions(NamedTuple):
    """The newest first. `is_whole`: there are no older ones."""

    newest_first: tuple[StoredVersion, ...]
    is_whole: bool

    @property
    def is_deleted(self) -> bool:
        """Somebody deleted the object, and nobody has put another since."""
        return bool(self.newest_first) and self.newest_first[0].is_deletion


def stored_versions(
    client: "S3Client", bucket: str, key: str, at_most: int = VERSIONS
) -> StoredVersions:
    """S3 lists by name: the key itself comes before longer names."""
    # One more than is looked at: whether it is there says whether the rest is all.
    answer = client.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=at_most + 1)
    found = [
        StoredVersion(one["VersionId"], one["LastModified"], is_deletion, one["IsLatest"])
        for is_deletion, one in (
            *((False, one) for one in answer.get("Versions", [])),
            *((True, one) for one in answer.get("DeleteMarkers", [])),
        )
        if one["Key"] == key
    ]
    return StoredVersions(tuple(_in_order(found))[:at_most], len(found) <= at_most)


def _in_order(found: list[StoredVersion]) -> Iterator[StoredVersion]:
    """S3 answers versions and deletions apart, each newest first, with times of one second."""
    versions = [one for one in found if not one.is_deletion]
    deletions = [one for one in found if one.is_deletion]
    while versions or deletions:
        yield (deletions if _is_newer(deletions, versions) else versions).pop(0)


def _is_newer(ones: list[StoredVersion], others: list[StoredVersion]) -> bool:
    if not ones or not others:
        return bool(ones)
    one, other = ones[0], others[0]
    return one.is_latest or (not other.is_latest and one.modified >= other.modified)
