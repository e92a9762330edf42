"""A deployed stack of this application, and an API of the company's that knows nothing of it: made
on the emulator, through the public calls.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3

from functions.operator.command_line import main
from tests.local.small_function import make_function, make_role
from tests.local.waiting import until

FORMAT = (
    '{"requestId":"$context.requestId","apiKeyId":"$context.identity.apiKeyId",'
    '"httpStatus":$context.status,"at":"$context.requestTimeEpoch",'
    '"ip":"$context.identity.sourceIp","agent":"$context.identity.userAgent"}'
)
NO_CODE = "def handler(event, context):\n    return {}\n"


@dataclass
class Adoptable:
    """The stack's name and what it deployed, and the API with its stage `prod`."""

    stack: str
    metering: str
    authorizer: str  # its alias
    bucket: str
    api: str
    log_group: str
    keys: list[str]
    paths: dict[str, str]  # resource ids
    gateway: Any
    logs: Any

    def adopt(self, *words: str, api: str | None = None, stage: str = "prod") -> int:
        place = ["--api", api or self.api, "--stage", stage, "--stack", self.stack]
        return main(["adopt", *place, *words, "--no-wait"])

    def stage(self) -> Any:
        return self.gateway.get_stage(restApiId=self.api, stageName="prod")

    def method(self, path: str, verb: str) -> Any:
        return self.gateway.get_method(
            restApiId=self.api, resourceId=self.paths[path], httpMethod=verb
        )

    def deploy(self) -> str:
        return str(self.gateway.create_deployment(restApiId=self.api, stageName="prod")["id"])

    def filters(self) -> list[str]:
        found = self.logs.describe_subscription_filters(logGroupName=self.log_group)
        return [one["filterName"] for one in found["subscriptionFilters"]]

    def configuration(self) -> Any:
        s3 = boto3.client("s3")
        key = "configuration/metering.json"
        if not s3.list_objects_v2(Bucket=self.bucket, Prefix=key).get("Contents"):
            return {}
        return json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def records(self) -> list[Any]:
        """The newest last."""
        s3 = boto3.client("s3")
        found = s3.list_objects_v2(Bucket=self.bucket, Prefix="adoptions/").get("Contents", [])
        keys = sorted(one["Key"] for one in found)
        return [
            json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys
        ]

    def everything(self) -> Any:
        """All that an adoption could change at the API, its stage and its log group."""
        stage = self.stage()
        shown = ("accessLogSettings", "variables", "deploymentId", "methodSettings")
        resources = self.gateway.get_resources(restApiId=self.api, embed=["methods"])["items"]
        methods = {
            (one["path"], verb): (
                method["authorizationType"],
                method.get("authorizerId") if method["authorizationType"] != "NONE" else None,
                method["apiKeyRequired"],
            )
            for one in resources
            for verb, method in one.get("resourceMethods", {}).items()
        }
        authorizers = self.gateway.get_authorizers(restApiId=self.api)["items"]
        answers = self.gateway.get_gateway_responses(restApiId=self.api)["items"]
        filters = self.logs.describe_subscription_filters(logGroupName=self.log_group)
        return {
            "stage": {name: stage.get(name) or None for name in shown},
            "methods": methods,
            "authorizers": {one["name"]: one["authorizerUri"] for one in authorizers},
            "answers": {one["responseType"]: one for one in answers},
            "filters": {
                one["filterName"]: one["destinationArn"] for one in filters["subscriptionFilters"]
            },
            "permissions": permissions(self.authorizer),
            "sources": self.configuration().get("sources", []),
        }


