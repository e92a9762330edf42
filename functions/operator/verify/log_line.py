"""The line of a followed request is looked for; what its event's key is made of leaves.

Read as metering reads it, by the configuration in force: format v1, or what `accessLogs` declares.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.source_declaration import EXECUTION_LOGS
from functions.metering.log_delivery import LogDelivery
from functions.operator.explain.explained_line import outcome_of
from functions.operator.explain.explanation import ExplainTerms, explained
from functions.operator.trace.excluded_words import in_words
from functions.operator.verify.hop import Stopped
from functions.usage.event import RequestIdentity
from functions.usage.outcome import Excluded, Quarantined

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

    from functions.operator.explain.explanation import Explained


class FollowedLine(NamedTuple):
    """What makes the event's key, and the hour in which its ledger row stands."""

    identity: RequestIdentity
    time_ms: int


def facts_of(
    log_event: Mapping[str, Any],
    log_group: str,
    terms: ExplainTerms,
    *,
    extended_id: str,
    account_id: str,
) -> FollowedLine:
    """By an access log's line, or by an execution log's group and first line. Stopped for any
    other line: its event's key cannot be told.
    """
    if log_group.startswith(EXECUTION_LOGS):
        api_id, _, stage = log_group.removeprefix(EXECUTION_LOGS).partition("/")
        identity = RequestIdentity(account_id, terms.region or "", api_id, stage, extended_id)
        return FollowedLine(identity, log_event["timestamp"])
    delivery = LogDelivery(account_id, log_group, log_event.get("logStreamName", ""), [log_event])
    (found,) = explained(delivery, "access", terms)
    request = found.request
    known = identity_of(request) if request else None
    if request is None or request.time_ms is None or not isinstance(known, RequestIdentity):
        check = (
            "the stage's access log format, and accessLogs in the configuration"
            " (docs/reference/configuration.md): metering cannot tell from it which request it is."
        )
        raise Stopped("in the log", f"its line has no event key: {_why(found)}", check)
    return FollowedLine(known, request.time_ms)


def _why(found: "Explained") -> str:
    outcome = ": ".join(part for part in outcome_of(found) if part)
    match found.billing:
        case Excluded() | Quarantined() as billing:
            return f"{outcome} ({in_words(billing, found.request)})"
        case _:
            return outcome


def line_in_log(
    logs: "CloudWatchLogsClient", log_groups: Iterable[str], extended_id: str, since_ms: int
) -> tuple[Mapping[str, Any], str] | None:
    """The first log event that holds the request's id, and its log group; None: not yet."""
    for group in log_groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since_ms, filterPattern=f'"{extended_id}"'
        )
        # A page may be empty and the next one not (FilterLogEvents).
        for event in (event for page in pages for event in page["events"]):
            if extended_id in event["message"]:
                return event, group
    return None
