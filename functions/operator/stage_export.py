"""A stage of a REST API as it was deployed, and whose its authorizers are.

The API as it is may ask others: a stage goes on with what was deployed last.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient

_AUTHORIZER = "x-amazon-apigateway-authorizer"


def stage_export(
    client: "APIGatewayClient",
    api_id: str,
    stage: str,
    extensions: Literal["apigateway", "authorizers"],
) -> Mapping[str, Any]:
    """Its OpenAPI document with API Gateway's extensions, or those of authorizers alone. What
    botocore raises is passed on; ValueError: the answer is no JSON.
    """
    exported = client.get_export(
        restApiId=api_id,
        stageName=stage,
        exportType="oas30",
        parameters={"extensions": extensions},
        accepts="application/json",
    )
    document: Mapping[str, Any] = json.loads(exported["body"].read())
    return document


def authorizer_uris(export: Mapping[str, Any]) -> dict[str, str]:
    """By the names that its operations ask them by."""
    schemes = export.get("components", {}).get("securitySchemes", {})
    return {
        name: str(scheme[_AUTHORIZER].get("authorizerUri", ""))
        for name, scheme in schemes.items()
        if _AUTHORIZER in scheme
    }


def invokes(authorizer_uri: str, function_arn: str) -> bool:
    """Whether an authorizer is a function, whatever its version or alias. `function_arn` names
    neither.
    """
    _, _, rest = authorizer_uri.partition(function_arn)
    return rest[:1] in {"/", ":"}
