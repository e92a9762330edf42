"""Another team's API is adopted: metered while no caller notices, then given back as it was."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import boto3
import httpx
import pytest

from functions.operator.command_line import main
from tests.e2e.looking import billed, start_anew, until
from tests.local.endpoints import Endpoints, SecondApi
from tests.local.stage_log import look_again

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
        status = main(["adopt", *place, *words, "--no-wait"])
        # Instead of the wait: the gateway looks at the stage now, and not within two seconds.
        look_again(self.endpoints.gateway_url)
        return status

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


@pytest.fixture
def either(endpoints: Endpoints) -> Iterator[None]:
    """The credential may stand in x-api-key, as a deploy with CredentialHeader=Either has it."""
    lambdas: Any = boto3.client("lambda")
    function = endpoints.functions["authorizer"]
    found = lambdas.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    alias = lambdas.get_alias(FunctionName=function, Name="live")

    def live(version: str) -> None:
        lambdas.update_alias(FunctionName=function, Name="live", FunctionVersion=version)

    changed = {"Variables": {**found, "CREDENTIAL_HEADER": "either"}}
    lambdas.update_function_configuration(FunctionName=function, Environment=changed)
    live(lambdas.publish_version(FunctionName=function)["Version"])
    yield
    lambdas.update_function_configuration(FunctionName=function, Environment={"Variables": found})
    live(alias["FunctionVersion"])


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
    operator: Operator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan, an apply, a call as ever, and one that `verify` follows through the API's own format;
    and everything comes back, pending changes undeployed.
    """
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
    monkeypatch.setenv("VERIFY_API_KEY", api.api_keys[0].value)
    stack = ("--stack", operator.endpoints.stack_name)
    assert main(["verify", *stack, "--api-url", api.url, "--path", "/orders"]) == 0
    reader = [one["filterName"] for one in everything(api)["filters"]]
    assert sorted(reader) == ["aforo-metering", "datadog"]

    assert operator.adopt("--undo") == 0
    assert everything(api) == before
    assert operator.call().status_code == 200


def test_shadow_refuses_nobody_and_enforcing_stops_at_the_quota(
    operator: Operator, either: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A caller whom nobody knows passes in shadow, and is refused after it; one with a grant is
    served until it is used up. Undone, everybody is served as ever.
    """
    api, key = operator.api, operator.api.api_keys[0]
    before = everything(api)
    guarded = ("--method", "GET /orders", "--deploy-pending", "--apply")
    customer = ("--customer", f"{key.id}={CUSTOMER}")
    assert operator.adopt("--phase", "shadow", *customer, *guarded) == 0
    start_anew(operator.endpoints.functions["metering"])
    # The gateway looks at the stage each second or so.
    until(lambda: would_be_denied(operator, operator.call()), ARRIVAL_SECONDS)

    assert operator.adopt("--phase", "enforce", "--apply") == 0
    until(lambda: operator.call().status_code == 401, ARRIVAL_SECONDS)
    stack = ("--stack", operator.endpoints.stack_name)
    grant = ("--period", "month", "--rate", "1", "--burst", "1", "--new")
    granted = ["counters", "grant", "--customer", CUSTOMER, *grant, *stack, "--limit"]
    assert main([*granted, "1000"]) == 0
    digest = sha256(key.value.encode()).hexdigest()
    known = ("--key-id", key.id, "--environment", "sandbox", "--sha256", digest)
    assert main(["counters", "api-key", "--customer", CUSTOMER, *known, *stack]) == 0
    until(lambda: operator.call().status_code == 200, ARRIVAL_SECONDS)
    # What was served in shadow counts: the customer map named who called.
    assert main([*granted, "1", "--yes"]) == 0
    until(lambda: code_of(operator.call()) == "QUOTA_EXCEEDED", ARRIVAL_SECONDS)
    operator.told("from a stack to a quota that holds")

    assert operator.adopt("--undo", "--phase", "meter") == 0
    assert everything(api) == before
    until(lambda: operator.call().status_code == 200, ARRIVAL_SECONDS)


def would_be_denied(operator: Operator, answer: httpx.Response) -> bool:
    """Whether the authorizer was asked, and passed who called."""
    assert answer.status_code == 200, answer.text
    name = operator.endpoints.functions["authorizer"].rpartition(":")[2]
    settings = boto3.client("lambda").get_function_configuration(FunctionName=name)
    group = settings["LoggingConfig"]["LogGroup"]
    extended_id = answer.headers["x-amz-apigw-id"]
    found = boto3.client("logs").filter_log_events(logGroupName=group, filterPattern="would_deny")
    return any(extended_id in one["message"] for one in found["events"])


def code_of(answer: httpx.Response) -> str | None:
    """Why a caller was answered 429; None where it was not."""
    return answer.json()["error"]["code"] if answer.status_code == 429 else None


def test_what_waits_for_a_deployment_and_callers_with_keys_are_told(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is changed: the cure of each stands beside it."""
    before = json.dumps(everything(operator.api), default=str)
    assert operator.adopt("--phase", "shadow", "--apply") == 1
    out = capsys.readouterr().out
    assert "STOP changes that are not ours wait for a deployment: DELETE /orders/{id} is new" in out
    assert json.dumps(everything(operator.api), default=str) == before
