"""Deploys the stand-in of Aforo's Lambda plugin into a running local cloud, and takes it away."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3

from tests.local import plugin

NAME = "aforo-metering"
FILTER = "aforo-metering-filter"
API_KEY = "sk_test_key_of_the_plugin_0123456789abcdefghijkl"
TENANT = "tenant_plugin"
METRIC = "api_calls"
# What its page asks of the stage's format.
LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "responseLatency": "$context.responseLatency",
        "responseLength": "$context.responseLength",
        "stage": "$context.stage",
        "customerId": "$context.authorizer.customerId",
        "keyId": "$context.authorizer.keyId",
    },
    separators=(",", ":"),
)


def install(log_group: str, aforo_url: str) -> None:
    """The log group, where it is not there, the function, and its subscription to the group."""
    logs: Any = boto3.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]:
        logs.create_log_group(logGroupName=log_group)
    made = boto3.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=_role(),
        Handler="function.handler",
        Timeout=30,
        Code={"ZipFile": _artifact()},
        Environment={
            "Variables": {
                "AFORO_ENDPOINT": f"{aforo_url}/v1/ingest/batch",
                "AFORO_API_KEY": API_KEY,
                "DEFAULT_METRIC": METRIC,
            }
        },
    )
    subscribe(log_group, made["FunctionArn"])


def subscribe(log_group: str, function_arn: str) -> None:
    """Every line of the group."""
    boto3.client("lambda").add_permission(
        FunctionName=NAME,
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
    )
    boto3.client("logs").put_subscription_filter(
        logGroupName=log_group, filterName=FILTER, filterPattern="", destinationArn=function_arn
    )


def remove(log_group: str) -> None:
    """With the log group: a next trial begins with an empty one."""
    logs = boto3.client("logs")
    logs.delete_subscription_filter(logGroupName=log_group, filterName=FILTER)
    logs.delete_log_group(logGroupName=log_group)
    boto3.client("lambda").delete_function(FunctionName=NAME)


def aforo_options() -> list[str]:
    """Options of a stand-in for Aforo that the plugin can bill at."""
    return ["--metric", METRIC, "--api-key", f"{API_KEY}={TENANT}"]


def _role() -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    iam = boto3.client("iam")
    names = {role["RoleName"]: role["Arn"] for role in iam.list_roles()["Roles"]}
    if NAME in names:
        return str(names[NAME])
    made = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])


def _artifact() -> bytes:
    packed = io.BytesIO()
    source = Path(plugin.__path__[0], "function.py").read_text()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("function.py", source)
    return packed.getvalue()
