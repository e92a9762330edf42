"""The two customers: a small quota with a capped headroom, and a large one whose headroom covers
what can be under way.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3

from functions.operator.counter_commands.stack import find_stack
from tests.fakes.access_log_lines import access_line
from tests.local import customers
from tests.local.customers import Plan
from tests.local.endpoints import DemoCustomer, Endpoints

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

SMALL = Plan("cus_small", "api_key", quota=60, rate_per_second=10, burst=10, when_unknown="deny")
LARGE = Plan("cus_large", "api_key", quota=5_000, rate_per_second=5, burst=10, when_unknown="allow")
PLANS = (SMALL, LARGE)
# Of the large quota, so that the rest is driven in seconds. More than the headroom is left.
BEFORE = 4_850
LINES_PER_PUT = 1_000  # 0.6 MB; PutLogEvents takes 1 MB


def provision(endpoints: Endpoints) -> dict[str, DemoCustomer]:
    """Grants and API keys, as an operator gives them."""
    found = customers.provision(
        PLANS,
        tenant=endpoints.tenant_id,
        aforo_url=endpoints.aforo_url,
        stack=find_stack(endpoints.stack_name),
    )
    return {one.customer_id: one for one in found}


def put_earlier_calls(endpoints: Endpoints) -> None:
    """This month's earlier calls of the large customer, as lines in the access log group: they
    walk the same way as the gateway's own.
    """
    logs = boto3.client("logs")
    group, stream = endpoints.access_log_group, "earlier-calls"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    lines = list(_lines(time.time_ns() // 1_000_000))
    for start in range(0, len(lines), LINES_PER_PUT):
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=lines[start : start + LINES_PER_PUT],
        )


def _lines(now_ms: int) -> Iterator["InputLogEventTypeDef"]:
    for number in range(BEFORE):
        line = access_line(
            extendedRequestId=f"earlier{number}=",
            customerId=LARGE.customer_id,
            principalId=LARGE.customer_id,
            tenantId="-",
            requestTimeEpoch=str(now_ms),
        )
        yield {"timestamp": now_ms, "message": line}
