"""The REST API that is to be protected, and its stages that are to be metered."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from functions.adapters.not_there import or_none
from functions.audit.sources.stage_check import is_log_group, lacking
from functions.metering.configuration.source_declaration import EXECUTION_LOGS
from functions.operator.preflight.finding import Finding, error, ok, warning
from functions.operator.preflight.intended import Intended

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_apigateway.type_defs import StageTypeDef

# API Gateway's quota of an API, unless it was raised.
MOST_AUTHORIZERS = 10
_FORMAT = "docs/reference/logs.md has the format to set"


def check_gateway(gateway: "APIGatewayClient", intended: Intended) -> Iterator[Finding]:
    """Every finding about RestApiId."""
    api_id = intended["RestApiId"]
    if not api_id:
        return
    api = or_none(lambda: gateway.get_rest_api(restApiId=api_id))
    if api is None:
        yield error(
            "RestApiId",
            f"{api_id} is no REST API of this account and Region",
            "`aws apigateway get-rest-apis` lists them; HTTP and WebSocket APIs cannot be metered",
        )
        return
    yield ok("RestApiId", f"{api_id}, {api.get('name', '')}")
    yield _authorizers(gateway, api_id)
    yield from _methods(gateway, api_id, has_policy=bool(api.get("policy")))
    yield from _stages(gateway.get_stages(restApiId=api_id)["item"], intended)


def _authorizers(gateway: "APIGatewayClient", api_id: str) -> Finding:
    found = gateway.get_authorizers(restApiId=api_id, limit=500)["items"]
    if len(found) >= MOST_AUTHORIZERS:
        return error(
            "authorizers",
            f"the API has {len(found)}, API Gateway takes {MOST_AUTHORIZERS} unless it was raised",
            "remove one, or have the quota raised",
        )
    return ok("authorizers", f"{len(found)} of {MOST_AUTHORIZERS}")


def _methods(gateway: "APIGatewayClient", api_id: str, *, has_policy: bool) -> Iterator[Finding]:
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    kinds = Counter(
        method.get("authorizationType", "NONE")
        for page in pages
        for resource in page["items"]
        for name, method in resource.get("resourceMethods", {}).items()
        if name != "OPTIONS"
    )
    others = {kind: kinds[kind] for kind in ("AWS_IAM", "COGNITO_USER_POOLS") if kinds[kind]}
    if others or has_policy:
        said = [f"{count} methods with {kind}" for kind, count in others.items()]
        said += ["a resource policy"] * has_policy
        yield warning(
            "other denials",
            f"{' and '.join(said)}: their denials get the same gateway response as ours",
            "attach-by-hand.md (Who else answers ACCESS_DENIED) says what callers see then",
        )
    unprotected = kinds["NONE"]
    yield ok("methods", f"{sum(kinds.values())}, {unprotected} without any authorization")


def _stages(stages: "list[StageTypeDef]", intended: Intended) -> Iterator[Finding]:
    group = intended["AccessLogGroupName"]
    if not group:
        return
    found = [one for one in stages if _logs_to(one, group, intended)]
    if not found:
        names = ", ".join(one["stageName"] for one in stages) or "none"
        yield error(
            "stage",
            f"no stage of {intended['RestApiId']} logs to {group} (stages: {names})",
            "set its access log (accessLogSettings), or its log level to INFO, and deploy it",
        )
    for stage in found:
        yield from _stage(stage, intended["LogSource"])


def _logs_to(stage: "StageTypeDef", group: str, intended: Intended) -> bool:
    if intended["LogSource"] == "execution":
        own = f"{EXECUTION_LOGS}{intended['RestApiId']}/{stage['stageName']}"
        return group == own
    destination = stage.get("accessLogSettings", {}).get("destinationArn", "")
    return is_log_group(destination, group)


def _stage(stage: "StageTypeDef", source: str) -> Iterator[Finding]:
    name = stage["stageName"]
    if source == "execution":
        yield _level(stage)
    else:
        lacks = lacking(stage.get("accessLogSettings", {}).get("format", ""))
        yield (
            error(
                f"stage {name}",
                f"its log format lacks {', '.join(lacks)}: nothing can be billed",
                _FORMAT,
            )
            if lacks
            else ok(f"stage {name}", "its log format has what identifies a request")
        )
    if stage.get("webAclArn"):
        yield ok(f"stage {name}", "a WAF stands before it: what it blocks keeps its own 403")


def _level(stage: "StageTypeDef") -> Finding:
    every = stage.get("methodSettings", {}).get("*/*", {})
    level = every.get("loggingLevel", "OFF")
    name = f"stage {stage['stageName']}"
    if level != "INFO":
        return error(
            name, f"its log level is {level}", "set it to INFO for all methods, and deploy"
        )
    return ok(name, "its log level is INFO")
