"""How long CloudWatch keeps log groups."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient


def kept_days(client: "CloudWatchLogsClient", log_groups: Iterable[str]) -> dict[str, int]:
    """By name; none for a group that is kept for ever, or is not there: reading it says so."""
    found: dict[str, int] = {}
    for name in set(log_groups):
        pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        for page in pages:
            for group in page["logGroups"]:
                if group["logGroupName"] == name and "retentionInDays" in group:
                    found[name] = group["retentionInDays"]
    return found
