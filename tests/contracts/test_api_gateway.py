"""What an adoption relies on of API Gateway and CloudWatch Logs, of the fakes that unit tests use
and of the emulator's alike.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.operator.adopt.denial_answers import denial_answers
from functions.operator.adopt.planned_change import (
    NEW_DEPLOYMENT,
    OURS,
    ChangeKind,
    PlannedChange,
    Value,
)
from functions.operator.adopt.writers.api_writers import (
    AnswerWriter,
    AuthorizerWriter,
    MethodWriter,
)
from functions.operator.adopt.writers.log_writers import LogGroupWriter, SubscriptionWriter
from functions.operator.adopt.writers.stage_writers import (
    AccessLogWriter,
    DeploymentWriter,
    ModeWriter,
    StageOf,
)
from tests.fakes.adopting import method, world

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:ours:live/invocations"
)
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:contract"


class Neighbours(NamedTuple):
    """An API with `GET /orders`, deployed to `prod`; `resource` is the path's id."""

    gateway: Any
    logs: Any
    api: str
    resource: str


def _fake() -> Neighbours:
    made = world({("/orders", "GET"): method()}, log_format=None)
    return Neighbours(made.gateway, made.logs, "api1", "/orders")


def _real() -> Neighbours:
    gateway: Any = boto3.client("apigateway")
    api = gateway.create_rest_api(name=f"contract-{uuid4()}")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    resource = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="orders")["id"]
    place = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(**place, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod")
    return Neighbours(gateway, boto3.client("logs"), api, resource)


@pytest.fixture(params=["fake", "real"])
def neighbours(request: pytest.FixtureRequest) -> Iterator[Neighbours]:
    if request.param == "fake":
        yield _fake()
        return
    request.getfixturevalue("on_ministack")
    made = _real()
    yield made
    made.gateway.delete_rest_api(restApiId=made.api)


def goes_and_comes_back(writer: Any, change: PlannedChange) -> None:
    """Written it is read, written again it is the same, and what was there comes back; twice."""
    assert writer.read(change) == change.before
    for value in (change.after, change.after, change.before, change.before):
        writer.write(change, value)
        assert writer.read(change) == value


def changed(kind: ChangeKind, before: Value, after: Value, **target: str) -> PlannedChange:
    return PlannedChange(kind, target, before, after)


def test_what_stands_at_a_stage(neighbours: Neighbours) -> None:
    """Its access log, a variable beside another one, and the deployment that it serves."""
    gateway, _, api, _ = neighbours
    stage = StageOf(gateway, api, "prod")
    stage.patch({"op": "replace", "path": "/variables/backend", "value": "blue"})
    log = {"destinationArn": "arn:aws:logs:us-east-1:0:log-group:/a/b", "format": '{"a":"b/~1"}'}
    access_log = AccessLogWriter(stage)
    goes_and_comes_back(access_log, changed(ChangeKind.ACCESS_LOG, None, log, name="prod"))
    mode = changed(ChangeKind.MODE, None, {"value": "shadow"}, name="aforoMode")
    goes_and_comes_back(ModeWriter(stage), mode)
    assert stage.get()["variables"] == {"backend": "blue"}
    deployment = DeploymentWriter(stage)
    old = deployment.read(mode)
    made = deployment.write(mode, NEW_DEPLOYMENT)
    assert made == deployment.read(mode) != old
    deployment.write(mode, old)
    assert deployment.read(mode) == old
    assert stage.get()["variables"] == {"backend": "blue"}


def test_what_stands_at_an_api(neighbours: Neighbours) -> None:
    """Our authorizer, a method that asks it, an answer."""
    gateway, _, api, resource = neighbours
    authorizer = AuthorizerWriter(gateway, api, lambda uri: ":ours:" in uri)
    said = {"authorizerUri": URI, "identitySource": "", "authorizerResultTtlInSeconds": 0}
    one = changed(ChangeKind.AUTHORIZER, None, said, name="aforo")
    goes_and_comes_back(authorizer, one)
    authorizer.write(one, {**said, "authorizerResultTtlInSeconds": 300, "identitySource": "x"})
    authorizer.write(one, said)
    assert authorizer.read(one) == said
    none = {"authorizationType": "NONE", "authorizerId": None}
    ours = {"authorizationType": "CUSTOM", "authorizerId": OURS}
    target = {"name": "GET /orders", "resourceId": resource, "verb": "GET"}
    goes_and_comes_back(
        MethodWriter(gateway, api, authorizer), changed(ChangeKind.METHOD, none, ours, **target)
    )
    for kind, answer in denial_answers("either").items():
        goes_and_comes_back(
            AnswerWriter(gateway, api), changed(ChangeKind.ANSWER, None, answer, name=kind)
        )


def test_what_stands_at_a_log_group(neighbours: Neighbours) -> None:
    """The group while nothing was written to it, and our filter beside another one."""
    logs = neighbours.logs
    name = f"/contract/{uuid4()}"
    group = changed(ChangeKind.LOG_GROUP, None, {}, name=name)
    goes_and_comes_back(LogGroupWriter(logs), group)
    logs.create_log_group(logGroupName=name)
    said = {"destinationArn": FUNCTION, "filterPattern": ""}
    ours = changed(ChangeKind.SUBSCRIPTION, None, said, name="aforo", logGroup=name)
    place = {"logGroupName": name, "filterPattern": "", "destinationArn": FUNCTION}
    logs.put_subscription_filter(filterName="aforo-other", **place)
    goes_and_comes_back(SubscriptionWriter(logs), ours)
    found = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    assert [one["filterName"] for one in found] == ["aforo-other"]


def test_what_is_not_there_is_told(neighbours: Neighbours) -> None:
    """A stage, a deployment."""
    gateway, _, api, _ = neighbours
    with pytest.raises(ClientError, match="NotFoundException"):
        gateway.get_stage(restApiId=api, stageName="none")
    with pytest.raises(ClientError, match="NotFoundException"):
        gateway.get_deployment(restApiId=api, deploymentId="none", embed=["apisummary"])
