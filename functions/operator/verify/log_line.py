"""The line of a followed request is looked for; what its event's key is made of leaves."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from functions.metering.configuration.source_declaration import EXECUTION_LOGS
from functions.operator.verify.hop import Stopped

if TYPE_CHECKING:
    from functions.operator.verify.target import Target

# Of a line of format v1: its identity, and the hour in which its ledger row stands.
_NEEDED = ("accountId", "apiId", "stage", "extendedRequestId", "requestTimeEpoch")
# API Gateway's own name for the log group of a stage's execution log.


def facts_of(
    log_event: Mapping[str, Any], log_group: str, *, extended_id: str, account_id: str
) -> dict[str, str]:
    """The fields of format v1, or what an execution log's group and first line say instead of them.
    Stopped for any other line: its event's key cannot be told.
    """
    if log_group.startswith(EXECUTION_LOGS):
        api_id, _, stage = log_group.removeprefix(EXECUTION_LOGS).partition("/")
        known = (account_id, api_id, stage, extended_id, str(log_event["timestamp"]))
        return dict(zip(_NEEDED, known, strict=True))
    try:
        line = json.loads(log_event["message"])
        found = {name: str(line[name]) for name in _NEEDED}
        int(found["requestTimeEpoch"])
    except (ValueError, TypeError, KeyError):
        check = "the stage's access log format: v1 is what this command reads."
        raise Stopped("in the log", "its line is not of format v1", check) from None
    return found


def line_in_log(
    target: "Target", extended_id: str, since_ms: int
) -> tuple[Mapping[str, Any], str] | None:
    """The first log event that holds the request's id, and its log group; None: not yet."""
    logs = boto3.client("logs", region_name=target.region)
    for group in target.log_groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=since_ms, filterPattern=f'"{extended_id}"'
        )
        # A page may be empty and the next one not (FilterLogEvents).
        for event in (event for page in pages for event in page["events"]):
            if extended_id in event["message"]:
                return event, group
    return None


def account_of(arn: str) -> str:
    """An execution log does not say whose account it is; the stack is in the same one."""
    return "".join(arn.split(":")[4:5])
