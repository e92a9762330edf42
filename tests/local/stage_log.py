"""A stage's access log in a running local cloud: where it goes, and in which format.

Changed through API Gateway's own API, as an operator does it; our gateway then reads its stages
again, which AWS does by itself.
"""

import re
from collections.abc import Mapping
from typing import Any

import boto3
import httpx

from tests.local.endpoints import ROOT, Endpoints


def add_stage(endpoints: Endpoints, name: str) -> str:
    """Another stage of the demo API, with the same deployment; its URL."""
    client: Any = boto3.client("apigateway")
    api = api_of(endpoints)
    stages = {one["stageName"]: one for one in client.get_stages(restApiId=api)["item"]}
    demo = stages[endpoints.stage]
    if name not in stages:
        client.create_stage(restApiId=api, stageName=name, deploymentId=demo["deploymentId"])
    return f"{endpoints.gateway_url}/{name}"


def write_log(
    endpoints: Endpoints, stage: str, *, log_group: str, log_format: str | None = None
) -> None:
    """From the next request on. The format stays where none is given."""
    logs: Any = boto3.client("logs")
    (found,) = [
        one
        for one in logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
        if one["logGroupName"] == log_group
    ]
    settings = {"destinationArn": found["arn"].removesuffix(":*")}
    if log_format is not None:
        settings["format"] = log_format
    boto3.client("apigateway").update_stage(
        restApiId=api_of(endpoints), stageName=stage, patchOperations=log_operations(settings)
    )
    look_again(endpoints.gateway_url)


def remove_stage(endpoints: Endpoints, name: str) -> None:
    boto3.client("apigateway").delete_stage(restApiId=api_of(endpoints), stageName=name)


def format_v1() -> str:
    """The template's own, found as docs/how-to/attach-by-hand.md finds it."""
    template = (ROOT / "template.yaml").read_text()
    return str(re.findall(r"^ +Format: '(\{\"v\".*)'$", template, re.MULTILINE)[0])


def api_of(endpoints: Endpoints) -> str:
    """The demo API's id."""
    resources = boto3.client("cloudformation").describe_stack_resources(
        StackName=endpoints.stack_name
    )["StackResources"]
    return next(
        one["PhysicalResourceId"]
        for one in resources
        if one["ResourceType"] == "AWS::ApiGateway::RestApi"
    )


def look_again(gateway_url: str) -> None:
    """Whatever was changed is served once this is answered."""
    httpx.post(f"{gateway_url}/_reload", timeout=60, trust_env=False).raise_for_status()


def log_operations(settings: Mapping[str, str]) -> list[Any]:
    """Of UpdateStage, for the settings of an access log."""
    return [
        {"op": "replace", "path": f"/accessLogSettings/{name}", "value": value}
        for name, value in settings.items()
    ]
