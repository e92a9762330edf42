"""A local cloud to put a load on: a folder comes in; the walk leaves, as deployed, with customers
whose quotas nobody reaches, and with our gateway before it if requests are to come through it.

No page and no alarms run beside it: the cores are the functions'.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import boto3

from functions.operator.counter_commands.stack import find_stack
from tests.kills.made_requests import Api
from tests.local import cloud
from tests.local.aforo.settings import DEFAULT_TENANT
from tests.local.customers import Plan, provision
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints, SecondApi
from tests.local.started_walk import Say, WalkOptions, start_remembered, start_walk, step

STACK = "aforo-load"
PAYERS = 8
_NO_API = SecondApi("", "", "", "", [])
# How fast the stand-in takes usage is no part of the figures.
_AFORO = ("--knob", "rate_limit_per_minute=0", "--knob", "posts_kept=10")
_PARAMETERS = {
    "HoldSeconds": "3600",
    "AforoEventsPerMinute": "6000000",
    # The schedule's audit would read the log and meter beside the load.
    "AuditDelaySeconds": "7200",
}


class Through(StrEnum):
    """What writes the lines into the access log."""

    GATEWAY = (
        "gateway"  # our gateway, called over HTTP: authorizer and backend run for each request
    )
    LOGS = "logs"  # the load itself, as the gateway would


@dataclass(frozen=True, slots=True)
class LoadCloud:
    directory: Path
    through: Through
    endpoints: Endpoints
    api: Api

    @property
    def payers(self) -> list[str]:
        return [customer.customer_id for customer in self.endpoints.customers]


@contextmanager
def load_cloud(directory: Path, through: Through, say: Say) -> Iterator[LoadCloud]:
    """For the length of a `with`."""
    directory.mkdir(parents=True, exist_ok=True)
    cloud.stop(directory)
    try:
        yield _start(directory, through, say)
    finally:
        cloud.stop(directory)


def _start(directory: Path, through: Through, say: Say) -> LoadCloud:
    options = WalkOptions(aforo=_AFORO, parameters=_PARAMETERS)
    walk = start_walk(directory, STACK, options, say=say)
    gateway_url = ""
    if through is Through.GATEWAY:
        with step(say, "API Gateway"):
            words = ["--stack", STACK, *cloud.LOG_OPTIONS]
            gateway_url = start_remembered(directory, "tests.local.gateway", words)
    with step(say, "customers"):
        customers = provision(
            [
                Plan(f"cus_{number}", "api_key", 10_000_000, rate_per_second=1_000, burst=1_000)
                for number in range(PAYERS)
            ],
            tenant=DEFAULT_TENANT,
            aforo_url=walk.aforo_url,
            stack=find_stack(STACK),
        )
    endpoints = walk.endpoints(
        gateway_url=gateway_url, page_url="", second_api=_NO_API, customers=customers
    )
    account = boto3.client("sts").get_caller_identity()["Account"]
    api_id = physical_ids(STACK)["DemoApiGateway"]
    api = Api(account, endpoints.region, api_id, endpoints.stage, DEFAULT_TENANT)
    return LoadCloud(directory, through, endpoints, api)
