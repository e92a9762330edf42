"""What audits found, window by window, in the ledger's bucket. A name says whether its window is
closed, so that a listing tells what is still to be looked at.

Guaranteed: a window that stands under both names is closed. So a window that an audit finds open
after another closed it loses the closed name first: whoever looks in between looks at it again.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from functions.adapters.json_lines import UnreadableObject, list_names, put_lines, read_each
from functions.audit.equation import WindowRecord
from functions.audit.window import (
    AUDITS_PREFIX,
    AuditWindow,
    NamedWindow,
    day_prefix,
    source_prefix,
)
from functions.usage.moment import iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class WindowStore(NamedTuple):
    """Anything of botocore passes; UnreadableObject names a record that is none."""

    s3: "S3Client"
    bucket: str

    def states(self, source: str, from_ms: int, to_ms: int) -> dict[AuditWindow, bool]:
        """Whether each known window that begins in the range is closed; of all lengths. A day of
        five-minute windows is one call.
        """
        closed: dict[AuditWindow, bool] = {}
        moment = iso_from_epoch_ms(from_ms)
        after = f"{day_prefix(source, from_ms)}{moment[11:19].replace(':', '')}"
        for name in list_names(self.s3, self.bucket, source_prefix(source), after=after):
            named = NamedWindow.read(name)
            if named is None or named.window.from_ms < from_ms:
                continue
            if named.window.from_ms >= to_ms:
                break
            closed[named.window] = named.closed or closed.get(named.window, False)
        return closed

    def sources(self) -> Iterator[str]:
        """Those that any audit has looked at, each once."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=AUDITS_PREFIX, Delimiter="/"
        )
        for page in pages:
            for one in page.get("CommonPrefixes", []):
                yield one["Prefix"].removeprefix(AUDITS_PREFIX).rstrip("/")

    def is_known(self, source: str) -> bool:
        """Whether any window of it was ever looked at. Others keep what they know beside them."""
        return any(map(NamedWindow.read, list_names(self.s3, self.bucket, source_prefix(source))))

    def read(self, window: AuditWindow) -> WindowRecord | None:
        """None for a window that no audit has looked at."""
        for closed in (True, False):
            if self._is_there(window, closed=closed):
                return next(self.records([window], closed=closed))
        return None

    def records(self, windows: Iterable[AuditWindow], *, closed: bool) -> Iterator[WindowRecord]:
        """Of windows that stand there under that name, in their order; ten are read at a time."""
        names = (window.object_name(closed=closed) for window in windows)
        for name, lines in read_each(self.s3, self.bucket, names):
            try:
                yield WindowRecord.model_validate_json(next(lines, b""))
            except ValidationError:
                raise UnreadableObject(name, "no record of an audited window") from None

    def keep(self, window: AuditWindow, record: WindowRecord) -> None:
        """In place of what an audit before found there."""
        closed = record.equation.is_closed
        if not closed and self._is_there(window, closed=True):
            self.s3.delete_object(Bucket=self.bucket, Key=window.object_name(closed=True))
        put_lines(self.s3, self.bucket, window.object_name(closed=closed), [record.as_json()])

    def _is_there(self, window: AuditWindow, *, closed: bool) -> bool:
        name = window.object_name(closed=closed)
        return name in list_names(self.s3, self.bucket, name)
