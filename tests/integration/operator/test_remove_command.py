"""Removing a stack whose APIs, log group and queues are real as far as the emulator's are."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.operator.command_line import main
from functions.operator.removal import draining
from tests.local.ministack import Ministack
from tests.local.waiting import until

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"
QUEUES = ("UsageQueue", "UsageDeadLetterQueue", "SettledUsageQueue", "CounterDeadLetterQueue")
BUCKETS = ("LedgerBucket", "QuarantineBucket", "ConfigurationBucket")
AT_ONCE = ("--quiet-seconds", "0", "--wait-seconds", "5")


def template(names: dict[str, str]) -> str:
    """A stack of this application as far as its end is concerned."""
    queues = {name: {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"} for name in QUEUES}
    buckets = {name: {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"} for name in BUCKETS}
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "its own demo"}}
    outputs = {
        **{f"{name}Url": {"Ref": name} for name in QUEUES},
        **{f"{name}Name": {"Ref": name} for name in BUCKETS},
        "AuthorizerFunctionArn": f"{FUNCTION}:{names['authorizer']}",
        "MeteringFunctionArn": names["metering"],
        "DeployedSources": f"a=access:{names['log_group']},b=access:gone-{names['log_group']}",
        "OwnApi": {"Ref": "DemoApi"},
    }
    return json.dumps(
        {
            "Resources": {**queues, **buckets, "DemoApi": api},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )


@dataclass
class Standing:
    """A deployed stack, and an API of the company's whose callers its authorizer lets in."""

    name: str
    log_group: str
    outputs: dict[str, str]
    api: str

    def remove(self, *words: str) -> int:
        return main(["remove", "--stack", self.name, *words])

    def filters(self) -> list[str]:
        found = boto3.client("logs").describe_subscription_filters(logGroupName=self.log_group)
        return [one["filterName"] for one in found["subscriptionFilters"]]

    def send(self, queue: str) -> None:
        boto3.client("sqs").send_message(QueueUrl=self.outputs[f"{queue}Url"], MessageBody="{}")

    def empty(self, queue: str) -> None:
        boto3.client("sqs").purge_queue(QueueUrl=self.outputs[f"{queue}Url"])


@pytest.fixture
def standing(on_ministack: Ministack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.05)
    name = f"metering-{uuid4().hex[:8]}"
    logs: Any = boto3.client("logs")
    logs.create_log_group(logGroupName=name)
    stream = boto3.client("kinesis")
    stream.create_stream(StreamName=name, ShardCount=1)
    metering = f"arn:aws:kinesis:us-east-1:000000000000:stream/{name}"
    logs.put_subscription_filter(
        logGroupName=name, filterName="metering", filterPattern="", destinationArn=metering
    )
    cloudformation = boto3.client("cloudformation")
    body = template({"authorizer": name, "metering": metering, "log_group": name})
    cloudformation.create_stack(StackName=name, TemplateBody=body)

    def outputs() -> dict[str, str]:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    until(lambda: "OwnApi" in outputs())
    add_authorizer(outputs()["OwnApi"], name)
    api = boto3.client("apigateway").create_rest_api(name="the shop")["id"]
    add_authorizer(api, name)
    yield Standing(name, name, outputs(), api)
    # Else the next test would find it pointing at a function of its own stack's name.
    if any(one["id"] == api for one in boto3.client("apigateway").get_rest_apis()["items"]):
        boto3.client("apigateway").delete_rest_api(restApiId=api)


def add_authorizer(api: str, function: str) -> None:
    """A method that asks the alias `live` of the function, deployed to a stage."""
    gateway: Any = boto3.client("apigateway")
    path = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
    authorizer = gateway.create_authorizer(
        restApiId=api,
        name="usage",
        type="REQUEST",
        identitySource="method.request.header.Authorization",
        authorizerUri=f"{path}/{FUNCTION}:{function}:live/invocations",
    )
    (root,) = gateway.get_resources(restApiId=api)["items"]
    place = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    gateway.put_integration(**place, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="live")


