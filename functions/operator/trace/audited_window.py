"""What the audit recorded of the minutes in which a request's first line stands."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.audit.repair.metered_record import RUNS_PREFIX
from functions.audit.window_store import WindowStore
from functions.usage.moment import DAY_MS

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def audited_windows(
    client: "S3Client", bucket: str, source: str, at_ms: int
) -> Iterator[dict[str, object]]:
    """A row for each record that covers the moment: several where windows have shards. What is
    closed outranks what was open before.
    """
    store = WindowStore(client, bucket)
    # A window that began late on the day before may reach into this one.
    known = store.states(source, max(0, at_ms - DAY_MS), at_ms + 1)
    for window, closed in known.items():
        if window.to_ms <= at_ms:
            continue
        (record,) = store.records([window], closed=closed)
        yield {
            "window": str(window),
            "state": "closed" if closed else "open",
            "auditedAt": record.audited_at,
            "served": record.equation.served,
            "equation": record.equation.as_json(),
            "repairs": record.repairs or None,
            "object": f"s3://{bucket}/{window.object_name(closed=closed)}",
        }


def is_audit(client: "S3Client", bucket: str, execution: str) -> bool:
    """Whether what metered again under this name was an audit: a replay has no such folder."""
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{RUNS_PREFIX}{execution}/", MaxKeys=1)
    return bool(found.get("Contents"))
