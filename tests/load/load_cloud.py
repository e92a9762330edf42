"""A local cloud to put a load on: a folder comes in; the walk leaves, as deployed, with customers
whose quotas nobody reaches, and with our gateway before it if requests are to come through it.

No page and no alarms run beside it: the cores are the functions'.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.kills.made_requests import Api
from tests.kills.paying_customers import (
    AFORO_KNOBS,
    NO_API,
    PARAMETERS,
    demo_api,
    paying_customers,
)
from tests.local import cloud
from tests.local.endpoints import Endpoints
from tests.local.started_walk import Say, WalkOptions, start_remembered, start_walk, step

STACK = "aforo-load"


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
    options = WalkOptions(aforo=AFORO_KNOBS, parameters=PARAMETERS)
    walk = start_walk(directory, STACK, options, say=say)
    gateway_url = ""
    if through is Through.GATEWAY:
        with step(say, "API Gateway"):
            words = ["--stack", STACK, *cloud.LOG_OPTIONS]
            gateway_url = start_remembered(directory, "tests.local.gateway", words)
    with step(say, "customers"):
        customers = paying_customers(walk, rate_per_second=1_000)
    endpoints = walk.endpoints(
        gateway_url=gateway_url, page_url="", second_api=NO_API, customers=customers
    )
    return LoadCloud(directory, through, endpoints, demo_api(endpoints))
