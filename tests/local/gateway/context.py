"""The `$context` variables of an exchange: a flat mapping of dotted names to text leaves. Pure.

Names and meaning: developer guide, api-gateway-mapping-template-reference. What is not known is
absent; the reader decides how absence prints.
"""

from datetime import UTC, datetime

from tests.local.gateway.exchange import AuthorizerRun, Exchange, IntegrationRun
from tests.local.gateway.gateway_response import message_of

type Variables = dict[str, str]


def variables(exchange: Exchange) -> Variables:
    """Everything known of the exchange so far."""
    found: dict[str, object] = {
        **_request(exchange),
        **_identity(exchange),
        **_authorizer(exchange.authorizer),
        **_integration(exchange.integration),
        **_error(exchange),
    }
    if exchange.route:
        found["resourceId"] = exchange.route.resource.id
        found["resourcePath"] = exchange.route.resource.path
    if exchange.answer:
        found["status"] = exchange.answer.status
        found["responseLength"] = len(exchange.answer.body)
        found["responseLatency"] = exchange.latency_ms
    return {name: str(value) for name, value in found.items() if value is not None}


def request_time(exchange: Exchange) -> str:
    """The start of the request as CLF writes it."""
    started = datetime.fromtimestamp(exchange.started_ms / 1000, UTC)
    return started.strftime("%d/%b/%Y:%H:%M:%S +0000")


def _request(exchange: Exchange) -> dict[str, object]:
    api, request = exchange.api, exchange.request
    return {
        "accountId": api.account_id,
        "apiId": api.id,
        "stage": exchange.stage.name,
        "deploymentId": exchange.stage.deployment_id or None,
        "domainName": api.domain_name,
        "domainPrefix": api.id,
        "requestId": exchange.request_id,
        "extendedRequestId": exchange.extended_request_id,
        "httpMethod": request.verb,
        "path": f"/{exchange.stage.name}{request.path}",
        "protocol": request.protocol,
        "requestTime": request_time(exchange),
        "requestTimeEpoch": exchange.started_ms,
        "xrayTraceId": exchange.trace_id if exchange.stage.tracing else None,
    }


def _identity(exchange: Exchange) -> dict[str, object]:
    return {
        "identity.sourceIp": exchange.request.source_ip,
        "identity.userAgent": exchange.request.header("User-Agent"),
        "identity.apiKey": exchange.api_key.value if exchange.api_key else None,
        "identity.apiKeyId": exchange.api_key.id if exchange.api_key else None,
    }


def _authorizer(run: AuthorizerRun | None) -> dict[str, object]:
    if run is None:
        return {}
    return {
        **{f"authorizer.{name}": value for name, value in run.context.items()},
        "authorizer.principalId": run.principal_id,
        "authorizer.status": run.status,
        "authorizer.error": run.error,
        "authorizer.latency": run.latency_ms,
        "authorizer.integrationLatency": run.latency_ms,
        "authorizer.integrationStatus": run.service_status,
        "authorizer.requestId": run.lambda_request_id,
        "authorize.status": run.status,
        "authorize.error": run.error,
        "authorize.latency": run.latency_ms,
    }


def _integration(run: IntegrationRun | None) -> dict[str, object]:
    if run is None:
        return {}
    return {
        "integration.status": run.status,
        "integration.integrationStatus": run.service_status,
        "integration.latency": run.latency_ms,
        "integration.requestId": run.lambda_request_id,
        "integration.error": run.error,
        "integrationErrorMessage": run.error,
        "integrationStatus": run.service_status,
        "integrationLatency": run.latency_ms,
        "awsEndpointRequestId": run.lambda_request_id,
    }


def _error(exchange: Exchange) -> dict[str, object]:
    if exchange.failure is None:
        return {}
    return {
        "error.responseType": exchange.failure.kind,
        "error.message": message_of(exchange.failure),
    }
