"""Hours of the ledger whose rows stand once more in the order of their keys: a few kilobytes tell
of a key, however large the hour is.

`compacted/<yyyy-mm-dd>/<hh>/<version>/<number>.json.gz` are the parts, by ranges of keys: blocks of
rows, each a gzip stream of its own, then the part's index, one more. A head beside them,
`compacted/<yyyy-mm-dd>/<hh>/head.json`, is put last and says which parts are in force, and up to
which name the objects of `ledger/` are in them; what has a later name is read there.

Guaranteed: all rows of a key stand in one block. Nothing here is the only copy of anything: without
a head the ledger's own objects are read.
"""

import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError
from pydantic import BaseModel, TypeAdapter, ValidationError

from functions.adapters.json_lines import UnreadableObject
from functions.adapters.key_place import lines_with
from functions.usage.ledger_row import LEDGER_ROW, LedgerRow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

COMPACTED_PREFIX = "compacted/"
# More blocks of a part than these are read as one: a round trip takes as long as a megabyte.
MOST_BLOCKS_APART = 8
_GZIP_WBITS = 31


class Span(NamedTuple):
    """Some bytes of a part, and the first key (UTF-8) that is in them."""

    first: str
    at: int
    size: int


class Part(BaseModel):
    """One object. `index` is its last span."""

    name: str
    index: Span


class Head(BaseModel):
    """`through`: names of the hour's objects up to this one are in the parts. `version` is that of
    their set (`version_of` of functions.reconciliation.kept_sums).
    """

    through: str
    version: str
    parts: tuple[Part, ...]


_INDEX: TypeAdapter[list[Span]] = TypeAdapter(list[Span])


class CompactedHours:
    """The compacted hours in one bucket. `hour` is such as `2026-10-02T08`. What botocore raises is
    passed on; UnreadableObject for what is not as it was written.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def head(self, hour: str) -> Head | None:
        """None: the hour is not compacted."""
        name = head_name(hour)
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
            return Head.model_validate_json(body)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        except ValidationError:
            raise UnreadableObject(name, "no head of a compacted hour") from None

    def rows_of(
        self, head: Head, keys: Collection[str]
    ) -> Iterator[tuple[Collection[str], list[LedgerRow]]]:
        """Some of `keys`, and all their rows; a part at a time, until all keys were given."""
        firsts = [part.index.first for part in head.parts]
        for number, some in _sorted_into(firsts, keys):
            yield some, [*self._of_part(head.parts[number], some)] if number >= 0 else []

    def _of_part(self, part: Part, keys: Collection[str]) -> Iterator[LedgerRow]:
        spans = self._index(part)
        found = [spans[at] for at, _ in _sorted_into([span.first for span in spans], keys)]
        for packed in self._blocks(part, found):
            for line in lines_with([_unpacked(part.name, packed).rstrip(b"\n")], keys):
                row = _row(part.name, line)
                if row["key"] in keys:
                    yield row

    def _index(self, part: Part) -> list[Span]:
        try:
            return _INDEX.validate_json(_unpacked(part.name, self._read(part.name, part.index)))
        except ValidationError:
            raise UnreadableObject(part.name, "no index of a compacted hour") from None

    def _blocks(self, part: Part, spans: Sequence[Span]) -> Iterator[bytes]:
        if len(spans) <= MOST_BLOCKS_APART:
            yield from (self._read(part.name, span) for span in spans)
            return
        whole = self._client.get_object(Bucket=self._bucket, Key=part.name)["Body"].read()
        yield from (whole[span.at : span.at + span.size] for span in spans)

    def _read(self, name: str, span: Span) -> bytes:
        asked = f"bytes={span.at}-{span.at + span.size - 1}"
        found = self._client.get_object(Bucket=self._bucket, Key=name, Range=asked)
        return found["Body"].read()


def folder_of(hour: str) -> str:
    """`2026-10-02T08` -> `compacted/2026-10-02/08/`."""
    return f"{COMPACTED_PREFIX}{hour.replace('T', '/')}/"


def head_name(hour: str) -> str:
    return f"{folder_of(hour)}head.json"


def _sorted_into(
    firsts: Sequence[str], keys: Iterable[str]
) -> Iterator[tuple[int, Collection[str]]]:
    """The keys by the last of `firsts` that is not greater; -1: all are."""
    places: dict[int, set[str]] = {}
    for key in keys:
        places.setdefault(bisect_right(firsts, key) - 1, set()).add(key)
    for place in sorted(places):
        yield place, places[place]


def _unpacked(name: str, packed: bytes) -> bytes:
    try:
        unpacker = zlib.decompressobj(_GZIP_WBITS)
        text = unpacker.decompress(packed)
    except zlib.error as error:
        raise UnreadableObject(name, str(error)) from error
    if not unpacker.eof:
        raise UnreadableObject(name, "a block ends in the middle of its gzip stream")
    return text


def _row(name: str, line: bytes) -> LedgerRow:
    try:
        return LEDGER_ROW.validate_json(line)
    except ValidationError:
        raise UnreadableObject(name, "no row of a ledger") from None
