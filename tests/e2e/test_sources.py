"""One stack meters APIs that were made without it: a source is a declaration and a filter."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest

from tests.e2e.looking import answered, billed, start_anew, until
from tests.local.demo.depth import waiting
from tests.local.deploy import physical_ids
from tests.local.endpoints import ROOT, Endpoints
from tests.local.foreground_server import foreground_server
from tests.local.reconcile import reconcile
from tests.local.watermark import watermark
from tests.template.add_a_source import blocks

pytestmark = pytest.mark.timeout(600)  # the first one starts the cloud
ARRIVAL_SECONDS = 120.0
CONFIGURATION = "configuration/metering.json"
KEY = "key-of-the-orders-customer-0123456789"
CUSTOMER = "cus_orders"
METER = {"id": "api_calls", "metricName": "API Calls"}
# What the format of orders_api.yaml calls our facts.
FIELDS = {
    "extendedRequestId": "ids.long",
    "requestId": "ids.short",
    "requestTimeEpoch": "began",
    "status": "http.code",
    "httpMethod": "http.verb",
    "resourcePath": "http.route",
    "apiKeyId": "caller.key",
    "accountId": "where.owner",
    "apiId": "where.api",
    "stage": "where.stage",
}


def create(name: str, template: str, **parameters: str) -> None:
    """A stack of CloudFormation, to its end."""
    client = boto3.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": text} for key, text in parameters.items()]
    client.create_stack(
        StackName=name,
        TemplateBody=template,
        Parameters=given,  # type: ignore[arg-type]
        Capabilities=["CAPABILITY_AUTO_EXPAND"],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


@dataclass(frozen=True)
class OrdersApi:
    """The other API, served by a gateway of its own."""

    url: str
    api_id: str
    key_id: str
    log_group: str

    @property
    def execution_group(self) -> str:
        """Where API Gateway writes the execution log of the stage that nobody touched."""
        return f"API-Gateway-Execution-Logs_{self.api_id}/untouched"

    def call(self, stage: str) -> str:
        """The extended request id of a call that was served."""
        answer = httpx.get(
            f"{self.url}/{stage}/orders", headers={"x-api-key": KEY}, timeout=40, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["x-amz-apigw-id"]


@pytest.fixture(scope="module")
def orders(endpoints: Endpoints) -> Iterator[OrdersApi]:
    """Deployed and served; it knows nothing of metering."""
    name = f"orders-{uuid4().hex[:8]}"
    create(name, (ROOT / "tests" / "e2e" / "orders_api.yaml").read_text())
    ids = physical_ids(name)
    options = ("--stack", name, "--log-streams", "1", "--flush-seconds", "1.0")
    server = foreground_server(
        "tests.local.gateway", *options, environment=endpoints.aws_environment
    )
    with server as (_, ready):
        yield OrdersApi(ready.split()[-1], ids["Orders"], ids["Key"], ids["OrdersLog"])


@pytest.fixture(scope="module")
def declare(endpoints: Endpoints, orders: OrdersApi) -> Iterator[Callable[..., None]]:
    """Puts a configuration with these sources. Afterwards none is declared."""
    s3 = boto3.client("s3")

    def put(*sources: dict[str, Any]) -> None:
        version = {
            "effectiveFrom": "1970-01-01T00:00:00Z",
            "meters": [METER],
            "customers": {orders.key_id: CUSTOMER},
            "accessLogs": {orders.log_group: {"fields": FIELDS}},
        }
        body = json.dumps({"sources": sources, "versions": [version]}).encode()
        s3.put_object(Bucket=endpoints.configuration_bucket, Key=CONFIGURATION, Body=body)
        # Instead of the minute in which every process reads it by itself.
        start_anew(endpoints.functions["metering"])

    yield put
    put()


def is_billed_once(endpoints: Endpoints, extended_id: str, customer: str) -> None:
    """Waits for it, and for what could still be on its way."""
    until(lambda: billed(endpoints, extended_id), ARRIVAL_SECONDS)
    until(lambda: waiting(endpoints, "usage") == 0, ARRIVAL_SECONDS)
    (event,) = billed(endpoints, extended_id)
    assert event["customerId"] == customer


def hear_all(endpoints: Endpoints, groups: list[str]) -> None:
    """A heartbeat is put into each, and arrives."""

    def put_now() -> dict[str, Any] | None:
        ended = reconcile(endpoints)
        return ended if ended["heartbeats"] == ["put" for _ in groups] else None

    until(put_now, ARRIVAL_SECONDS)
    until(lambda: set(watermark(endpoints)) == set(groups), ARRIVAL_SECONDS)
    before = watermark(endpoints)
    reconcile(endpoints)

    def have_moved() -> bool:
        now = watermark(endpoints)
        return all(int(now.get(group, 0)) > int(before[group]) for group in groups)

    until(have_moved, ARRIVAL_SECONDS)


def test_three_sources_of_both_kinds_and_a_fourth_without_a_deploy(
    endpoints: Endpoints, orders: OrdersApi, declare: Callable[..., None]
) -> None:
    """The demo's two stages, and another API's access log, subscribed by the SAM snippet of the
    docs: each request is billed once, to its customer, and each source beats. Then an execution
    log, by a declaration and a filter alone.
    """
    deployed = boto3.client("cloudformation").describe_stacks(StackName=endpoints.stack_name)
    groups = [endpoints.access_log_group, endpoints.execution_log_group, orders.log_group]
    third = {"name": "orders", "logGroup": orders.log_group, "kind": "access", "stage": "live"}
    metering = endpoints.functions["metering"]
    (snippet,) = blocks("yaml")
    declare(third)
    create(
        f"source-{uuid4().hex[:8]}",
        snippet,
        MeteringFunctionArn=metering,
        LogGroupName=orders.log_group,
    )
    hear_all(endpoints, groups)
    demo = endpoints.customers[0]
    served = {
        call_demo(endpoints.api_url, demo.headers): demo.customer_id,
        call_demo(endpoints.zero_touch_url, demo.headers): demo.customer_id,
        orders.call("live"): CUSTOMER,
    }
    for extended_id, customer in served.items():
        is_billed_once(endpoints, extended_id, customer)

    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=orders.execution_group)
    fourth = {"name": "untouched", "logGroup": orders.execution_group, "kind": "execution"}
    declare(third, fourth)
    logs.put_subscription_filter(
        logGroupName=orders.execution_group,
        filterName="aforo-metering",
        filterPattern="",
        destinationArn=metering,
    )
    hear_all(endpoints, [*groups, orders.execution_group])
    is_billed_once(endpoints, orders.call("untouched"), CUSTOMER)
    again = boto3.client("cloudformation").describe_stacks(StackName=endpoints.stack_name)
    assert again["Stacks"] == deployed["Stacks"]


def call_demo(url: str, headers: Any) -> str:
    """The extended request id of a call that was served."""
    answer = answered(
        lambda: httpx.get(f"{url}/pets", headers=headers, timeout=40, trust_env=False)
    )
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-amz-apigw-id"])
