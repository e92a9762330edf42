"""The configuration in S3, read at most once a minute; a bad new version never replaces a good one.

One rule for processes that run and for those that start, so that none bills by other rules:

1. The newest version that is usable, of the last 20.
2. None was ever usable, and the object was deleted: the default, as before the first upload.
3. None is usable, and a bad one lies on top: nothing is billed, also where the default was in use
   until then. Somebody wants other rules than the default; an event that was billed by it cannot be
   taken back, a delivery that fails is kept and metered again.

All but a usable newest version is told to a person. A request is billed by the version in force
when it was made, as known when it is metered: what a new version says of the past minute may come
too late, so give it an `effectiveFrom` ahead.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.telemetry import CONFIGURATION_REFUSED, Telemetry
from functions.metering.configuration.deployed_sources import ConfigurationReader
from functions.metering.configuration.document_reading import ConfigurationError
from functions.metering.configuration.stored_versions import StoredVersions, stored_versions
from functions.metering.configuration.version import Configuration
from functions.usage.errors import Retryable
from functions.usage.metric import Metric

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef


class Stored(NamedTuple):
    """A configuration and what S3 calls it; `since` is when it was put there."""

    configuration: Configuration
    etag: str
    version_id: str | None
    since: datetime | None


def newest_usable(
    client: "S3Client", bucket: str, key: str, found: StoredVersions, reader: ConfigurationReader
) -> Stored | None:
    """The newest usable one of those found; None where there is no version at all, or none
    was ever usable and the object was deleted.

    ConfigurationError otherwise; it says what is wrong with the newest.
    """
    fault: ConfigurationError | None = None
    for version in found.newest_first:
        if version.is_deletion:
            continue
        answer = client.get_object(Bucket=bucket, Key=key, VersionId=version.version_id)
        try:
            configuration = reader.read(answer["Body"].read())
        except ConfigurationError as error:
            fault = fault or error
        else:
            return Stored(configuration, answer["ETag"], version.version_id, version.modified)
    if found.is_deleted and found.is_whole:
        return None
    if fault is not None:
        raise fault
    return None


FRESH_SECONDS = 60
ONLY_THE_DOCUMENT = ConfigurationReader()
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
        reader: ConfigurationReader = ONLY_THE_DOCUMENT,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._telemetry = telemetry
        self._clock = clock
        self._reader = reader
        self._in_use: Configuration | None = None
        self._etag = ""
        self._version_id: str | None = None
        self._read_at = 0.0
        # When what is in use was put into S3, or the last one was deleted; None: never anything.
        self.since: datetime | None = None

    def current(self) -> Configuration:
        """The configuration of the rule above.

        Retryable when there is none to use: S3 does not answer a process that starts, or a bad
        version lies on top of none that is usable. The delivery comes again, and is kept by
        OnFailure if that does not help.
        """
        if self._in_use is None or self._clock() - self._read_at >= FRESH_SECONDS:
            self._in_use = self._now(self._in_use)
            self._read_at = self._clock()
        return self._in_use

    def _now(self, in_use: Configuration | None) -> Configuration:
        try:
            return self._fetch(in_use)
        except (ClientError, BotoCoreError, ConfigurationError) as error:
            is_answer = isinstance(error, ConfigurationError) or _code(error) == "NoSuchKey"
            if not is_answer:
                return self._kept(in_use, error)
            return self._older(in_use, error)

    def _older(self, in_use: Configuration | None, fault: Exception) -> Configuration:
        """What is used instead of a version that is bad, deleted or not there."""
        try:
            versions = stored_versions(self._client, self._bucket, self._key)
            stored = newest_usable(self._client, self._bucket, self._key, versions, self._reader)
        except (ClientError, BotoCoreError) as error:
            return self._kept(in_use, error)
        except ConfigurationError as error:
            return self._kept(in_use if self._version_id else None, error)
        # An object that was never there is no news; one that vanished is a fault.
        is_news = bool(self._etag or versions.newest_first)
        deleted = versions.newest_first[0].modified if versions.newest_first else None
        default = Stored(self._reader.default, "", None, deleted)
        found, self._etag, self._version_id, self.since = stored or default
        if is_news:
            self._refused(fault)
        return found

    def _kept(self, in_use: Configuration | None, error: Exception) -> Configuration:
        """What is in use stays so; Retryable where nothing is."""
        self._refused(error)
        if in_use is not None:
            return in_use
        raise Retryable(f"no configuration to meter by: s3://{self._bucket}/{self._key}: {error}")

    def _fetch(self, in_use: Configuration | None) -> Configuration:
        try:
            answer = self._get()
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if in_use is None or status != _NOT_MODIFIED:
                raise
            return in_use
        found = self._reader.read(answer["Body"].read())
        self._etag, self._version_id = answer["ETag"], answer.get("VersionId")
        self.since = answer["LastModified"]
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
