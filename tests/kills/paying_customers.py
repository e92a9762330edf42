"""What a local walk under traffic has in common, whatever is done to it: customers whose quotas
nobody reaches, a stand-in for Aforo that takes usage at any rate, and no audit of the schedule's.
"""

from collections.abc import Mapping

import boto3

from functions.operator.counter_commands.stack import find_stack
from tests.kills.made_requests import Api
from tests.local.aforo.settings import DEFAULT_TENANT
from tests.local.customers import Plan, provision
from tests.local.deploy import physical_ids
from tests.local.endpoints import DemoCustomer, Endpoints, SecondApi
from tests.local.started_walk import StartedWalk

# How fast the stand-in takes usage is no part of a test or a figure.
AFORO_KNOBS = ("--knob", "rate_limit_per_minute=0", "--knob", "posts_kept=10")
PARAMETERS: Mapping[str, str] = {
    "HoldSeconds": "3600",  # nothing is given up for having waited
    "AforoEventsPerMinute": "6000000",
    # The schedule's audit would meter again what is late: beside a load, and where it hides a loss.
    "AuditDelaySeconds": "7200",
}
NO_API = SecondApi("", "", "", "", [])
_PAYERS = 8


def paying_customers(walk: StartedWalk, rate_per_second: int) -> list[DemoCustomer]:
    """Each has an API key, and may call so often."""
    return provision(
        [
            Plan(
                f"cus_{number}",
                "api_key",
                quota=10_000_000,
                rate_per_second=rate_per_second,
                burst=rate_per_second,
            )
            for number in range(_PAYERS)
        ],
        tenant=DEFAULT_TENANT,
        aforo_url=walk.aforo_url,
        stack=find_stack(walk.stack),
    )


def demo_api(endpoints: Endpoints) -> Api:
    """As it was deployed."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    api_id = physical_ids(endpoints.stack_name)["DemoApiGateway"]
    return Api(account, endpoints.region, api_id, endpoints.stage, DEFAULT_TENANT)
