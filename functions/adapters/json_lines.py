"""Rows in S3: JSON, one per line, gzipped; read back as a stream, a chunk at a time."""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic_core import to_json

from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2RequestPaginateTypeDef

READ_BYTES = 64 * 1024
# What boto3's pool has connections for; S3 answers in 15 to 30 ms, of which we work 3.
READERS = 10
# Higher levels cost 2.7 times the CPU for a tenth of the size (performance.md 3).
_GZIP_LEVEL = 1
_GZIP_WBITS = 31


class UnreadableObject(Permanent):
    """An object is there, and is not what it should be; `name` finds it among thousands."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"{name}: {fault}")
        self.name = name


def put_lines(client: "S3Client", bucket: str, key: str, rows: Iterable[object]) -> None:
    """Make `rows` durable as one object."""
    client.put_object(
        Bucket=bucket,
        Key=key,
        Body=_gzip(b"".join(to_json(row) + b"\n" for row in rows)),
        ContentType="application/gzip",
    )


def put_lines_once(client: "S3Client", bucket: str, key: str, rows: Iterable[object]) -> None:
    """As `put_lines`, and never over another object: UnreadableObject names one that is in the way.
    Done again with the same rows, it changes nothing: an answer may be lost, and the SDK then asks
    a second time.
    """
    body = _gzip(b"".join(to_json(row) + b"\n" for row in rows))
    is_new = put_unless_there(client, bucket, key, body, content_type="application/gzip")
    if not is_new and client.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
        raise UnreadableObject(key, "another object of that name is there")


def put_unless_there(
    client: "S3Client", bucket: str, key: str, body: bytes, *, content_type: str
) -> bool:
    """Whether it was put; False: an object of that name is there, and stays as it is."""
    try:
        client.put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


def list_names(
    client: "S3Client", bucket: str, prefix: str, *, after: str = "", since: datetime | None = None
) -> Iterator[str]:
    """The names under `prefix` in their order, a page at a time: those greater than `after`, and
    only of objects that were written at or after `since`.
    """
    asked: ListObjectsV2RequestPaginateTypeDef = {"Bucket": bucket, "Prefix": prefix}
    if after:
        asked["StartAfter"] = after
    for page in client.get_paginator("list_objects_v2").paginate(**asked):
        for entry in page.get("Contents", []):
            if since is None or entry["LastModified"] >= since:
                yield entry["Key"]


def read_lines(
    client: "S3Client", bucket: str, prefix: str, since: datetime | None = None
) -> Iterator[bytes]:
    """Every line of every object under `prefix`, or only of those written at or after `since`; as
    `read_each`, since one small object after the other takes minutes.
    """
    for _, lines in read_each(client, bucket, list_names(client, bucket, prefix, since=since)):
        yield from lines


def read_each(
    client: "S3Client", bucket: str, names: Iterable[str]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The lines of each object, in the order of `names`; the next ones are fetched meanwhile, at
    most 2 * READERS objects as they stand in S3. UnreadableObject for one that is no gzip, or not a
    whole one; what botocore raises has the object's name as its note.
    """
    for name, body in read_bodies(client, bucket, names):
        yield name, (line for block in blocks(name, body) for line in block.split(b"\n"))


def read_bodies(
    client: "S3Client", bucket: str, names: Iterable[str]
) -> Iterator[tuple[str, bytes]]:
    """As `read_each`, the objects as they stand in S3: for `blocks`."""

    def fetch(name: str) -> tuple[str, bytes]:
        try:
            return name, client.get_object(Bucket=bucket, Key=name)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            error.add_note(name)
            raise

    coming: deque[Future[tuple[str, bytes]]] = deque()
    with ThreadPoolExecutor(READERS) as readers:
        try:
            for name in names:
                coming.append(readers.submit(fetch, name))
                if len(coming) == 2 * READERS:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            # Who stops early, or failed, fetches nothing more.
            readers.shutdown(cancel_futures=True)


def blocks(name: str, body: bytes) -> Iterator[bytes]:
    """The lines of the object `name`, some thousands at a time; UnreadableObject as above."""
    try:
        yield from blocks_of(body[at : at + READ_BYTES] for at in range(0, len(body), READ_BYTES))
    except zlib.error as error:
        raise UnreadableObject(name, str(error)) from error


def _gzip(data: bytes) -> bytes:
    # mtime 0, unlike gzip.compress on some versions: the same rows are the same bytes.
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WBITS)
    return packer.compress(data) + packer.flush()


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of one object, whose bytes arrive in pieces of any size."""
    for block in blocks_of(chunks):
        yield from block.split(b"\n")


def blocks_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """As `lines_of`, whole lines together as they come, without the newline of the last."""
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    rest = b""
    for chunk in chunks:
        lines, newline, rest = (rest + unpacker.decompress(chunk)).rpartition(b"\n")
        if newline:
            yield lines
    if not unpacker.eof:  # a row that silently is not there would pass for one never written
        raise zlib.error("the object ends in the middle of its gzip stream")
    if rest:
        yield rest
