"""The log group that is to be metered: it is there, and one more subscription filter fits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.operator.preflight.finding import Finding, error, ok, warning
from functions.operator.preflight.intended import Intended

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import LogGroupTypeDef

# CloudWatch Logs takes so many of a log group, and it is no quota that one can raise.
MOST_FILTERS = 2
# What is quarantined or found missing is metered again from the log.
LEAST_RETENTION_DAYS = 14
_CHECK = "log group"


def check_log_group(logs: "CloudWatchLogsClient", intended: Intended) -> Iterator[Finding]:
    """Every finding about AccessLogGroupName."""
    name = intended["AccessLogGroupName"]
    if not name:
        yield from _without(intended)
        return
    group = log_group_named(logs, name)
    if group is None:
        yield error(_CHECK, f"{name} is not there", _how_to_make(name, intended["LogSource"]))
        return
    yield _class(name, group)
    yield _retention(name, group)
    yield _filters(logs, name, intended.stack)


def _without(intended: Intended) -> Iterator[Finding]:
    if intended["RestApiId"]:
        yield warning(
            _CHECK,
            "RestApiId is given without AccessLogGroupName: quotas would hold, nothing be billed",
            "AccessLogGroupName=<the log group of the stage>, or sources in the configuration",
        )
    elif not intended.is_on("DemoApi"):
        yield warning(
            _CHECK,
            "neither AccessLogGroupName nor DemoApi is given: nothing is metered yet",
            "give one, or declare sources in the configuration after the deploy",
        )


def log_group_named(logs: "CloudWatchLogsClient", name: str) -> "LogGroupTypeDef | None":
    """None where there is none of that name: CloudWatch Logs finds groups by how they begin."""
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return next(
        (one for page in pages for one in page["logGroups"] if one["logGroupName"] == name), None
    )


def _how_to_make(name: str, source: str) -> str:
    if source == "execution":
        return (
            "set the stage's log level to INFO and call it once: "
            "API Gateway makes the group with the first request that it logs"
        )
    return f"aws logs create-log-group --log-group-name {name}, then name it in the stage"


def _class(name: str, group: "LogGroupTypeDef") -> Finding:
    found = group.get("logGroupClass", "STANDARD")
    if found != "STANDARD":
        return error(
            _CHECK,
            f"{name} has the class {found}, which takes no subscription filter",
            "a class cannot be changed: make another log group, and name it in the stage",
        )
    return ok(_CHECK, f"{name}, class Standard")


def _retention(name: str, group: "LogGroupTypeDef") -> Finding:
    days = group.get("retentionInDays")
    if days is not None and days < LEAST_RETENTION_DAYS:
        return warning(
            "retention",
            f"{name} keeps lines for {days} days: what is older cannot be metered again",
            f"aws logs put-retention-policy --log-group-name {name} --retention-in-days 90",
        )
    return ok("retention", f"{days} days" if days else "lines are kept for ever")


def _filters(logs: "CloudWatchLogsClient", name: str, stack: str) -> Finding:
    found = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    others = [
        one["filterName"] for one in found if not _leads_to(one.get("destinationArn", ""), stack)
    ]
    if len(others) >= MOST_FILTERS:
        return error(
            "subscription filters",
            f"{name} has {', '.join(others)} already, and CloudWatch Logs takes {MOST_FILTERS}",
            "remove one, or send what it reads from one Lambda or Kinesis stream to both readers",
        )
    there = f"{', '.join(others)} beside ours" if others else "none but ours"
    return ok("subscription filters", f"{there}: one more fits")


def _leads_to(destination: str, stack: str) -> bool:
    return f":function:{stack}-MeteringFunction" in destination
