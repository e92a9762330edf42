"""What stays when the stack is deleted, what it costs a month, and how to delete it.

The list is held to the template by a test. Prices are list prices of us-east-1.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

KEY_DOLLARS = 1.00
SECRET_DOLLARS = 0.40
GIGABYTE_DOLLARS = 0.023  # S3 Standard
_GIGABYTE = 1024**3
# CloudWatch has a bucket's size once a day, and a day later.
_SIZE_DAYS = 3

COLUMNS = ("what", "name", "dollarsAMonth", "deleteWith")
BUCKETS = ("LedgerBucket", "QuarantineBucket", "ConfigurationBucket")
QUEUES = ("UsageQueue", "UsageDeadLetterQueue", "SettledUsageQueue", "CounterDeadLetterQueue")


class Retained(NamedTuple):
    """One thing that stays; `dollars` None: nobody told its size."""

    what: str
    name: str
    dollars: float | None
    delete: str

    def row(self) -> dict[str, object]:
        told = "unknown size" if self.dollars is None else f"{self.dollars:.2f}"
        return dict(zip(COLUMNS, (self.what, self.name, told, self.delete), strict=True))


def retained(names: Mapping[str, str], cloudwatch: "CloudWatchClient") -> Iterator[Retained]:
    """`names`: physical ids by logical ones; what the stack has not is passed over."""
    for what in BUCKETS:
        if name := names.get(what):
            size = _gigabytes(cloudwatch, name)
            dollars = None if size is None else size * GIGABYTE_DOLLARS
            yield Retained(what, name, dollars, _delete_bucket(what, name))
    for what in QUEUES:
        if url := names.get(what):
            yield Retained(what, url, 0.0, f"aws sqs delete-queue --queue-url {url}")
    if secret := names.get("AforoSecret"):
        delete = f"aws secretsmanager delete-secret --secret-id {secret}"
        yield Retained("AforoSecret", secret, SECRET_DOLLARS, delete)
    if key := names.get("DataKey"):  # last: what it encrypts is gone with it
        delete = f"aws kms schedule-key-deletion --key-id {key} --pending-window-in-days 30"
        yield Retained("DataKey", key, KEY_DOLLARS, delete)


def _delete_bucket(what: str, name: str) -> str:
    policy = f"aws s3api delete-bucket-policy --bucket {name}; " if what == "LedgerBucket" else ""
    return f"{policy}empty it in the S3 console; aws s3api delete-bucket --bucket {name}"


def _gigabytes(cloudwatch: "CloudWatchClient", bucket: str) -> float | None:
    now = datetime.now(UTC)
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/S3",
        MetricName="BucketSizeBytes",
        Dimensions=[
            {"Name": "BucketName", "Value": bucket},
            {"Name": "StorageType", "Value": "StandardStorage"},
        ],
        StartTime=now - timedelta(days=_SIZE_DAYS),
        EndTime=now,
        Period=86_400,
        Statistics=["Maximum"],
    )
    sizes = [point["Maximum"] for point in answer.get("Datapoints", [])]
    return max(sizes) / _GIGABYTE if sizes else None
