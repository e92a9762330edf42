"""Who asks our authorizer: APIs whose methods, or whose deployed stages, point at its function.

A stage goes on with what was deployed last: an authorizer that was taken off and not deployed is
still asked. So both are looked at, the API as it is and each stage as it was deployed. The APIs of
the stack itself go with it and are passed over.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from functions.operator.stage_export import authorizer_uris, invokes, stage_export

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient

_PARTS_OF_A_FUNCTION = 7  # of its ARN; what follows names a version or an alias


class Pointing(NamedTuple):
    """One API that would answer 500 to its callers without the function."""

    api_id: str
    name: str
    authorizer_ids: tuple[str, ...]  # of the API as it is
    methods: tuple[tuple[str, str], ...]  # resource id and HTTP method
    stages: tuple[str, ...]  # in which it is asked today

    def commands(self) -> Iterator[str]:
        """How to take it off. Another authorizer may stand in the place of NONE."""
        api = f"--rest-api-id {self.api_id}"
        none = "--patch-operations op=replace,path=/authorizationType,value=NONE"
        for resource, method in self.methods:
            yield f"aws apigateway update-method {api} --resource-id {resource} --http-method {method} {none}"  # noqa: E501
        for authorizer in self.authorizer_ids:
            yield f"aws apigateway delete-authorizer {api} --authorizer-id {authorizer}"
        for stage in self.stages:
            yield f"aws apigateway create-deployment {api} --stage-name {stage}"


def pointing_at(
    client: "APIGatewayClient", function_arn: str, own_apis: Collection[str]
) -> Iterator[Pointing]:
    """All REST APIs of the Region that point at any version of the function, one after the other.
    What botocore raises is passed on: nobody can say then.
    """
    function = ":".join(function_arn.split(":")[:_PARTS_OF_A_FUNCTION])
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page.get("items", []):
            if api["id"] not in own_apis:
                found = _pointing(client, api["id"], api.get("name", ""), function)
                if found.authorizer_ids or found.stages:
                    yield found


def _pointing(client: "APIGatewayClient", api: str, name: str, function: str) -> Pointing:
    pages = client.get_paginator("get_authorizers").paginate(restApiId=api)
    ids = tuple(
        one["id"]
        for page in pages
        for one in page.get("items", [])
        if invokes(one.get("authorizerUri", ""), function)
    )
    stages = tuple(
        stage["stageName"]
        for stage in client.get_stages(restApiId=api).get("item", [])
        if any(invokes(uri, function) for uri in _deployed(client, api, stage["stageName"]))
    )
    return Pointing(api, name, ids, tuple(_methods(client, api, ids)) if ids else (), stages)


def _methods(
    client: "APIGatewayClient", api: str, authorizer_ids: Collection[str]
) -> Iterator[tuple[str, str]]:
    pages = client.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    for page in pages:
        for resource in page.get("items", []):
            for verb, method in resource.get("resourceMethods", {}).items():
                if method.get("authorizerId") in authorizer_ids:
                    yield resource["id"], verb


def _deployed(client: "APIGatewayClient", api: str, stage: str) -> Iterable[str]:
    """The URIs of the authorizers of a stage as it was deployed."""
    return authorizer_uris(stage_export(client, api, stage, "authorizers")).values()
