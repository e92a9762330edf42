"""An hour of the ledger in the order of its keys, in parts and blocks, bounded in memory.

Rows come in, in any order, repeats included; runs of them are sorted and put on the local disk,
merged, and leave as parts (functions.adapters.compacted_hours). Guaranteed: a crash anywhere leaves
the hour as it was, with parts that no head names; done again, the same rows make the same parts.
"""

import gzip
import heapq
import zlib
from collections.abc import Iterable, Iterator
from itertools import batched, groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pydantic_core import from_json, to_json

from functions.adapters.compacted_hours import Span
from functions.usage.ledger_row import LedgerRow

# A run holds some 60 MB; an hour at a thousand requests a second has 36 of them.
RUN_ROWS = 100_000
# About 12 KB a block as it stands in S3, and as much for the index of a part of 256 blocks.
BLOCK_ROWS = 256
PART_ROWS = 65_536
_GZIP_LEVEL = 1
_GZIP_WBITS = 31
_END = b"\n"


class Line(NamedTuple):
    """A row as text, with what it is sorted by."""

    key: str
    text: bytes


class Packed(NamedTuple):
    """The body of a part, and where in it its index is."""

    body: bytes
    index_span: Span


def packed_parts(rows: Iterable[LedgerRow]) -> Iterator[Packed]:
    """Parts of at most PART_ROWS rows, but for a key that has more."""
    with TemporaryDirectory() as folder:
        runs = list(_runs(rows, Path(folder)))
        block: list[Line] = []
        part = _Part()
        for _, group in groupby(heapq.merge(*map(_read_run, runs)), key=lambda line: line.key):
            # All rows of a key stay together, each once.
            lines = [line for line, _ in groupby(group)]
            if len(block) + len(lines) > BLOCK_ROWS:
                part.add(block)
                block = []
            if part.rows and part.rows + len(lines) > PART_ROWS:
                yield part.packed()
                part = _Part()
            block += lines
        part.add(block)
        if part.rows:
            yield part.packed()


class _Part:
    """Takes blocks in their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._body = bytearray()
        self._spans: list[Span] = []

    def add(self, block: list[Line]) -> None:
        if block:
            text = b"".join(line.text + _END for line in block)
            self._spans.append(self._put(block[0].key, text))
            self.rows += len(block)

    def packed(self) -> Packed:
        index = self._put(self._spans[0].first, to_json(self._spans))
        return Packed(bytes(self._body), index)

    def _put(self, first: str, text: bytes) -> Span:
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WBITS)
        packed = packer.compress(text) + packer.flush()
        span = Span(first, len(self._body), len(packed))
        self._body += packed
        return span


def _runs(rows: Iterable[LedgerRow], folder: Path) -> Iterator[Path]:
    for number, some in enumerate(batched(rows, RUN_ROWS, strict=False)):
        run = folder / f"{number}.gz"
        with gzip.open(run, "wb", compresslevel=_GZIP_LEVEL) as out:
            for line in sorted(Line(row["key"], to_json(row)) for row in some):
                # A key is text of JSON, and has no line's end in it as it stands there.
                out.write(to_json(line.key) + _END + line.text + _END)
        yield run


def _read_run(run: Path) -> Iterator[Line]:
    with gzip.open(run, "rb") as lines:
        for key, text in batched(lines, 2, strict=True):
            yield Line(from_json(key), text.rstrip(_END))