def permissions(function: str) -> list[str]:
    client = boto3.client("lambda")
    try:
        found = json.loads(client.get_policy(FunctionName=function)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return []
    return [one["Sid"] for one in found["Statement"]]


def made_stack(name: str, **settings: str) -> dict[str, str]:
    """Its outputs, once they are there; `settings` are the authorizer's."""
    metering = make_function(f"{name}-MeteringFunction-1", NO_CODE)
    authorizer = make_function(f"{name}-AuthorizerFunction-1", NO_CODE, **settings)
    lambdas = boto3.client("lambda")
    version = lambdas.publish_version(FunctionName=authorizer)["Version"]
    alias = lambdas.create_alias(FunctionName=authorizer, Name="live", FunctionVersion=version)[
        "AliasArn"
    ]
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    outputs = {
        "MeteringFunctionArn": metering,
        "AuthorizerFunctionArn": authorizer,
        "AuthorizerAliasArn": alias,
        "ConfigurationBucketName": name,
        "DeployedSources": "",
    }
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": text} for key, text in outputs.items()},
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))

    def are_there() -> bool:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return len(stack.get("Outputs", [])) == len(outputs)

    until(are_there)
    return outputs


def made_adoptable(*, log_format: str | None = FORMAT, **settings: str) -> Iterator[Adoptable]:
    """Stack and API; the API goes again."""
    name = f"adopting-{uuid4().hex[:8]}"
    outputs = made_stack(name, **settings)
    gateway: Any = boto3.client("apigateway")
    gateway.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": make_role(name)}]
    )
    logs: Any = boto3.client("logs")
    group = f"/orders/{name}"
    logs.create_log_group(logGroupName=group)
    logs.put_subscription_filter(
        logGroupName=group,
        filterName="datadog",
        filterPattern="",
        destinationArn=make_function(f"{name}-datadog", NO_CODE),
    )
    api = gateway.create_rest_api(name=f"orders {name}")["id"]
    paths = made_paths(gateway, api)
    gateway.create_deployment(restApiId=api, stageName="prod")
    if log_format is not None:
        arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"
        path = "/accessLogSettings"
        gateway.update_stage(
            restApiId=api,
            stageName="prod",
            patchOperations=[
                {"op": "replace", "path": f"{path}/destinationArn", "value": arn},
                {"op": "replace", "path": f"{path}/format", "value": log_format},
                {"op": "replace", "path": "/variables/backend", "value": "blue"},
            ],
        )
    keys = made_keys(gateway, api, name)
    yield Adoptable(
        name,
        outputs["MeteringFunctionArn"],
        outputs["AuthorizerAliasArn"],
        name,
        api,
        group,
        keys,
        paths,
        gateway,
        logs,
    )
    gateway.delete_rest_api(restApiId=api)
    # The account's other tests begin without one.
    gateway.update_account(patchOperations=[{"op": "remove", "path": "/cloudwatchRoleArn"}])


def made_paths(gateway: Any, api: str) -> dict[str, str]:
    """`/orders` with keys, a preflight, an IAM method; `/reports` with its own authorizer."""
    (root,) = gateway.get_resources(restApiId=api)["items"]
    paths = {
        part: gateway.create_resource(restApiId=api, parentId=root["id"], pathPart=part)["id"]
        for part in ("orders", "reports", "health")
    }
    own = gateway.create_authorizer(
        restApiId=api,
        name="own-auth",
        type="REQUEST",
        identitySource="method.request.header.X-Own",
        authorizerUri="arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:us-east-1:000000000000:function:own/invocations",
    )["id"]
    for part, verb, kind, asked, needs_key in (
        ("orders", "GET", "NONE", None, True),
        ("orders", "POST", "AWS_IAM", None, False),
        ("orders", "OPTIONS", "NONE", None, False),
        ("reports", "GET", "CUSTOM", own, False),
        ("health", "GET", "NONE", None, False),
    ):
        place = {"restApiId": api, "resourceId": paths[part], "httpMethod": verb}
        whose = {"authorizerId": asked} if asked else {}
        gateway.put_method(**place, authorizationType=kind, apiKeyRequired=needs_key, **whose)
        gateway.put_integration(**place, type="MOCK")
    return {f"/{part}": found for part, found in paths.items()}


def made_keys(gateway: Any, api: str, name: str) -> list[str]:
    """Two API keys in one usage plan of the stage."""
    plan = gateway.create_usage_plan(name="gold", apiStages=[{"apiId": api, "stage": "prod"}])
    keys = []
    for number in range(2):
        key = gateway.create_api_key(name=f"{name}-{number}", enabled=True)["id"]
        gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key, keyType="API_KEY")
        keys.append(key)
    return keys
