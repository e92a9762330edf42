"""An account's REST APIs as deployments and stages have them, over real HTTP.

The stack's own API stands beside another that was made by API calls (`make_second_api`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
import pytest

from tests.local.endpoints import SecondApi
from tests.local.foreground_server import foreground_server
from tests.local.gateway.account import Account
from tests.local.gateway.intrinsics import UnresolvedError
from tests.local.ministack import Ministack
from tests.local.mock_paths import MockPaths
from tests.local.second_api import make_second_api
from tests.local.small_function import make_function, permit_authorizers
from tests.local.waiting import until

STACK = "shop"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: { Name: shop }
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: { application/json: '{"statusCode": 200}' }
        IntegrationResponses:
          [{ StatusCode: "200", ResponseTemplates: { application/json: '{"answer":"shop"}' } }]
      MethodResponses: [{ StatusCode: "200" }]
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Get
    Properties: { RestApiId: !Ref Api }
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: shop
"""
# A destination that this gateway cannot resolve; CloudFormation on ministack does.
RIDDLE = (
    TEMPLATE.replace("StageName: shop", "StageName: riddle")
    + """      AccessLogSetting: { DestinationArn: !GetAtt Bucket.Arn, Format: $context.requestId }
  Bucket: { Type: AWS::S3::Bucket }
"""
)
# Says what it was asked with, and by which call: an answer that was kept has an older call's id.
ECHO = """\
def handler(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    mode = (event["stageVariables"] or {}).get("aforoMode", "none")
    said = {"mode": mode, "call": event["requestContext"]["requestId"]}
    return {"principalId": "anybody", "policyDocument": policy, "context": said}
"""
WHO_ASKED = '{"mode":"$context.authorizer.mode","call":"$context.authorizer.call"}'
NO_SUCH_METHOD = (403, '{"message":"Missing Authentication Token"}')
FORBIDDEN = (403, '{"message":"Forbidden"}')
MISCONFIGURED = (500, '{"message":null}')


