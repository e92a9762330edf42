"""The subscription filters through which log groups reach our metering function."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient


class Subscribed(NamedTuple):
    """One filter."""

    log_group: str
    filter_name: str


def subscribed(
    client: "CloudWatchLogsClient", log_groups: Iterable[str], function_arn: str
) -> Iterator[Subscribed]:
    """Those of `log_groups` that lead to the function. A group that is gone has none."""
    for log_group in log_groups:
        try:
            pages = client.get_paginator("describe_subscription_filters").paginate(
                logGroupName=log_group
            )
            found = [one for page in pages for one in page.get("subscriptionFilters", [])]
        except client.exceptions.ResourceNotFoundException:
            continue
        for one in found:
            if one.get("destinationArn", "").startswith(function_arn):
                yield Subscribed(log_group, one["filterName"])


def unsubscribe(client: "CloudWatchLogsClient", one: Subscribed) -> None:
    """Done again, or done by another, it is done."""
    try:
        client.delete_subscription_filter(logGroupName=one.log_group, filterName=one.filter_name)
    except client.exceptions.ResourceNotFoundException:
        return
