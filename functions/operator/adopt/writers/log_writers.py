"""What stands at the log group: itself, and the subscription filter that leads to metering."""

from typing import TYPE_CHECKING, NamedTuple

from functions.operator.adopt.planned_change import PlannedChange, Value
from functions.operator.preflight.log_group_checks import log_group_named

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient


class LogGroupWriter(NamedTuple):
    """A group is made, and taken away only while nothing was ever written to it."""

    logs: "CloudWatchLogsClient"

    def read(self, change: PlannedChange) -> Value:
        return None if log_group_named(self.logs, change.target["name"]) is None else {}

    def write(self, change: PlannedChange, value: Value) -> Value:
        name = change.target["name"]
        is_there = self.read(change) is not None
        if value is not None and not is_there:
            self.logs.create_log_group(logGroupName=name)
        if value is None and is_there:
            streams = self.logs.describe_log_streams(logGroupName=name, limit=1)["logStreams"]
            if streams:  # lines are usage: they stay
                return {}
            self.logs.delete_log_group(logGroupName=name)
        return value


class SubscriptionWriter(NamedTuple):
    """Our filter, by its name. Filters of others are neither read nor written."""

    logs: "CloudWatchLogsClient"

    def read(self, change: PlannedChange) -> Value:
        answer = self.logs.describe_subscription_filters(
            logGroupName=change.target["logGroup"], filterNamePrefix=change.target["name"]
        )
        found = (
            one
            for one in answer["subscriptionFilters"]
            if one["filterName"] == change.target["name"]
        )
        one = next(found, None)
        if one is None:
            return None
        return {
            "destinationArn": one["destinationArn"],
            "filterPattern": one.get("filterPattern", ""),
        }

    def write(self, change: PlannedChange, value: Value) -> Value:
        group, name = change.target["logGroup"], change.target["name"]
        if value is None:
            if self.read(change) is not None:
                self.logs.delete_subscription_filter(logGroupName=group, filterName=name)
        else:
            self.logs.put_subscription_filter(
                logGroupName=group,
                filterName=name,
                filterPattern=value["filterPattern"],
                destinationArn=value["destinationArn"],
            )
        return value
