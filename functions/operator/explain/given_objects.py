"""The objects under `bucket/prefix` in S3 as files, each streamed when it is read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.adapters.json_lines import READ_BYTES, list_names
from functions.operator.explain.bad_input import BadInputError
from functions.operator.explain.given_files import GivenFile

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def given_objects(client: "S3Client", place: str) -> Iterator[GivenFile]:
    """In the order of their names. BadInputError where none is there."""
    bucket, _, prefix = place.partition("/")
    if not bucket:
        raise BadInputError("s3://: name the bucket, s3://bucket/prefix")
    name = None
    for name in list_names(client, bucket, prefix):
        folder = name.rpartition("/")[0]
        pieces = _bytes_of(client, bucket, name)
        yield GivenFile(f"s3://{bucket}/{name}", f"s3://{bucket}/{folder}", pieces)
    if name is None:
        raise BadInputError(f"s3://{place}: no object is there: check bucket and prefix")


def _bytes_of(client: "S3Client", bucket: str, name: str) -> Iterator[bytes]:
    yield from client.get_object(Bucket=bucket, Key=name)["Body"].iter_chunks(READ_BYTES)
