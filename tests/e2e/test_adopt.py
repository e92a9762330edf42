"""Another team's API is adopted: metered while no caller notices, then given back as it was."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
import pytest

from functions.operator.command_line import main
from tests.e2e.looking import billed, start_anew, until
from tests.local.endpoints import Endpoints, SecondApi

pytestmark = pytest.mark.timeout(600)  # the first one starts the cloud
ARRIVAL_SECONDS = 120.0
CUSTOMER = "cus_web_shop"


@dataclass
class Operator:
    """Who runs the commands: how many, and since when."""

    endpoints: Endpoints
    began: float = field(default_factory=time.monotonic)
    commands: int = 0

    @property
    def api(self) -> SecondApi:
        return self.endpoints.second_api

    def adopt(self, *words: str) -> int:
        self.commands += 1
        stack = ["--stack", self.endpoints.stack_name]
        place = ["--api", self.api.id, "--stage", self.api.stage, *stack]
        return main(["adopt", *place, *words, "--no-wait"])

    def call(self) -> httpx.Response:
        """As its caller has always called: the key in x-api-key."""
        self.commands += 1
        headers = {"x-api-key": self.api.api_keys[0].value}
        return httpx.get(f"{self.api.url}/orders", headers=headers, timeout=40, trust_env=False)

    def told(self, what: str) -> None:
        seconds = time.monotonic() - self.began
        sys.stdout.write(f"{what}: {self.commands} commands, {seconds:.1f} s\n")


@pytest.fixture
def operator(endpoints: Endpoints) -> Iterator[Operator]:
    """What was done to the API is undone whatever a test found."""
    found = Operator(endpoints)
    yield found
    found.adopt("--undo", "--phase", "meter", "--deploy-pending")


def everything(api: SecondApi) -> Any:
    """What an adoption may change at the API, its stage and its log group."""
    gateway: Any = boto3.client("apigateway")
    stage = gateway.get_stage(restApiId=api.id, stageName=api.stage)
    resources = gateway.get_resources(restApiId=api.id, embed=["methods"])["items"]
    filters = boto3.client("logs").describe_subscription_filters(logGroupName=api.log_group)
    shown = ("accessLogSettings", "deploymentId", "variables")
    methods = {
        f"{verb} {one['path']}": (method["authorizationType"], method["apiKeyRequired"])
        for one in resources
        for verb, method in one.get("resourceMethods", {}).items()
    }
    return {
        "stage": {name: stage.get(name) or None for name in shown},
        "methods": methods,
        "authorizers": gateway.get_authorizers(restApiId=api.id)["items"],
        "answers": gateway.get_gateway_responses(restApiId=api.id)["items"],
        "filters": filters["subscriptionFilters"],
    }


def test_a_request_of_another_teams_api_is_billed(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan, an apply, a call as ever; and everything comes back, pending changes undeployed."""
    api = operator.api
    before = everything(api)
    assert operator.adopt() == 0
    assert "DELETE /orders/{id} is new" in capsys.readouterr().out
    assert everything(api) == before

    assert operator.adopt("--customer", f"{api.api_keys[0].id}={CUSTOMER}", "--apply") == 0
    # Instead of the minute in which metering reads it by itself.
    start_anew(operator.endpoints.functions["metering"])
    answer = operator.call()
    assert answer.status_code == 200, answer.text
    extended_id = answer.headers["x-amz-apigw-id"]
    (event,) = until(lambda: billed(operator.endpoints, extended_id), ARRIVAL_SECONDS)
    assert event["customerId"] == CUSTOMER
    operator.told("from a stack to a billed request")
    assert operator.commands <= 6
    reader = [one["filterName"] for one in everything(api)["filters"]]
    assert sorted(reader) == ["aforo-metering", "datadog"]

    assert operator.adopt("--undo") == 0
    assert everything(api) == before
    assert operator.call().status_code == 200


def test_what_waits_for_a_deployment_and_callers_with_keys_are_told(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is changed: the cure of each stands beside it."""
    before = json.dumps(everything(operator.api), default=str)
    assert operator.adopt("--phase", "shadow", "--apply") == 1
    out = capsys.readouterr().out
    assert "STOP changes that are not ours wait for a deployment: DELETE /orders/{id} is new" in out
    assert json.dumps(everything(operator.api), default=str) == before
