"""Data trace: the execution log's lines that carry headers, parameters and bodies. Pure.

Maps print as AWS prints them: `{k=v, k=v}`, nothing quoted and nothing escaped.
"""

from collections.abc import Iterable, Iterator
from email.utils import formatdate

from tests.local.gateway.exchange import Answer, AuthorizerRun, Exchange, IntegrationRun
from tests.local.gateway.proxy_event import forwarded_headers
from tests.local.gateway.routes import Route

VISIBLE = 6  # trailing characters that AWS leaves readable
SECRET_HEADERS = frozenset({"authorization", "x-api-key"})
# Made up, and about as long as AWS' own: the line that holds one is usually cut after it.
SIGNATURE = "AWS4-HMAC-SHA256-" + "0123456789abcdef" * 20
SECURITY_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE" + "AbCdEfGhIjKlMnOp" * 50


def masked(secret: str) -> str:
    """Stars, with the length kept and the last six characters visible."""
    shown = secret[-VISIBLE:] if len(secret) > VISIBLE else ""
    return "*" * (len(secret) - len(shown)) + shown


def header_map(pairs: Iterable[tuple[str, str]]) -> str:
    """`{name=value, name=value}`; a repeated name is printed once, its values joined by a comma."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        shown = masked(value) if name.lower() in SECRET_HEADERS else value
        joined[name] = f"{joined[name]},{shown}" if name in joined else shown
    return "{" + ", ".join(f"{name}={value}" for name, value in joined.items()) + "}"


def method_request(exchange: Exchange, route: Route) -> Iterator[str]:
    """What the client asked."""
    yield f"Method request path: {header_map(route.parameters.items())}"
    yield f"Method request query string: {header_map(exchange.request.query)}"
    yield f"Method request headers: {header_map(forwarded_headers(exchange))}"
    body = exchange.request.body.decode(errors="replace")
    yield f"Method request body before transformations: {body}"


def authorizer_call(exchange: Exchange, run: AuthorizerRun) -> Iterator[str]:
    """The call of the authorizer: the labels of the main call, before it."""
    arn = f"{exchange.api.id}/authorizers/{run.authorizer.id}"
    yield from _endpoint_request(exchange, run.authorizer.function_arn, arn, run.event)


def backend_call(exchange: Exchange, route: Route, run: IntegrationRun) -> Iterator[str]:
    """The call of the backend."""
    source = f"{exchange.api.id}/{exchange.stage.name}/{route.method.verb}{route.resource.path}"
    if route.method.integration.kind == "AWS_PROXY":
        target = route.method.integration.target
        yield from _endpoint_request(exchange, target, source, run.request_body)


def backend_answer(exchange: Exchange, run: IntegrationRun) -> Iterator[str]:
    """The answer of the backend; nothing when it did not answer or there is none."""
    if run.service_status is None or not run.lambda_request_id:
        return
    body = run.response_body
    headers = {
        "Date": formatdate(run.finished_ms / 1000, usegmt=True),
        "Content-Type": "application/json",
        "Content-Length": str(len(body.encode())),
        "Connection": "keep-alive",
        "x-amzn-RequestId": run.lambda_request_id,
        **({"X-Amz-Function-Error": run.function_error} if run.function_error else {}),
        "x-amzn-Remapped-Content-Length": "0",
        "X-Amz-Executed-Version": "$LATEST",
        "X-Amzn-Trace-Id": f"root={exchange.trace_id};sampled=0",
    }
    latency = f"Integration latency: {run.latency_ms} ms"
    yield f"Received response. Status: {run.service_status}, {latency}"
    yield f"Endpoint response headers: {header_map(headers.items())}"
    yield f"Endpoint response body before transformations: {body}"


def method_answer(answer: Answer) -> Iterator[str]:
    """What the client gets."""
    yield f"Method response body after transformations: {answer.body.decode(errors='replace')}"
    yield f"Method response headers: {header_map(answer.headers)}"


def _endpoint_request(exchange: Exchange, target: str, source: str, body: str) -> Iterator[str]:
    api = exchange.api
    address = f"https://lambda.{api.region}.amazonaws.com/2015-03-31/functions/{target}/invocations"
    place = f"arn:aws:execute-api:{api.region}:{api.account_id}"
    headers = {
        "x-amzn-lambda-integration-tag": exchange.request_id,
        "Authorization": SIGNATURE,
        "X-Amz-Date": formatdate(exchange.started_ms / 1000, usegmt=True),
        "x-amzn-apigateway-api-id": api.id,
        "X-Amz-Source-Arn": f"{place}:{source}",
        "Accept": "application/json",
        "User-Agent": f"AmazonAPIGateway_{api.id}",
        "X-Amz-Security-Token": SECURITY_TOKEN,
    }
    yield f"Endpoint request URI: {address}"
    yield f"Endpoint request headers: {header_map(headers.items())}"
    yield f"Endpoint request body after transformations: {body}"
    yield f"Sending request to {address}"
