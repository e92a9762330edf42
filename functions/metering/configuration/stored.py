"""The configuration in S3, read at most once a minute; a bad new version never replaces a good one,
neither in a process that has one nor in one that starts: it bills by the newest usable version.

A request is billed by the version in force when it was made, as known when it is metered: what a
new version says of the past minute may come too late, so give it an `effectiveFrom` ahead.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.telemetry import CONFIGURATION_REFUSED, Telemetry
from functions.metering.configuration.version import (
    Configuration,
    ConfigurationError,
    default_configuration,
    read_configuration,
)
from functions.usage.errors import Retryable
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

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


FRESH_SECONDS = 60
_NOT_MODIFIED = 304


class ConfigurationSource:
    """The configuration to use now."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        key: str,
        *,
        telemetry: Telemetry,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._telemetry = telemetry
        self._clock = clock
        self._in_use: Configuration | None = None
        self._etag = ""
        self._version_id: str | None = None
        self._read_at = 0.0

    def current(self) -> Configuration:
        """The last good configuration; the default where there never was an object.

        Retryable when there is none to use yet: S3 does not answer, or none of the object's last
        versions is usable. The delivery comes again, and is kept by OnFailure if that does not
        help.
        """
        if self._in_use is None:
            self._in_use = self._first()
        elif self._clock() - self._read_at >= FRESH_SECONDS:
            self._in_use = self._newer() or self._in_use
        else:
            return self._in_use
        self._read_at = self._clock()
        return self._in_use

    def _first(self) -> Configuration:
        try:
            return self._fetch() or default_configuration()
        except ConfigurationError as error:
            fault: Exception = error
        except (ClientError, BotoCoreError) as error:
            if _code(error) != "NoSuchKey":
                raise self._nothing_to_use(error) from error
            fault = error
        return self._older(fault) or default_configuration()

    def _older(self, fault: Exception) -> Configuration | None:
        """The newest good version where the present one is bad or was deleted; None where there
        never was one.
        """
        try:
            stored = newest_usable(self._client, self._bucket, self._key)
        except (ClientError, BotoCoreError, ConfigurationError) as error:
            raise self._nothing_to_use(error) from error
        if stored is None:
            return None
        found, self._etag, self._version_id = stored
        self._refused(fault)
        return found

    def _nothing_to_use(self, error: Exception) -> Retryable:
        self._refused(error)
        return Retryable(f"no configuration to meter by: s3://{self._bucket}/{self._key}: {error}")

    def _newer(self) -> Configuration | None:
        try:
            return self._fetch()
        except (ClientError, BotoCoreError, ConfigurationError) as error:
            # An object that was never there is no news; one that vanished is a fault.
            if _code(error) != "NoSuchKey" or self._etag:
                self._refused(error)
            return None

    def _fetch(self) -> Configuration | None:
        """None when it is the one in use."""
        try:
            answer = self._get()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == _NOT_MODIFIED:
                return None
            raise
        found = read_configuration(answer["Body"].read())
        self._etag, self._version_id = answer["ETag"], answer.get("VersionId")
        return found

    def _get(self) -> "GetObjectOutputTypeDef":
        if not self._etag:
            return self._client.get_object(Bucket=self._bucket, Key=self._key)
        return self._client.get_object(Bucket=self._bucket, Key=self._key, IfNoneMatch=self._etag)

    def _refused(self, error: Exception) -> None:
        self._telemetry.count(Metric.CONFIGURATION_REFUSED)
        self._telemetry.log.error(
            CONFIGURATION_REFUSED,
            bucket=self._bucket,
            object_key=self._key,
            fault=str(error),
            uses_version=self._version_id,
        )


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
