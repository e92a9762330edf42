"""A second REST API in a local cloud, as somebody else's team made it: nothing of it is metered.

Made by API calls and by no template. It has what an adoption has to be careful about: an access log
of its own format that is read by another's filter, callers with API keys, an authorizer of its own,
OPTIONS, a method of AWS_IAM, and a change that nobody has deployed yet. It serves nobody by itself.
"""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from tests.local.endpoints import SecondApi, SecondApiKey
from tests.local.mock_paths import MockPaths
from tests.local.partner_authorizer import add_partner_authorizer
from tests.local.stage_log import log_operations, look_again

STAGE = "prod"
CALLERS = ("acme", "globex", "initech")
# A usual format. It has no extendedRequestId, API or stage, and names the caller by the key's id.
LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "apiKeyId": "$context.identity.apiKeyId",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "responseLatency": "$context.responseLatency",
    }
)
LOG_READER = "datadog"  # the one filter that the log group has: another may be added
KEY_NEEDED: Mapping[str, Any] = {"authorizationType": "NONE", "apiKeyRequired": True}
OPEN: Mapping[str, Any] = {"authorizationType": "NONE"}
METHODS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("/orders", "GET", KEY_NEEDED),
    ("/orders", "POST", KEY_NEEDED),
    ("/orders", "OPTIONS", OPEN),
    ("/orders/{id}", "GET", KEY_NEEDED),
    ("/health", "GET", OPEN),
    ("/admin", "GET", {"authorizationType": "AWS_IAM"}),
)
PENDING = ("/orders/{id}", "DELETE", KEY_NEEDED)


def make_second_api(gateway_url: str, name: str = "orders") -> SecondApi:
    """In the account of this process's environment, served by the gateway there."""
    log_group = f"/aws/apigateway/{name}-{STAGE}"
    gateway: Any = boto3.client("apigateway")
    api = gateway.create_rest_api(name=name, description="Orders of the web shop")
    paths = MockPaths(gateway, api["id"], api["rootResourceId"])
    for path, verb, options in METHODS:
        paths.add(path, verb, options)
    partners = add_partner_authorizer(gateway, api["id"], f"{name}-partners")
    paths.add("/partners", "GET", {"authorizationType": "CUSTOM", "authorizerId": partners})
    deployment = gateway.create_deployment(restApiId=api["id"], description="first")["id"]
    gateway.create_stage(restApiId=api["id"], stageName=STAGE, deploymentId=deployment)
    _write_log(gateway, api["id"], log_group)
    keys = [_key(gateway, caller) for caller in CALLERS]
    _usage_plan(gateway, api["id"], f"{name}-callers", keys)
    # The gateway copies what is deployed when it looks; a change of now is for the next deployment.
    look_again(gateway_url)
    paths.add(*PENDING)
    url = f"{gateway_url}/_api/{api['id']}/{STAGE}"
    return SecondApi(id=api["id"], stage=STAGE, url=url, log_group=log_group, api_keys=keys)


def _write_log(gateway: Any, api_id: str, log_group: str) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=log_group)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
    arn = group["arn"].removesuffix(":*")
    region, account = arn.split(":")[3:5]
    # ministack keeps a filter to Firehose, and delivers nothing there.
    logs.put_subscription_filter(
        logGroupName=log_group,
        filterName=LOG_READER,
        filterPattern="",
        destinationArn=f"arn:aws:firehose:{region}:{account}:deliverystream/{LOG_READER}",
        roleArn=f"arn:aws:iam::{account}:role/{LOG_READER}",
    )
    # Without a role of the account no API of it logs anything.
    role = f"arn:aws:iam::{account}:role/api-gateway-logs"
    gateway.update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    settings = {"destinationArn": arn, "format": LOG_FORMAT}
    gateway.update_stage(
        restApiId=api_id,
        stageName=STAGE,
        patchOperations=log_operations(settings),
    )


def _key(gateway: Any, name: str) -> SecondApiKey:
    made = gateway.create_api_key(name=name, enabled=True)
    return SecondApiKey(id=made["id"], name=name, value=made["value"])


def _usage_plan(gateway: Any, api_id: str, name: str, keys: list[SecondApiKey]) -> None:
    plan = gateway.create_usage_plan(
        name=name,
        apiStages=[{"apiId": api_id, "stage": STAGE}],
        throttle={"rateLimit": 50.0, "burstLimit": 100},
        quota={"limit": 100_000, "period": "MONTH"},
    )
    for key in keys:
        gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key.id, keyType="API_KEY")
