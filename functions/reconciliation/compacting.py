"""Compacts hours of the ledger whose objects are many and nearly all there; the repair runs it.

Guaranteed: the ledger's own objects stay as they are; the head is put last, so a crash anywhere
leaves the hour as it was. An object that came later is read beside the parts until its hour's next
compaction, which its name causes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.adapters.compacted_hours import Head, Part, folder_of, head_name
from functions.adapters.ledger import Ledger, hour_prefix, surely_written
from functions.reconciliation.compaction import packed_parts
from functions.reconciliation.kept_sums import version_of
from functions.reconciliation.ledger_hours import hour_text
from functions.usage.ledger_row import LedgerRow

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Of fewer a lookup reads, at worst, all: a second or less.
FEWEST_OBJECTS = 50
_VERSION_DIGITS = 16  # in the parts' names; the head has all


@dataclass(frozen=True, slots=True)
class Compacting:
    """The ledger in one bucket. Errors of S3, UnreadableObject and OSError are passed on."""

    client: "S3Client"
    bucket: str
    now: Callable[[], datetime]
    fewest_objects: int = FEWEST_OBJECTS

    def compact(self, hour: int) -> bool:
        """Whether an epoch hour was compacted now: it has enough objects, others than before."""
        ledger, text = Ledger(self.client, self.bucket), hour_text(hour)
        through = surely_written(text, self.now())
        names = [name for name in ledger.names(hour_prefix(text)) if name <= through]
        if len(names) < self.fewest_objects:
            return False
        version = version_of(names)
        known = ledger.compacted.head(text)
        if known and known.version == version:
            return False
        rows = (row for _, some in ledger.read_each(names) for row in some)
        # 1. The parts are there. Dying before 2: nobody reads them, and they are made again.
        parts = tuple(self._put_parts(f"{folder_of(text)}{version[:_VERSION_DIGITS]}/", rows))
        # 2. The head names them: from now on they are read. Readers of the old head find its parts.
        head = Head(through=through, version=version, parts=parts)
        body = head.model_dump_json().encode()
        self.client.put_object(Bucket=self.bucket, Key=head_name(text), Body=body)
        return True

    def _put_parts(self, folder: str, rows: Iterator[LedgerRow]) -> Iterator[Part]:
        for number, packed in enumerate(packed_parts(rows)):
            name = f"{folder}{number:04}.json.gz"
            self.client.put_object(Bucket=self.bucket, Key=name, Body=packed.body)
            yield Part(name=name, index=packed.index_span)