@dataclass(frozen=True)
class Shop:
    """A running gateway, and the API that was made by calls."""

    client: httpx.Client
    gateway: Any
    second: SecondApi

    def call(self, verb: str, path: str, **headers: str) -> tuple[int, str]:
        """Of the second API: status and body."""
        url = f"{self.second.url}{path}"
        answer = self.client.request(
            verb, url, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return answer.status_code, answer.text

    def resource(self, path: str) -> str:
        items = self.gateway.get_resources(restApiId=self.second.id, limit=500)["items"]
        return next(str(one["id"]) for one in items if one["path"] == path)

    def deploy(self) -> str:
        made = self.gateway.create_deployment(restApiId=self.second.id, stageName=self.second.stage)
        self.look()
        return str(made["id"])

    def patch_stage(self, op: str, path: str, value: str | None = None) -> None:
        operation = {"op": op, "path": path} | ({} if value is None else {"value": value})
        self.gateway.update_stage(
            restApiId=self.second.id, stageName=self.second.stage, patchOperations=[operation]
        )

    def patch_method(self, path: str, verb: str, **values: str) -> None:
        self.gateway.update_method(
            restApiId=self.second.id,
            resourceId=self.resource(path),
            httpMethod=verb,
            patchOperations=[
                {"op": "replace", "path": f"/{name}", "value": value}
                for name, value in values.items()
            ],
        )

    def look(self) -> None:
        self.client.post("/_reload").raise_for_status()


def create_stack(name: str, template: str) -> None:
    """To its end."""
    formation = boto3.client("cloudformation")
    formation.create_stack(
        StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_AUTO_EXPAND"]
    )

    def is_done() -> bool:
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        return stack["StackStatus"] == "CREATE_COMPLETE"

    until(is_done)


@pytest.fixture(scope="module")
def base_url(ministack: Ministack) -> Iterator[str]:
    """A gateway for a small stack; this process's environment points at its account."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ministack.env.items():
            patch.setenv(name, value)
        create_stack(STACK, TEMPLATE)
        options = ("--stack", STACK, "--watch-seconds", "0.2", "--flush-seconds", "0.1")
        server = foreground_server("tests.local.gateway", *options, environment=ministack.env)
        with server as (_, ready):
            yield ready.split()[-1]


@pytest.fixture
def shop(base_url: str, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """With a second API of this test's own, which goes away after it."""
    gateway: Any = boto3.client("apigateway")
    with httpx.Client(base_url=base_url, timeout=60, trust_env=False) as client:
        second = make_second_api(base_url, request.node.name.replace("_", "-")[:50])
        yield Shop(client, gateway, second)
        gateway.delete_rest_api(restApiId=second.id)


def key_of(shop: Shop, name: str) -> str:
    return next(key.value for key in shop.second.api_keys if key.name == name)


def test_both_apis_are_served(shop: Shop) -> None:
    """The stack's by its stage's name, the other by its id; each method as it is protected."""
    assert shop.client.get("/shop").json() == {"answer": "shop"}
    assert shop.call("GET", "/orders") == FORBIDDEN
    assert shop.call("GET", "/orders", x_api_key=key_of(shop, "acme")) == (
        200,
        '{"answer": "GET /orders"}',
    )
    assert shop.call("OPTIONS", "/orders")[0] == 200
    assert shop.call("GET", "/health")[0] == 200
    assert shop.call("GET", "/admin") == NO_SUCH_METHOD
    assert shop.call("GET", "/admin", authorization="AWS4-HMAC-SHA256 Credential=x")[0] == 200
    assert shop.call("GET", "/partners")[0] == 401
    assert shop.call("GET", "/partners", x_partner_token="stranger")[0] == 403
    assert shop.call("GET", "/partners", x_partner_token="partner-1")[0] == 200


def test_the_callers_key_stands_in_the_log(shop: Shop) -> None:
    """By its id, in the API's own format; a call without a key has none."""
    shop.call("GET", "/orders/7", x_api_key=key_of(shop, "globex"))
    shop.call("GET", "/orders/7")
    logs = boto3.client("logs")

    def lines() -> list[dict[str, str]] | None:
        events = logs.filter_log_events(logGroupName=shop.second.log_group)["events"]
        found = [json.loads(event["message"]) for event in events]
        return found if len(found) == 2 else None

    (key_id,) = (key.id for key in shop.second.api_keys if key.name == "globex")
    assert {(line["status"], line["apiKeyId"]) for line in until(lines)} == {
        ("200", key_id),
        ("403", "-"),
    }
    assert {line["resourcePath"] for line in until(lines)} == {"/orders/{id}"}


def test_a_new_method_waits_for_its_deployment(shop: Shop) -> None:
    """It is there by API, is not served, and is served by whichever deployment comes next."""
    key = key_of(shop, "acme")
    shop.look()
    assert shop.call("DELETE", "/orders/7", x_api_key=key) == NO_SUCH_METHOD
    shop.gateway.create_deployment(restApiId=shop.second.id, stageName=shop.second.stage)
    until(lambda: shop.call("DELETE", "/orders/7", x_api_key=key)[0] == 200)


def test_a_stage_serves_what_its_deployment_had(shop: Shop) -> None:
    """A changed method waits too, and going back to the earlier deployment undoes it."""
    before = shop.gateway.get_stage(restApiId=shop.second.id, stageName=shop.second.stage)
    shop.patch_method("/orders", "GET", apiKeyRequired="false")
    shop.look()
    assert shop.call("GET", "/orders") == FORBIDDEN
    shop.deploy()
    assert shop.call("GET", "/orders")[0] == 200
    shop.patch_stage("replace", "/deploymentId", before["deploymentId"])
    until(lambda: shop.call("GET", "/orders") == FORBIDDEN)


def test_a_gateway_response_waits_for_its_deployment(shop: Shop) -> None:
    """As methods do: a refusal reads as it was deployed."""
    shop.gateway.put_gateway_response(
        restApiId=shop.second.id,
        responseType="INVALID_API_KEY",
        statusCode="401",
        responseTemplates={"application/json": '{"send":"x-api-key"}'},
    )
    shop.look()
    assert shop.call("GET", "/orders") == FORBIDDEN
    shop.deploy()
    assert shop.call("GET", "/orders") == (401, '{"send":"x-api-key"}')


def test_a_gateway_that_starts_later_leaves_out_what_is_pending(shop: Shop) -> None:
    """It has seen no deployment being made: the deployment's summary says what it has."""
    found = Account(STACK).read()
    stage = found.apis[shop.second.id].stages[shop.second.stage]
    served = found.served(found.apis[shop.second.id], stage)
    methods = {one.path: set(one.methods) for one in served.resources}
    assert methods["/orders/{id}"] == {"GET"}
    assert methods["/orders"] == {"GET", "POST", "OPTIONS"}


def test_stage_settings_act_at_once(shop: Shop) -> None:
    """Variables and the access log's format need no deployment; a log that is removed is gone."""
    shop.patch_stage("replace", "/accessLogSettings/format", "$context.status $context.path")
    shop.look()
    shop.call("GET", "/health")
    logs = boto3.client("logs")

    def messages() -> list[str]:
        events = logs.filter_log_events(logGroupName=shop.second.log_group)["events"]
        return [event["message"] for event in events]

    assert until(messages) == [f"200 /{shop.second.stage}/health"]
    shop.patch_stage("remove", "/accessLogSettings")
    shop.look()
    logged = shop.client.get("/_witness").json()["logged"]
    shop.call("GET", "/health")
    assert shop.client.get("/_witness").json()["logged"] == logged


def guard(shop: Shop, path: str) -> tuple[str, str]:
    """A method with an authorizer without identity source and TTL; function and authorizer id."""
    function = make_function(f"echo-{shop.second.id}", ECHO)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    made = shop.gateway.create_authorizer(
        restApiId=shop.second.id,
        name="echo",
        type="REQUEST",
        identitySource="",
        authorizerResultTtlInSeconds=0,
        authorizerUri=uri,
    )
    api = shop.gateway.get_rest_api(restApiId=shop.second.id)
    paths = MockPaths(shop.gateway, shop.second.id, api["rootResourceId"])
    paths.add(path, "GET", {"authorizationType": "CUSTOM", "authorizerId": made["id"]}, WHO_ASKED)
    shop.deploy()
    return function, made["id"]


def test_an_authorizer_without_identity_source_is_asked_each_time(shop: Shop) -> None:
    """Whatever a request holds or lacks; and it is told the stage's variables of now."""
    function, _ = guard(shop, "/guarded")
    permit_authorizers(function, shop.second.id)
    said = [json.loads(shop.call("GET", "/guarded")[1]) for _ in range(2)]
    assert [one["mode"] for one in said] == ["none", "none"]
    assert said[0]["call"] != said[1]["call"]
    shop.patch_stage("replace", "/variables/aforoMode", "shadow")
    until(lambda: json.loads(shop.call("GET", "/guarded")[1])["mode"] == "shadow")
    shop.patch_stage("remove", "/variables/aforoMode")
    until(lambda: json.loads(shop.call("GET", "/guarded")[1])["mode"] == "none")


def test_an_authorizer_needs_the_functions_permission(shop: Shop) -> None:
    """Not that of another API; with its own it is asked at once, and without it no more."""
    function, _ = guard(shop, "/guarded")
    assert shop.call("GET", "/guarded") == MISCONFIGURED
    permit_authorizers(function, "another")
    assert shop.call("GET", "/guarded") == MISCONFIGURED
    permit_authorizers(function, shop.second.id)
    assert shop.call("GET", "/guarded")[0] == 200
    boto3.client("lambda").remove_permission(
        FunctionName=function, StatementId=f"api-{shop.second.id}"
    )
    until(lambda: shop.call("GET", "/guarded") == MISCONFIGURED)


def test_a_deleted_api_is_served_no_more(shop: Shop) -> None:
    """Another that comes is served a moment later, without being told."""
    assert shop.call("GET", "/health")[0] == 200
    other: Any = shop.gateway.create_rest_api(name="short-lived")
    paths = MockPaths(shop.gateway, other["id"], other["rootResourceId"])
    paths.add("/ping", "GET", {"authorizationType": "NONE"})
    shop.gateway.create_deployment(restApiId=other["id"], stageName="now")
    url = f"/_api/{other['id']}/now/ping"
    until(lambda: shop.client.get(url).status_code == 200)
    shop.gateway.delete_rest_api(restApiId=other["id"])
    until(lambda: shop.client.get(url).status_code == 403)


def test_another_stacks_riddle_takes_nothing_away(shop: Shop) -> None:
    """Its API is served without what only the template says; in the gateway's own stack that is an
    error.
    """
    create_stack("riddle", RIDDLE)
    until(lambda: shop.client.get("/riddle").status_code == 200)
    assert shop.client.get("/shop").json() == {"answer": "shop"}
    with pytest.raises(UnresolvedError, match=r"Bucket\.Arn"):
        Account("riddle").read()
