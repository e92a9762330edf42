"""A log event of a followed request comes in; what its event's key is made of leaves."""

import json
from collections.abc import Mapping
from typing import Any

from functions.metering.configuration.source_declaration import EXECUTION_LOGS
from functions.operator.verify.hop import Stopped

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
