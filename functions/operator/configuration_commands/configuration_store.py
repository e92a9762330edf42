"""The configuration of a deployment, as its bucket keeps it: read, compared with, put.

Guaranteed: nothing is put over a version that was not the newest when it was compared with.
"""

from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.document_reading import ConfigurationError
from functions.metering.configuration.stored import newest_usable
from functions.metering.configuration.stored_versions import StoredVersions, stored_versions
from functions.metering.configuration.version import Configuration
from functions.operator.aws_session import aws_session
from functions.operator.deployment.deployment import Deployment
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

_BY = "put-by"
# As the template's CONFIGURATION_KEY.
KEY = "configuration/metering.json"
_NOT_THERE = frozenset({"NoSuchKey", "404"})
_CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
_NO_VERSION = frozenset({"NoSuchVersion", "InvalidArgument", "MethodNotAllowed", "NoSuchKey"})


class InForce(NamedTuple):
    """What metering bills by. `version_id` None: the default. `etag` is of the newest version,
    which is not the one in use where it is bad; None where there is none, or it was deleted.
    `is_newest_bad`: it was put, and cannot be billed by.
    """

    configuration: Configuration
    version_id: str | None
    etag: str | None
    words: str
    is_newest_bad: bool = False


class ReadVersion(NamedTuple):
    """`put_by` is known of what `configuration put` has put."""

    document: bytes
    put_by: str | None


class ConfigurationStore:
    """One bucket's configuration, read as metering reads it: `reader` knows the sources of the
    stack's parameters.
    """

    def __init__(self, client: "S3Client", bucket: str, reader: ConfigurationReader) -> None:
        self._client = client
        self._bucket = bucket
        self.reader = reader

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{KEY}"

    def in_force(self) -> InForce:
        """By metering's own rule; the default also where metering has nothing to bill by."""
        # Asked first: what is put after it is noticed when something is put over it.
        etag = self._newest_etag()
        versions = stored_versions(self._client, self._bucket, KEY)
        try:
            found = newest_usable(self._client, self._bucket, KEY, versions, self.reader)
        except ConfigurationError:
            words = "no version is usable, and metering bills nothing; the default stands for it"
            return InForce(self.reader.default, None, etag, words, is_newest_bad=True)
        if found is None:
            return InForce(self.reader.default, None, etag, "the default")
        newest = versions.newest_first[0]
        words = f"version {found.version_id}"
        is_bad = newest.version_id != found.version_id and not newest.is_deletion
        if is_bad:
            words += ": the newest is not usable"
        elif newest.is_deletion:
            words += ": the newest is a deletion"
        return InForce(found.configuration, found.version_id, etag, words, is_bad)

    def last(self, at_most: int) -> StoredVersions:
        """The newest first."""
        return stored_versions(self._client, self._bucket, KEY, at_most)

    def read(self, version_id: str) -> ReadVersion:
        """Permanent where there is no such version, or it is a deletion."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=KEY, VersionId=version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NO_VERSION:
                raise
            raise Permanent(
                f"{version_id} is no version of {self} that can be read;"
                " `configuration history` lists them"
            ) from None
        return ReadVersion(answer["Body"].read(), answer["Metadata"].get(_BY))

    def put(self, document: bytes, compared_with: InForce, put_by: str | None) -> str:
        """The new version's id. Permanent where somebody else has put one meanwhile."""
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": KEY,
            "Body": document,
            "ContentType": "application/json",
            "Metadata": {_BY: put_by} if put_by else {},
        }
        if compared_with.etag is None:
            request["IfNoneMatch"] = "*"
        else:
            request["IfMatch"] = compared_with.etag
        try:
            answer = self._client.put_object(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED:
                raise
            raise Permanent(
                f"somebody has changed {self} since it was compared with: nothing was put;"
                " look at `configuration history` and run the command again"
            ) from None
        return answer.get("VersionId", "null")

    def _newest_etag(self) -> str | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=KEY)["ETag"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise


def open_store(deployment: Deployment) -> ConfigurationStore:
    """Of the deployment that was found."""
    client = aws_session(deployment.region).client("s3")
    return ConfigurationStore(
        client, deployment.output("ConfigurationBucketName"), deployed_reader(deployment)
    )


def deployed_reader(deployment: Deployment) -> ConfigurationReader:
    """Reads documents as metering of the deployment does."""
    return ConfigurationReader(read_deployed(deployment.output("DeployedSources")))


def who_puts(deployment: Deployment) -> str | None:
    """The ARN of whoever runs the command; None where AWS does not say it."""
    try:
        sts = aws_session(deployment.region).client("sts")
        return str(sts.get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError):
        return None
