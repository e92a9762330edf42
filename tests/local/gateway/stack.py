"""Read a deployed stack: a stack's name comes in, its REST APIs as a `Deployment` leave.

Public APIs only, so it reads a stack on AWS as well. Where ministack drops something on deployment
(access log settings, ANY methods and gateway responses of an API body) the processed template says
what was meant; what the APIs answer wins.
"""

from collections.abc import Mapping
from typing import Any

import boto3
import yaml

from tests.local.gateway.api_body import (
    KEY_SOURCE,
    authorizer_ids,
    binary_media_types,
    body_resources,
    body_responses,
    resource_policy,
)
from tests.local.gateway.deployment import (
    Api,
    ApiKey,
    Authorizer,
    Deployment,
    GatewayResponse,
    Resource,
    Stage,
    UsagePlan,
)
from tests.local.gateway.intrinsics import Scope
from tests.local.gateway.method import function_arn, read_gateway_response, read_method
from tests.local.gateway.stack_names import read_scope
from tests.local.gateway.stage import declared_access_logs, read_stage

SAM_EXTRA_STAGE = "Stage"  # SAM's deployment makes it as a side effect; nobody asked for it


class StackError(RuntimeError):
    """The stack cannot be served; the message names the resource and what to do."""


class Stack:
    """One deployed stack, read through boto3 with the credentials of the environment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._formation = boto3.client("cloudformation")
        self._gateway: Any = boto3.client("apigateway")

    def read(self) -> Deployment:
        """Everything that the gateway serves. Raises StackError when there is no REST API."""
        template = self._template()
        scope = read_scope(self._formation, self.name, template)
        apis = [
            self._api(logical, body, scope, template)
            for logical, body in template["Resources"].items()
            if body["Type"] == "AWS::ApiGateway::RestApi" and logical in scope.references
        ]
        if not apis:
            raise StackError(
                f"stack {self.name} has no AWS::ApiGateway::RestApi: deploy it with one"
            )
        return Deployment(
            apis={api.id: api for api in apis}, keys=self._keys(), plans=self._plans()
        )

    def _template(self) -> dict[str, Any]:
        answer = self._formation.get_template(StackName=self.name, TemplateStage="Processed")
        body: Any = answer["TemplateBody"]
        template: dict[str, Any] = yaml.safe_load(body) if isinstance(body, str) else body
        return template

    def _api(
        self, logical: str, body: Mapping[str, Any], scope: Scope, template: Mapping[str, Any]
    ) -> Api:
        api_id = scope.references[logical]
        described = self._gateway.get_rest_api(restApiId=api_id)
        authorizers = self._authorizers(api_id)
        properties = body.get("Properties", {})
        definition = properties.get("Body", {})
        declared = body_resources(definition, authorizer_ids(authorizers), scope)
        return Api(
            id=api_id,
            account_id=scope.references["AWS::AccountId"],
            region=scope.references["AWS::Region"],
            resources=self._resources(api_id, declared),
            authorizers=authorizers,
            stages=self._stages(api_id, scope, template),
            responses=body_responses(definition, scope) | self._responses(api_id),
            binary_media_types=binary_media_types(definition, described),
            # ministack answers HEADER whatever was declared.
            key_source=properties.get("ApiKeySourceType")
            or definition.get(KEY_SOURCE)
            or described.get("apiKeySource", "HEADER"),
            policy=resource_policy(definition, scope),
        )

    def _authorizers(self, api_id: str) -> dict[str, Authorizer]:
        answer = self._gateway.get_authorizers(restApiId=api_id, limit=500)
        return {
            entry["id"]: Authorizer(
                id=entry["id"],
                name=entry["name"],
                function_arn=function_arn(entry["authorizerUri"]),
                ttl_seconds=int(entry.get("authorizerResultTtlInSeconds", 300)),
                identity_sources=tuple(
                    source.strip()
                    for source in entry.get("identitySource", "").split(",")
                    if source.strip()
                ),
            )
            for entry in answer["items"]
            if entry["type"] == "REQUEST"
        }

    def _resources(
        self, api_id: str, declared: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Resource, ...]:
        pages = self._gateway.get_paginator("get_resources").paginate(
            restApiId=api_id, embed=["methods"], PaginationConfig={"PageSize": 500}
        )
        return tuple(
            Resource(
                id=entry["id"],
                path=entry["path"],
                methods={
                    **declared.get(entry["path"], {}),
                    **{
                        verb: read_method(verb, method)
                        for verb, method in entry.get("resourceMethods", {}).items()
                        if "methodIntegration" in method
                    },
                },
            )
            for page in pages
            for entry in page["items"]
        )

    def _stages(self, api_id: str, scope: Scope, template: Mapping[str, Any]) -> dict[str, Stage]:
        logs = declared_access_logs(api_id, scope, template)
        return {
            entry["stageName"]: read_stage(entry, logs.get(entry["stageName"]))
            for entry in self._gateway.get_stages(restApiId=api_id)["item"]
            if entry["stageName"] != SAM_EXTRA_STAGE
        }

    def _responses(self, api_id: str) -> dict[str, GatewayResponse]:
        answer = self._gateway.get_gateway_responses(restApiId=api_id, limit=500)
        return {
            entry["responseType"]: read_gateway_response(entry)
            for entry in answer["items"]
            if not entry.get("defaultResponse", False)
        }

    def _keys(self) -> tuple[ApiKey, ...]:
        pages = self._gateway.get_paginator("get_api_keys").paginate(includeValues=True)
        return tuple(
            ApiKey(id=entry["id"], value=entry["value"])
            for page in pages
            for entry in page["items"]
            if entry.get("enabled", True) and entry.get("value")
        )

    def _plans(self) -> tuple[UsagePlan, ...]:
        pages = self._gateway.get_paginator("get_usage_plans").paginate()
        return tuple(self._plan(entry) for page in pages for entry in page["items"])

    def _plan(self, entry: Mapping[str, Any]) -> UsagePlan:
        keys = self._gateway.get_usage_plan_keys(usagePlanId=entry["id"], limit=500)
        throttle, quota = entry.get("throttle") or {}, entry.get("quota") or {}
        return UsagePlan(
            id=entry["id"],
            key_ids=frozenset(key["id"] for key in keys["items"]),
            stages=frozenset(
                f"{stage['apiId']}:{stage['stage']}" for stage in entry.get("apiStages", [])
            ),
            rate=throttle.get("rateLimit"),
            burst=throttle.get("burstLimit"),
            quota=quota.get("limit"),
            quota_period=quota.get("period", "DAY"),
        )
