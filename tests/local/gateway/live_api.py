"""A REST API as it stands now: what API Gateway's APIs answer comes in, an `Api` leaves.

A deployment's summary, where there is one, leaves out the methods that it does not have.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.local.gateway.api_body import authorizer_ids, body_methods, unescaped
from tests.local.gateway.declared import Declared
from tests.local.gateway.deployment import Api, Authorizer, GatewayResponse, Method, Resource
from tests.local.gateway.method import function_arn, is_true, read_gateway_response, read_method

# GetDeployment's `apiSummary`: by path and verb, whether an API key is needed.
type Summary = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class LiveApis:
    """REST APIs read through a client, in one account and Region."""

    client: Any
    account_id: str
    region: str

    def read(
        self, described: Mapping[str, Any], declared: Declared | None, summary: Summary
    ) -> Api:
        """The API of a GetRestApis entry, without methods that a summary lacks."""
        api_id = described["id"]
        authorizers = self._authorizers(api_id)
        template = declared or Declared()
        from_template = body_methods(template.paths, authorizer_ids(authorizers))
        resources = self._resources(api_id, summary)
        return Api(
            id=api_id,
            account_id=self.account_id,
            region=self.region,
            resources=tuple(
                replace(found, methods={**from_template.get(found.path, {}), **found.methods})
                for found in resources
            ),
            authorizers=authorizers,
            stages={},
            responses={**template.responses, **self._responses(api_id)},
            binary_media_types=unescaped(described.get("binaryMediaTypes") or ())
            or template.binary_media_types,
            # ministack answers HEADER whatever a template declared.
            key_source=template.key_source or described.get("apiKeySource", "HEADER"),
            policy=_policy(described) or template.policy,
        )

    def summary(self, api_id: str, deployment_id: str) -> Summary:
        """What a deployment says it has; empty where it does not."""
        found = self.client.get_deployment(
            restApiId=api_id, deploymentId=deployment_id, embed=["apisummary"]
        )
        summary: Summary = found.get("apiSummary") or {}
        return summary

    def _authorizers(self, api_id: str) -> dict[str, Authorizer]:
        answer = self.client.get_authorizers(restApiId=api_id, limit=500)
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
                by_role=bool(entry.get("authorizerCredentials")),
            )
            for entry in answer["items"]
            if entry["type"] == "REQUEST"
        }

    def _resources(self, api_id: str, summary: Summary) -> Iterator[Resource]:
        pages = self.client.get_paginator("get_resources").paginate(
            restApiId=api_id, embed=["methods"], PaginationConfig={"PageSize": 500}
        )
        for page in pages:
            for entry in page["items"]:
                methods = {
                    verb: _deployed(read_method(verb, method), entry["path"], summary)
                    for verb, method in entry.get("resourceMethods", {}).items()
                    if method.get("methodIntegration")
                    and (not summary or verb in summary.get(entry["path"], {}))
                }
                yield Resource(id=entry["id"], path=entry["path"], methods=methods)

    def _responses(self, api_id: str) -> dict[str, GatewayResponse]:
        answer = self.client.get_gateway_responses(restApiId=api_id, limit=500)
        return {
            entry["responseType"]: read_gateway_response(entry)
            for entry in answer["items"]
            if not entry.get("defaultResponse", False)
        }


def _deployed(method: Method, path: str, summary: Summary) -> Method:
    said = summary.get(path, {}).get(method.verb)
    return replace(method, api_key_required=is_true(said.get("apiKeyRequired"))) if said else method


def _policy(described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """GetRestApi's `policy` is JSON inside a JSON string without its quotes."""
    text = described.get("policy")
    if not text:
        return None
    policy: Mapping[str, Any] = json.loads(json.loads(f'"{text}"') if "\\" in text else text)
    return policy
