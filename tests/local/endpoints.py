"""`endpoints.json`: where everything of a local cloud runs, for any client to point at."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
FILE_NAME = "endpoints.json"


class NotRunningError(RuntimeError):
    """There is no local cloud to talk to."""


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer of the demo API, and the headers with which it calls."""

    customer_id: str
    headers: Mapping[str, str]
    credential: str  # token or api_key
    quota: int


@dataclass(frozen=True, slots=True)
class SecondApiKey:
    """An API key of somebody else's API: `value` is sent as x-api-key, `id` stands in the log."""

    id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SecondApi:
    """A REST API that is not ours and not metered yet. `url` ends with its stage."""

    id: str
    stage: str
    url: str
    log_group: str
    api_keys: list[SecondApiKey]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """URLs, ARNs and names of a running local cloud; `aws_environment` is all that boto3, the aws
    CLI and sam need to talk to it.
    """

    api_url: str
    aforo_url: str
    aws_endpoint_url: str
    region: str
    redis_url: str
    gateway_url: str
    page_url: str
    stack_name: str
    access_log_group: str
    zero_touch_url: str  # the stage whose execution log is metered
    execution_log_group: str
    deployed_sources: str  # those of the template's parameters, as its output says them
    queues: Mapping[str, str]
    state_machines: Mapping[str, str]
    functions: Mapping[str, str]
    ledger_bucket: str
    quarantine_bucket: str
    configuration_bucket: str
    alarms: Mapping[str, str]
    aws_environment: Mapping[str, str]
    tenant_id: str
    second_api: SecondApi
    customers: list[DemoCustomer] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """The demo API's stage whose access log is metered."""
        return self.api_url.rpartition("/")[2]

    def customer(self, customer_id: str) -> DemoCustomer:
        """One of the demo customers; KeyError naming those there are."""
        for customer in self.customers:
            if customer.customer_id == customer_id:
                return customer
        known = ", ".join(customer.customer_id for customer in self.customers)
        message = f"{customer_id} is no demo customer: choose one of {known}"
        raise KeyError(message)

    def write(self, directory: Path) -> None:
        """Replace the file in one step: a reader never sees half of it."""
        draft = directory / f"{FILE_NAME}.new"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.rename(directory / FILE_NAME)


def read_endpoints(directory: Path = LOCAL) -> Endpoints:
    """The endpoints of the cloud in `directory`. NotRunningError says how to start one."""
    try:
        found: dict[str, Any] = json.loads((directory / FILE_NAME).read_text())
    except FileNotFoundError:
        message = "the local cloud is not running: start it with `make local`"
        raise NotRunningError(message) from None
    customers = [DemoCustomer(**customer) for customer in found.pop("customers")]
    second = found.pop("second_api")
    keys = [SecondApiKey(**key) for key in second.pop("api_keys")]
    return Endpoints(**found, second_api=SecondApi(**second, api_keys=keys), customers=customers)
