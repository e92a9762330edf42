"""The ledger's objects that a statement is made of: listed by day, beside the statement.

    statements/<customer>/<yyyy-mm>/<yyyy-mm-dd>.<sha256 of the list>.gz

A line is what `sha256sum` writes: a digest, two spaces, a name. A busy month has hundreds of
thousands of objects: the statement itself has the digests of these lists, and stays readable.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from functions.adapters.json_lines import blocks, put_unless_there
from functions.operator.statement.customer_objects import day_of_object
from functions.operator.statement.settled_hours import ObjectDigest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_GZIP_WBITS = 31


class ListedDay(NamedTuple):
    """One list. `day` is that of the requests, `sha256` that of the gzipped list."""

    day: str
    objects: int
    sha256: str

    def as_json(self) -> dict[str, object]:
        return self._asdict()


class DayLists:
    """Takes objects as they are read; holds the lists as gzip: about 120 bytes an object."""

    def __init__(self) -> None:
        self._packers: dict[str, tuple[_Packer, int]] = {}

    def add(self, objects: Iterable[ObjectDigest]) -> None:
        """In the order of their names."""
        for one in objects:
            day = day_of_object(one.name)
            packer, count = self._packers.get(day, (None, 0))
            packer = packer or _Packer()
            packer.add(one.line())
            self._packers[day] = packer, count + 1

    def packed(self) -> dict[ListedDay, bytes]:
        """The lists, once all objects were added."""
        found = {}
        for day, (packer, count) in sorted(self._packers.items()):
            body = packer.end()
            found[ListedDay(day, count, sha256(body).hexdigest())] = body
        return found


class _Packer:
    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=_GZIP_WBITS)
        self._body = bytearray()

    def add(self, line: bytes) -> None:
        self._body += self._packer.compress(line)

    def end(self) -> bytes:
        self._body += self._packer.flush()
        return bytes(self._body)


def put_lists(
    client: "S3Client", bucket: str, folder: str, lists: Mapping[ListedDay, bytes]
) -> None:
    """Make them durable. A closing that was interrupted may have put one: its name says that its
    bytes are these.
    """
    for listed, body in lists.items():
        name = list_name(folder, listed)
        put_unless_there(client, bucket, name, body, content_type="application/gzip")


def list_name(folder: str, listed: ListedDay) -> str:
    """Where it stands."""
    return f"{folder}{listed.day}.{listed.sha256}.gz"


def read_list(
    client: "S3Client", bucket: str, folder: str, listed: ListedDay
) -> list[ObjectDigest] | None:
    """None: it is gone, or not as it was written."""
    name = list_name(folder, listed)
    try:
        body = client.get_object(Bucket=bucket, Key=name)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    if sha256(body).hexdigest() != listed.sha256:
        return None
    return list(_lines(name, body))


def _lines(name: str, body: bytes) -> Iterator[ObjectDigest]:
    for block in blocks(name, body):
        for line in filter(None, block.decode().split("\n")):
            digest, _, found = line.partition("  ")
            yield ObjectDigest(found, digest)
