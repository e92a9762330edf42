"""Methods and gateway responses as API Gateway describes them: JSON comes in, plain data leaves."""

import re
from collections.abc import Mapping
from typing import Any

from tests.local.gateway.deployment import GatewayResponse, Integration, Method, MockResponse

_FUNCTION_URI = re.compile(r":lambda:path/2015-03-31/functions/(?P<arn>.+)/invocations$")
DEFAULT_TIMEOUT_MILLISECONDS = 29_000  # API Gateway quotas, "Integration timeout"


def function_arn(uri: str) -> str:
    """The (possibly alias-qualified) function ARN in an invocation URI; a plain URL stays."""
    found = _FUNCTION_URI.search(uri)
    return found["arn"] if found else uri


def read_method(verb: str, described: Mapping[str, Any]) -> Method:
    """A method of GetResources(embed=methods). What is not CUSTOM may still name an authorizer."""
    authorization = described.get("authorizationType", "NONE")
    return Method(
        verb=verb,
        integration=read_integration(described["methodIntegration"]),
        authorizer_id=described.get("authorizerId") if authorization == "CUSTOM" else None,
        api_key_required=is_true(described.get("apiKeyRequired")),
        wants_signature=authorization == "AWS_IAM",
    )


def is_true(value: object) -> bool:
    """A truth value: ministack keeps the text of a patch operation."""
    return str(value).lower() == "true"


def read_integration(described: Mapping[str, Any]) -> Integration:
    """An integration with the names that the API uses (`methodIntegration`)."""
    requests = described.get("requestTemplates") or {}
    return Integration(
        kind=described["type"].upper(),
        target=function_arn(described.get("uri", "")),
        http_method=described.get("httpMethod", "POST"),
        by_role=bool(described.get("credentials")),
        timeout_seconds=described.get("timeoutInMillis", DEFAULT_TIMEOUT_MILLISECONDS) / 1000,
        mock_request=requests.get("application/json", Integration.mock_request),
        mock_responses=tuple(
            _read_mock_response(status, response)
            for status, response in (described.get("integrationResponses") or {}).items()
        ),
    )


def _read_mock_response(status: str, described: Mapping[str, Any]) -> MockResponse:
    prefix = "method.response.header."
    return MockResponse(
        status=int(described.get("statusCode", status)),
        selection=described.get("selectionPattern") or "",
        headers={
            name.removeprefix(prefix): value
            for name, value in (described.get("responseParameters") or {}).items()
            if name.startswith(prefix)
        },
        body=(described.get("responseTemplates") or {}).get("application/json") or "",
    )


def read_gateway_response(described: Mapping[str, Any]) -> GatewayResponse:
    """A gateway response, from GetGatewayResponses or from an API's body."""
    prefix = "gatewayresponse.header."
    status = described.get("statusCode")
    return GatewayResponse(
        status=int(status) if status else None,
        headers={
            name.removeprefix(prefix): value
            for name, value in (described.get("responseParameters") or {}).items()
            if name.startswith(prefix)
        },
        templates=described.get("responseTemplates") or {},
    )
