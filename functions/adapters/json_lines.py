"""Rows in S3: JSON, one per line, gzipped; read back as a stream, a chunk at a time."""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic_core import to_json

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

READ_BYTES = 64 * 1024
# Higher levels cost 2.7 times the CPU for a tenth of the size (performance.md 3).
_GZIP_LEVEL = 1
_GZIP_WBITS = 31


def put_lines(client: "S3Client", bucket: str, key: str, rows: Iterable[object]) -> None:
    """Make `rows` durable as one object."""
    client.put_object(
        Bucket=bucket,
        Key=key,
        Body=_gzip(b"".join(to_json(row) + b"\n" for row in rows)),
        ContentType="application/gzip",
    )


def read_lines(
    client: "S3Client", bucket: str, prefix: str, since: datetime | None = None
) -> Iterator[bytes]:
    """Every line of every object under `prefix`, or only of those written at or after `since`.

    zlib.error for an object that is no gzip, or not a whole one.
    """
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", []):
            if since is None or entry["LastModified"] >= since:
                body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"]
                yield from _lines(body.iter_chunks(READ_BYTES))


def _gzip(data: bytes) -> bytes:
    # mtime 0, unlike gzip.compress on some versions: the same rows are the same bytes.
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WBITS)
    return packer.compress(data) + packer.flush()


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + unpacker.decompress(chunk)).split(b"\n")
        yield from lines
    if not unpacker.eof:  # a row that silently is not there would pass for one never written
        raise zlib.error("the object ends in the middle of its gzip stream")
    if rest:
        yield rest
