"""The source check as deployed: it may ask what it asks, and finds the demo's sources in order."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints
from tests.local.stage_log import log_operations
from tests.template.stack import template


@pytest.fixture
def as_declared(endpoints: Endpoints) -> Iterator[None]:
    """The gateway response and the stage's access log that the template declares: the emulator's
    CloudFormation drops both.
    """
    gateway, ids = boto3.client("apigateway"), physical_ids(endpoints.stack_name)
    api, group = ids["DemoApiGateway"], ids["DemoAccessLogGroup"]
    gateway.put_gateway_response(restApiId=api, responseType="ACCESS_DENIED", statusCode="429")
    declared = template()["Resources"]["DemoApiGateway"]["Properties"]["AccessLogSetting"]
    settings = {
        "destinationArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}",
        "format": declared["Format"],
    }
    gateway.update_stage(
        restApiId=api,
        stageName="demo",
        patchOperations=log_operations(settings),
    )
    yield
    gateway.delete_gateway_response(restApiId=api, responseType="ACCESS_DENIED")


def ask(endpoints: Endpoints, look: str) -> dict[str, Any]:
    function = physical_ids(endpoints.stack_name)["AuditSourceCheckFunction"]
    payload = json.dumps({"look": look}).encode()
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=payload)
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError") is None, found
    return found


def test_a_stack_that_is_in_order_is_told_to_be(endpoints: Endpoints, as_declared: None) -> None:
    """By its own role, with the list that metering itself answers."""
    found = ask(endpoints, "stages")
    assert found["sources"] >= 2
    assert found["changed"] == []


def test_what_was_served_is_compared_with_what_was_read(endpoints: Endpoints) -> None:
    """The emulator counts no requests of a gateway: nothing is silent where nobody counts."""
    found = ask(endpoints, "served")
    assert found["sources"] >= 2
    assert (found["silent"], found["deliveriesFailed"]) == ([], 0)


def test_a_response_that_a_deploy_dropped_is_found(endpoints: Endpoints) -> None:
    """As the emulator drops it: callers learn neither code nor time."""
    assert "demo-execution" in ask(endpoints, "stages")["changed"]
