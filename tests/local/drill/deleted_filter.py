"""Somebody deletes the subscription filter of the access log: what is served is not metered."""

import json
from typing import Any

import boto3

from tests.local.demo.lost_filter import delete_filters
from tests.local.deploy import physical_ids
from tests.local.endpoints import Endpoints
from tests.local.stage_log import api_of, format_v1, write_log
from tests.local.waiting import until

LOOK_SECONDS = 60.0
ONE_SOURCE = 1.0  # SourcesSilent
RESPONSE, REFUSED = "ACCESS_DENIED", "429"


def cause(endpoints: Endpoints) -> None:
    """The emulator's CloudFormation drops the stage's log settings and the gateway response: made
    first, since the source check must find nothing but what is practised.
    """
    _as_declared(endpoints)
    delete_filters(boto3.client("logs"), endpoints.access_log_group)


def figure(endpoints: Endpoints) -> float:
    """Silent sources, once the check, asked as its schedule asks it, says what changed."""
    function = physical_ids(endpoints.stack_name)["AuditSourceCheckFunction"]

    def look() -> bool:
        answer = boto3.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps({"look": "stages"}).encode()
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return bool(found.get("changed"))

    until(look, LOOK_SECONDS, every=1.0)
    return ONE_SOURCE


def _as_declared(endpoints: Endpoints) -> None:
    gateway: Any = boto3.client("apigateway")
    api, stage = api_of(endpoints), endpoints.stage
    found = gateway.get_stage(restApiId=api, stageName=stage)
    if not found.get("accessLogSettings"):
        write_log(endpoints, stage, log_group=endpoints.access_log_group, log_format=format_v1())
    gateway.put_gateway_response(restApiId=api, responseType=RESPONSE, statusCode=REFUSED)
