"""An OpenAPI body as the template declares it: methods and gateway responses leave.

ministack drops `x-amazon-apigateway-any-method` and `x-amazon-apigateway-gateway-responses` when it
imports a body, so these are read from the processed template.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.local.gateway.deployment import Authorizer, GatewayResponse, Method
from tests.local.gateway.intrinsics import Scope, resolve
from tests.local.gateway.method import read_gateway_response, read_integration

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
BINARY_TYPES = "x-amazon-apigateway-binary-media-types"
KEY_SOURCE = "x-amazon-apigateway-api-key-source"
RESPONSES = "x-amazon-apigateway-gateway-responses"
POLICY = "x-amazon-apigateway-policy"
VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", ANY_METHOD})
API_KEY = "api_key"  # the security scheme that means "an API key is required"


def authorizer_ids(authorizers: Mapping[str, Authorizer]) -> dict[str, str]:
    """Authorizer ids by the names that a body's `security` uses."""
    return {authorizer.name: id_ for id_, authorizer in authorizers.items()}


def body_paths(body: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Paths with their methods, as declared."""
    paths: dict[str, Any] = resolve(body.get("paths", {}), _lazy(scope))
    return paths


def body_methods(paths: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, dict[str, Method]]:
    """Methods by path and verb; `ids` are those of the API's authorizers."""
    return {
        path: {
            method.verb: method
            for key, described in item.items()
            if key in VERBS and INTEGRATION in described
            for method in [_method(key, described, ids)]
        }
        for path, item in paths.items()
    }


def body_responses(body: Mapping[str, Any], scope: Scope) -> dict[str, GatewayResponse]:
    """Gateway responses by type, as declared."""
    declared = resolve(body.get(RESPONSES, {}), scope)
    return {kind: read_gateway_response(described) for kind, described in declared.items()}


def binary_media_types(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Binary media types, as declared."""
    return unescaped(body.get(BINARY_TYPES) or ())


def unescaped(types: Iterable[str]) -> tuple[str, ...]:
    """A template writes the slash of a type as `~1`."""
    return tuple(kind.replace("~1", "/") for kind in types)


def resource_policy(body: Mapping[str, Any], scope: Scope) -> Mapping[str, Any] | None:
    """The API's resource policy, as declared: ministack's GetRestApi does not have it."""
    found: Mapping[str, Any] | None = resolve(body.get(POLICY), scope)
    return found


def _lazy(scope: Scope) -> Scope:
    """Attributes of resources that no method needs (a role, a bucket) must not stop the reading."""

    def attribute(logical: str, name: str) -> str:
        try:
            return str(scope.attribute(logical, name))
        except ValueError:
            return f"{logical}.{name}"

    return Scope(
        references=scope.references,
        attribute=attribute,
        conditions=scope.conditions,
        mappings=scope.mappings,
    )


def _method(key: str, described: Mapping[str, Any], ids: Mapping[str, str]) -> Method:
    schemes = list(_schemes(described.get("security", [])))
    integration = described[INTEGRATION]
    return Method(
        verb="ANY" if key == ANY_METHOD else key.upper(),
        integration=read_integration(
            {**integration, "integrationResponses": _mock_responses(integration)}
        ),
        authorizer_id=next((ids[scheme] for scheme in schemes if scheme in ids), None),
        api_key_required=API_KEY in schemes,
    )


def _schemes(security: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for requirement in security:
        yield from requirement


def _mock_responses(integration: Mapping[str, Any]) -> dict[str, Any]:
    """In a body the key of a response is its selection pattern, `default` for none."""
    responses = integration.get("responses", {})
    return {
        described.get("statusCode", "200"): {
            **described,
            "selectionPattern": "" if pattern == "default" else pattern,
        }
        for pattern, described in responses.items()
    }
