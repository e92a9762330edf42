"""A log group's export to S3 comes in; its lines of a time range leave, a chunk at a time.

    <prefix>/<task id>/<stream>/NNNNNN.gz      gzip; a record is `2026-11-29T10:00:00.000Z message`

Only access logs: the records of an export have no event ids and no order in time, and the further
lines of a message stand as they are, so that text with line breaks can pass for a record. An access
log's message is one line by API Gateway's rule; an execution log holds bodies that callers wrote.

Guaranteed: each record is in one chunk; an object that is no export's, or cannot be read to its
end, is named by an UnreadableObject, after chunks that must not be believed to be all.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from functions.adapters.json_lines import READ_BYTES, UnreadableObject, list_names
from functions.adapters.log_events import LogLine
from functions.audit.log.log_chunk import Chunk, mixed_chunks
from functions.usage.heartbeat import HEARTBEAT_STREAM
from functions.usage.moment import epoch_ms_from_iso

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# CreateExportTask writes it first, to see whether it may.
_WRITE_TEST = "aws-logs-write-test"
# The stream's name has `-` where it had `/`; API Gateway's are hexadecimal digits alone.
_OBJECT = re.compile(r"(?:.*/)?(?P<stream>[^/]+)/\d+\.gz")
_RECORD = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z ")
_GZIP_WBITS = 31
_STAMP_BYTES = len("2026-11-29T10:00:00.000Z ")


class ExportedLog:
    """`prefix` is the export task's, with or without the task's id."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def parts(self) -> Iterator[str]:
        """The names of its objects, to be read one at a time. What is no export's is named too, and
        reading it says so.
        """
        for name in list_names(self._client, self._bucket, self._prefix):
            found = _OBJECT.fullmatch(name)
            is_heartbeat = found is not None and found["stream"] == HEARTBEAT_STREAM
            if not is_heartbeat and name.rpartition("/")[2] != _WRITE_TEST:
                yield name

    def chunks(self, name: str, from_ms: int, to_ms: int) -> Iterator[Chunk]:
        """Lines in [from_ms, to_ms), in the object's order, which is none of time."""
        found = _OBJECT.fullmatch(name)
        if found is None:
            raise UnreadableObject(name, "not <stream>/<number>.gz: no object of an export")
        lines = self._lines(name)
        yield from mixed_chunks(
            (found["stream"], line) for line in lines if from_ms <= line["timestamp"] < to_ms
        )

    def _lines(self, name: str) -> Iterator[LogLine]:
        """Records; without ids, since an export has none."""
        timestamp, texts = 0, list[bytes]()
        for raw in self._raw_lines(name):
            if begins := _RECORD.match(raw):
                if texts:
                    yield _line(timestamp, texts)
                timestamp = _second_ms(name, begins[1]) + int(begins[2])
                texts = [raw[_STAMP_BYTES:]]
            elif texts:
                texts.append(raw)
            else:
                raise UnreadableObject(name, "does not begin with a time")
        if texts:
            yield _line(timestamp, texts)

    def _raw_lines(self, name: str) -> Iterator[bytes]:
        body = self._client.get_object(Bucket=self._bucket, Key=name)["Body"]
        rest = b""
        try:
            for text in _inflated(body.iter_chunks(READ_BYTES)):
                *whole, rest = (rest + text).split(b"\n")
                yield from whole
        except zlib.error as error:
            raise UnreadableObject(name, str(error)) from error
        if rest:
            yield rest


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Of all members: a gzip file may be several, one after the other."""
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    for piece in pieces:
        left = piece
        while left:
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP_WBITS)
            yield unpacker.decompress(left)
            left = unpacker.unused_data
    if not unpacker.eof:
        raise zlib.error("the object ends in the middle of its gzip stream")


def _line(timestamp: int, texts: list[bytes]) -> LogLine:
    """Broken UTF-8 must not take its neighbours along."""
    message = b"\n".join(texts).decode("utf-8", "replace")
    return {"id": "", "timestamp": timestamp, "message": message}


@lru_cache(maxsize=1024)  # the records of an object share their seconds
def _second_ms(name: str, text: bytes) -> int:
    try:
        return epoch_ms_from_iso(f"{text.decode()}Z")
    except ValueError as error:
        raise UnreadableObject(name, f"a record of a time that there is not: {error}") from error
