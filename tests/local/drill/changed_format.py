"""Somebody gives the stage's access log another format: its lines are quarantined.

The new format still logs what every bill needs, under other names, so it can be declared.
"""

import json

from tests.local.drill.kept_lines import kept_objects
from tests.local.endpoints import Endpoints
from tests.local.stage_log import write_log
from tests.local.waiting import until

QUARANTINED_SECONDS = 60.0
ALL_OF_THEM = 100.0  # UnfitShare, in percent: each line of the minute is of the new format
FORMAT = json.dumps(
    {
        "time": "$context.requestTimeEpoch",
        "requestId": "$context.requestId",
        "extendedRequestId": "$context.extendedRequestId",
        "accountId": "$context.accountId",
        "apiId": "$context.apiId",
        "stage": "$context.stage",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "latency": "$context.responseLatency",
        "customer": "$context.authorizer.customerId",
    },
    separators=(",", ":"),
)


def cause(endpoints: Endpoints) -> None:
    write_log(endpoints, endpoints.stage, log_group=endpoints.access_log_group, log_format=FORMAT)


def figure(endpoints: Endpoints) -> float:
    """The share of lines that do not fit, once some are kept."""
    until(lambda: kept_objects(endpoints), QUARANTINED_SECONDS, every=0.3)
    return ALL_OF_THEM
