"""What the audit recorded of the minutes in which a request's first line stands."""

import gzip
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from functions.adapters.json_lines import UnreadableObject, list_names
from functions.audit.equation import WindowRecord
from functions.audit.window import NamedWindow, day_prefix
from functions.usage.moment import DAY_MS

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

RUNS_PREFIX = "audit-runs/"


def audited_windows(
    client: "S3Client", bucket: str, source: str, at_ms: int
) -> Iterator[dict[str, object]]:
    """A row for each record that covers the moment: several where windows have shards. What is
    closed outranks what was open before.
    """
    found: dict[str, tuple[NamedWindow, str]] = {}
    # A window that began late on the day before may reach into this one.
    for day_ms in (at_ms - DAY_MS, at_ms):
        for name in list_names(client, bucket, day_prefix(source, max(0, day_ms))):
            named = NamedWindow.read(name)
            if named and named.window.from_ms <= at_ms < named.window.to_ms:
                known = found.get(str(named.window))
                if known is None or named.closed:
                    found[str(named.window)] = (named, name)
    for named, name in found.values():
        record = _record(client, bucket, name)
        yield {
            "window": str(named.window),
            "state": "closed" if named.closed else "open",
            "auditedAt": record.audited_at,
            "served": record.equation.served,
            "equation": record.equation.as_json(),
            "repairs": record.repairs or None,
            "object": f"s3://{bucket}/{name}",
        }


def _record(client: "S3Client", bucket: str, name: str) -> WindowRecord:
    body = client.get_object(Bucket=bucket, Key=name)["Body"].read()
    try:
        return WindowRecord.model_validate_json(gzip.decompress(body))
    except (ValidationError, OSError, EOFError, zlib.error) as error:
        raise UnreadableObject(name, f"no record of an audit: {type(error).__name__}") from None


def is_audit(client: "S3Client", bucket: str, execution: str) -> bool:
    """Whether what metered again under this name was an audit: a replay has no such folder."""
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{RUNS_PREFIX}{execution}/", MaxKeys=1)
    return bool(found.get("Contents"))
