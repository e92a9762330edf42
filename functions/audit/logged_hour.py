"""An hour of a source comes in; how many requests its log has, by the audit's windows, leaves."""

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from functions.adapters.json_lines import list_names, read_each
from functions.audit.equation import WindowRecord
from functions.audit.window import AuditWindow, NamedWindow, day_prefix
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_HOUR_SECONDS = HOUR_MS // 1000


class LoggedHours(NamedTuple):
    """In the ledger's bucket. What botocore raises is passed on."""

    s3: "S3Client"
    bucket: str

    def requests(self, source: str, hour_ms: int) -> int | None:
        """None: some window of the hour is not counted yet."""
        names = _whole(self._windows(source, hour_ms))
        if not names:
            return None
        texts = (b"".join(lines) for _, lines in read_each(self.s3, self.bucket, names))
        return sum(WindowRecord.model_validate_json(text).equation.served for text in texts)

    def _windows(self, source: str, hour_ms: int) -> dict[AuditWindow, str]:
        """The name of each; a closed one outranks what it was before."""
        hour = iso_from_epoch_ms(hour_ms)[11:13]
        found: dict[AuditWindow, str] = {}
        for name in list_names(self.s3, self.bucket, f"{day_prefix(source, hour_ms)}{hour}"):
            read = NamedWindow.read(name)
            if read and (read.closed or read.window not in found):
                found[read.window] = name
        return found


def _whole(windows: dict[AuditWindow, str]) -> list[str]:
    """The names of windows of one length that fill the hour: where the length was changed in it,
    windows of both stand beside each other.
    """
    kinds = defaultdict[tuple[int, int], list[str]](list)
    for window, name in windows.items():
        kinds[window.seconds, window.shards].append(name)
    for (seconds, shards), names in kinds.items():
        if len(names) * seconds == _HOUR_SECONDS * shards:
            return names
    return []
