"""What waits for a person comes in, from the quarantine and the ledger; how much there is of each
reason, and what to do about it, leave.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from functions.adapters.quarantined_object import prefixes_of, reason_of
from functions.usage.outcome import SetAsideClass
from tests.local.page.glance import KeptReason

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MEND = "Mend its cause, then replay the quarantine"


def quarantined(s3: "S3Client", bucket: str) -> tuple[KeptReason, ...]:
    """Objects that wait, by reason, the most frequent first."""
    pages = s3.get_paginator("list_objects_v2")
    found = Counter(
        reason_of(one["Key"])
        for prefix in prefixes_of(None)
        for page in pages.paginate(Bucket=bucket, Prefix=prefix)
        for one in page.get("Contents", [])
    )
    return tuple(KeptReason(reason, times, MEND) for reason, times in found.most_common())


def set_aside(events: Mapping[tuple[str, str], int]) -> tuple[KeptReason, ...]:
    """Events of UsageDeadLetterQueue, by class and reason, as the ledger tells it."""
    return tuple(
        KeptReason(f"{name}: {reason}" if reason else name, times, _cure(name))
        for (name, reason), times in Counter(events).most_common()
    )


def by_reason(told: Mapping[str, int]) -> tuple[KeptReason, ...]:
    """Of a metric."""
    return tuple(KeptReason(reason, times) for reason, times in Counter(told).most_common())


def _cure(name: str) -> str:
    try:
        return SetAsideClass(name).meaning.operator_does
    except ValueError:  # a newer forwarder's
        return ""
