"""Lambda's view of a request: an exchange comes in, the version 1 event leaves. Pure.

Shape and key order of the REST API proxy event and of the REQUEST authorizer event: developer
guide, set-up-lambda-proxy-integrations and api-gateway-lambda-authorizer-input.
"""

import base64
import fnmatch
from typing import Any
from urllib.parse import unquote

from tests.local.gateway.context import request_time
from tests.local.gateway.exchange import Exchange
from tests.local.gateway.routes import Route

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length", "expect"}
)
IDENTITY_FIELDS = (
    "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp",
    "principalOrgId", "accessKey", "cognitoAuthenticationType", "cognitoAuthenticationProvider",
    "userArn", "userAgent", "user",
)  # fmt: skip


def proxy_event(exchange: Exchange, route: Route) -> dict[str, Any]:
    """What an AWS_PROXY function gets."""
    body, encoded = _body(exchange)
    return {
        "resource": route.resource.path,
        "path": unquote(exchange.request.path),
        "httpMethod": exchange.request.verb,
        **_parameters(exchange, route),
        "requestContext": _request_context(exchange, route) | _authorizer_context(exchange),
        "body": body,
        "isBase64Encoded": encoded,
    }


def authorizer_event(exchange: Exchange, route: Route) -> dict[str, Any]:
    """What a REQUEST authorizer gets: everything but the body."""
    return {
        "type": "REQUEST",
        "methodArn": exchange.method_arn,
        "resource": route.resource.path,
        "path": unquote(exchange.request.path),
        "httpMethod": exchange.request.verb,
        **_parameters(exchange, route),
        "requestContext": _request_context(exchange, route),
    }


def forwarded_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """The client's headers, with what API Gateway adds."""
    replaced = HOP_BY_HOP | {"host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
    sent = [
        (name, value) for name, value in exchange.request.headers if name.lower() not in replaced
    ]
    chain = exchange.request.header("X-Forwarded-For")
    source = exchange.request.source_ip
    return [
        *sent,
        ("Host", exchange.api.domain_name),
        ("X-Amzn-Trace-Id", f"Root={exchange.trace_id}"),
        ("X-Forwarded-For", f"{chain}, {source}" if chain else source),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def _parameters(exchange: Exchange, route: Route) -> dict[str, Any]:
    headers, query = forwarded_headers(exchange), list(exchange.request.query)
    return {
        "headers": dict(headers) or None,
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _lists(query),
        "pathParameters": dict(route.parameters) or None,
        "stageVariables": dict(exchange.stage.variables) or None,
    }


def _lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]] | None:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists or None


def _request_context(exchange: Exchange, route: Route) -> dict[str, Any]:
    api, request = exchange.api, exchange.request
    return {
        "resourceId": route.resource.id,
        "resourcePath": route.resource.path,
        "httpMethod": request.verb,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": request_time(exchange),
        "path": f"/{exchange.stage.name}{request.path}",
        "accountId": api.account_id,
        "protocol": request.protocol,
        "stage": exchange.stage.name,
        "domainPrefix": api.id,
        "requestTimeEpoch": exchange.started_ms,
        "requestId": exchange.request_id,
        "identity": _identity(exchange),
        "domainName": api.domain_name,
        "deploymentId": exchange.stage.deployment_id,
        "apiId": api.id,
    }


def _identity(exchange: Exchange) -> dict[str, str | None]:
    identity: dict[str, str | None] = dict.fromkeys(IDENTITY_FIELDS)
    identity["sourceIp"] = exchange.request.source_ip
    identity["userAgent"] = exchange.request.header("User-Agent")
    if exchange.api_key:
        identity |= {"apiKey": exchange.api_key.value, "apiKeyId": exchange.api_key.id}
    return identity


def _authorizer_context(exchange: Exchange) -> dict[str, Any]:
    run = exchange.authorizer
    if run is None:
        return {}
    principal = {} if run.principal_id is None else {"principalId": run.principal_id}
    latency = {"integrationLatency": run.latency_ms or 0}
    return {"authorizer": {**run.context, **principal, **latency}}


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    body = exchange.request.body
    if not body:
        return None, False
    content_type = (exchange.request.header("Content-Type") or "").split(";")[0].strip()
    if any(fnmatch.fnmatch(content_type, kind) for kind in exchange.api.binary_media_types):
        return base64.b64encode(body).decode(), True
    return body.decode(errors="replace"), False