def carry_out(command: str) -> None:
    """A line of the aws CLI, by its operation and options."""
    _, service, operation, *words = shlex.split(command)
    options: dict[str, Any] = dict(zip(words[::2], words[1::2], strict=True))
    arguments = {
        re.sub(r"-(\w)", lambda found: found[1].upper(), name.removeprefix("--")): value
        for name, value in options.items()
    }
    if patch := arguments.get("patchOperations"):
        arguments["patchOperations"] = [dict(pair.split("=") for pair in patch.split(","))]
    client: Any = boto3.client(service)  # type: ignore[call-overload]
    getattr(client, operation.replace("-", "_"))(**arguments)


def test_the_plan_changes_nothing_and_says_all(
    standing: Standing, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose API it is, which filters, what waits, what stays, and the command that ends it."""
    standing.send("UsageQueue")
    assert standing.remove() == 0
    out, err = capsys.readouterr()
    assert "the shop (asked today by the stages live)" in out
    assert "its own demo" not in out
    assert f"--rest-api-id {standing.api}" in out
    assert f"{standing.log_group}: metering" in out
    assert "UsageQueue 1, SettledUsageQueue 0, incomplete requests 0" in out
    assert f"aws cloudformation delete-stack --stack-name {standing.name}" in out
    assert all(standing.outputs[f"{bucket}Name"] in out for bucket in BUCKETS)
    assert all(standing.outputs[f"{queue}Url"] in out for queue in QUEUES)
    assert "nothing was changed" in err
    assert standing.filters() == ["metering"]


def test_an_adopted_ledger_stays_as_well(
    standing: Standing, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no resource of the stack that goes on with it; the plan names it all the same."""
    names = {"authorizer": "none", "metering": "none", "log_group": standing.log_group}
    page = json.loads(template(names))
    del page["Resources"]["LedgerBucket"]
    page["Outputs"]["LedgerBucketName"] = {"Value": "the-old-ledger"}
    name, cloudformation = f"again-{standing.name}", boto3.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(page))
    until(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs"))
    assert main(["remove", "--stack", name]) == 0
    assert "aws s3api delete-bucket --bucket the-old-ledger" in capsys.readouterr().out


def test_with_the_authorizer_on_nothing_is_done(
    standing: Standing, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its callers would get 500. By the commands that it shows it is taken off, stages and all."""
    assert standing.remove("--apply", *AT_ONCE) == 1
    shown = capsys.readouterr().out
    assert standing.filters() == ["metering"]
    commands = re.findall(r"^ *(aws apigateway .*)$", shown, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        carry_out(command)
    assert standing.remove("--apply", *AT_ONCE) == 0
    assert "no API of this Region points at it" in capsys.readouterr().out
    assert standing.filters() == []


def test_it_ends_when_all_usage_is_settled(
    standing: Standing, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not while any is on its way, nor while any is set aside: the next try goes on from there."""
    boto3.client("apigateway").delete_rest_api(restApiId=standing.api)
    standing.send("SettledUsageQueue")
    standing.send("UsageDeadLetterQueue")
    assert standing.remove("--apply", "--quiet-seconds", "0", "--wait-seconds", "0.2") == 1
    out, err = capsys.readouterr()
    assert "delete-stack" not in out
    assert "not drained in time" in err
    assert standing.filters() == []
    standing.empty("SettledUsageQueue")
    assert standing.remove("--apply", *AT_ONCE) == 1
    out, _ = capsys.readouterr()
    assert "set aside, unbilled: UsageDeadLetterQueue 1" in out
    assert f"aforo-metering replay start --stack {standing.name}" in out
    standing.empty("UsageDeadLetterQueue")
    assert standing.remove("--apply", *AT_ONCE) == 0
    out, _ = capsys.readouterr()
    assert "delete-stack" in out
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName=standing.name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--stack", "no-such-stack"], "--stack no-such-stack"),
        (["--stack", "any", "--wait-seconds", "-1"], "--wait-seconds"),
        ([], "--stack"),
    ],
)
def test_what_is_wrong_is_one_line(
    on_ministack: Ministack, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """Status 2, and the option."""
    assert on_ministack.endpoint_url
    assert main(["remove", *words]) == 2
    assert said in capsys.readouterr().err
