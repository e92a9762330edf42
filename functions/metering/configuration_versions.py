"""The versions of the configuration that S3 keeps: the newest one that is usable leaves.

A process that starts while a bad version is in place must bill by the last good one, as the
processes do that have it in memory.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from functions.metering.configuration import (
    Configuration,
    ConfigurationError,
    read_configuration,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A person who is mending a document puts a few bad ones; each costs a cold start one call.
VERSIONS = 20


class Stored(NamedTuple):
    """A configuration and what S3 calls it."""

    configuration: Configuration
    etag: str
    version_id: str


def newest_usable(client: "S3Client", bucket: str, key: str) -> Stored | None:
    """The newest usable one of the last 20 versions; None where there is no version at all.

    ConfigurationError when none of them is usable; it says what is wrong with the newest.
    """
    fault: ConfigurationError | None = None
    for version_id in _version_ids(client, bucket, key):
        answer = client.get_object(Bucket=bucket, Key=key, VersionId=version_id)
        try:
            configuration = read_configuration(answer["Body"].read())
        except ConfigurationError as error:
            fault = fault or error
        else:
            return Stored(configuration, answer["ETag"], version_id)
    if fault is not None:
        raise fault
    return None


def _version_ids(client: "S3Client", bucket: str, key: str) -> Iterator[str]:
    """Newest first. S3 lists by name: the key itself comes before longer names."""
    answer = client.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=VERSIONS)
    for version in answer.get("Versions", []):
        if version["Key"] == key:
            yield version["VersionId"]
