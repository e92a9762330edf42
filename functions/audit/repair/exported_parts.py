"""An export of a log group as an audit reads it: a file at a time, in the order of names."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ParamValidationError

from functions.audit.log.exported_log import ExportedLog
from functions.audit.log.log_chunk import Chunk, LogKind
from functions.audit.repair.audit_input import ExportedTo
from functions.audit.window import AuditWindow
from functions.usage.errors import Permanent

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_NOT_OURS = {"AccessDenied", "NoSuchBucket", "AllAccessDisabled", "PermanentRedirect"}


class ExportChanged(Permanent):
    """It has more or fewer files than at the start: its places are others now."""


class ExportNotReadable(Permanent):
    """Its bucket is not there, or not for us: another try will not see it either."""


def part_names(client: "S3Client", export: ExportedTo) -> Sequence[str]:
    """In their order. ExportNotReadable says what to do; another error of S3 passes."""
    try:
        return list(ExportedLog(client, export.bucket, export.prefix).parts())
    except ParamValidationError:
        raise ExportNotReadable(f"{export.bucket!r} is no name of a bucket") from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _NOT_OURS:
            raise
        raise ExportNotReadable(
            f"s3://{export.bucket} cannot be read ({code}): give the bucket of the parameter"
            " AuditExportBucketName, in the stack's Region"
        ) from None


def tasks_of(names: Sequence[str]) -> int:
    """How many export tasks the files are of: `<prefix>/<task id>/<stream>/NNNNNN.gz`."""
    return len({name.rsplit("/", 2)[0] for name in names})


class ExportedPart:
    """One file, in place of the log; `functions.audit.log.log_window` reads that."""

    def __init__(self, client: "S3Client", export: ExportedTo, number: int, parts: int) -> None:
        names = part_names(client, export)
        if len(names) != parts:
            raise ExportChanged(f"it had {parts} files, and has {len(names)}")
        self._log = ExportedLog(client, export.bucket, export.prefix)
        self._name = names[number]
        self.gone: set[str] = set()

    def chunks(self, _log_group: str, window: AuditWindow, _kind: LogKind) -> Iterator[Chunk]:
        """Those of its lines that are in the window."""
        return self._log.chunks(self._name, window.from_ms, window.to_ms)
