"""Ask a method's backend: an exchange comes in, an `Answer` or a `Failure` leaves.

AWS_PROXY runs a function, MOCK answers by itself, HTTP_PROXY passes the request on.
"""

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp

from tests.local.gateway.context import variables
from tests.local.gateway.deployment import Integration
from tests.local.gateway.exchange import Answer, Exchange, Failure, IntegrationRun
from tests.local.gateway.lambda_service import (
    Functions,
    Invocation,
    InvokeRefusedError,
    InvokeTimeoutError,
)
from tests.local.gateway.proxy_event import forwarded_headers, proxy_event
from tests.local.gateway.proxy_response import (
    DROPPED,
    REMAPPED,
    MalformedAnswerError,
    read_proxy_answer,
)
from tests.local.gateway.routes import Route
from tests.local.gateway.substitution import fill

TIMEOUT_LINE = "Execution failed due to a timeout error"
CONFIGURATION_LINE = "Execution failed due to configuration error: "
MALFORMED = "Malformed Lambda proxy response"
TOO_MANY_REQUESTS = 429


@dataclass
class Integrations:
    """The backends of all methods."""

    functions: Functions
    client: aiohttp.ClientSession

    async def ask(self, exchange: Exchange, route: Route) -> Answer | Failure:
        """Fill in `exchange.integration` and answer."""
        run = exchange.integration = IntegrationRun()
        run.started_ms = time.time_ns() // 1_000_000
        began = time.monotonic()
        try:
            match route.method.integration.kind:
                case "AWS_PROXY":
                    return await self._function(exchange, route, run)
                case "HTTP_PROXY":
                    return await self._http(exchange, route, run)
                case "MOCK":
                    return mock_answer(exchange, route.method.integration, run)
        except InvokeTimeoutError:
            run.error = "Endpoint request timed out"
            return Failure(kind="INTEGRATION_TIMEOUT", log_lines=(TIMEOUT_LINE,))
        finally:
            run.latency_ms = round((time.monotonic() - began) * 1000)
            run.finished_ms = time.time_ns() // 1_000_000
        line = f"{CONFIGURATION_LINE}{route.method.integration.kind} is not supported here"
        return Failure(kind="API_CONFIGURATION_ERROR", log_lines=(line,))

    async def _function(
        self, exchange: Exchange, route: Route, run: IntegrationRun
    ) -> Answer | Failure:
        integration = route.method.integration
        run.request_body = json.dumps(proxy_event(exchange, route), separators=(",", ":"))
        try:
            invocation = await self.functions.invoke(
                integration.target,
                run.request_body,
                timeout_seconds=integration.timeout_seconds,
                source_arn=None if integration.by_role else exchange.method_arn,
            )
        except InvokeRefusedError as refusal:
            return _refused(run, refusal)
        return _read(exchange, run, invocation)

    async def _http(
        self, exchange: Exchange, route: Route, run: IntegrationRun
    ) -> Answer | Failure:
        integration = route.method.integration
        url = integration.target
        for name, value in route.parameters.items():
            url = url.replace("{" + name + "}", value)
        verb = (
            exchange.request.verb if integration.http_method == "ANY" else integration.http_method
        )
        headers = [(k, v) for k, v in forwarded_headers(exchange) if k.lower() != "host"]
        try:
            async with self.client.request(
                verb,
                url,
                params=list(exchange.request.query),
                data=exchange.request.body or None,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=integration.timeout_seconds),
            ) as answer:
                body = await answer.read()
        except TimeoutError as error:
            raise InvokeTimeoutError from error
        except aiohttp.ClientError as error:
            run.error = str(error)
            line = f"{CONFIGURATION_LINE}Invalid endpoint address"
            return Failure(kind="INTEGRATION_FAILURE", log_lines=(line,))
        run.status = run.service_status = answer.status
        run.response_body = body.decode(errors="replace")
        return Answer(status=answer.status, headers=_kept(answer.headers.items()), body=body)


def mock_answer(
    exchange: Exchange, integration: Integration, run: IntegrationRun
) -> Answer | Failure:
    """What a MOCK integration answers: the response whose pattern its status matches."""
    found = re.search(r'"statusCode"\s*:\s*(\d{3})', integration.mock_request)
    status = found[1] if found else "200"
    run.status = run.service_status = int(status)
    known = variables(exchange)
    ranked = sorted(integration.mock_responses, key=lambda response: not response.selection)
    for response in ranked:
        if not response.selection or re.fullmatch(response.selection, status):
            body = fill(response.body, lambda name: known.get(name, ""))
            headers = {"Content-Type": "application/json"}
            headers |= {name: value.strip("'") for name, value in response.headers.items()}
            return Answer(
                status=response.status, headers=tuple(headers.items()), body=body.encode()
            )
    line = (
        f"{CONFIGURATION_LINE}No match for output mapping and no default output mapping configured"
    )
    return Failure(kind="API_CONFIGURATION_ERROR", log_lines=(line,))


def _kept(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    # aiohttp has already undone the encoding of the body.
    gone = DROPPED | {"content-encoding"}
    return tuple(
        (f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name, value)
        for name, value in headers
        if name.lower() not in gone
    )


def _read(exchange: Exchange, run: IntegrationRun, invocation: Invocation) -> Answer | Failure:
    run.service_status, run.lambda_request_id = 200, invocation.request_id
    run.response_body = invocation.payload.decode(errors="replace")
    if invocation.function_error:
        run.function_error = invocation.function_error
        run.error = invocation.error_message()
        line = "Lambda execution failed with status 200 due to customer function error: "
        line += f"{run.error}. Lambda request id: {invocation.request_id}"
        return Failure(kind="DEFAULT_5XX", status=502, log_lines=(line,))
    try:
        answer = read_proxy_answer(
            invocation.payload,
            accept=exchange.request.header("Accept") or "",
            binary_types=exchange.api.binary_media_types,
        )
    except MalformedAnswerError:
        run.error = f"{CONFIGURATION_LINE}{MALFORMED}"
        return Failure(kind="DEFAULT_5XX", status=502, log_lines=(run.error,))
    run.status = answer.status
    return answer


def _refused(run: IntegrationRun, refusal: InvokeRefusedError) -> Failure:
    run.service_status, run.lambda_request_id = refusal.status, refusal.request_id
    throttled = refusal.status == TOO_MANY_REQUESTS
    reason = "Rate Exceeded." if throttled else "Invalid permissions on Lambda function"
    run.error = f"{CONFIGURATION_LINE}{reason}"
    first = f"Lambda invocation failed with status: {refusal.status}. "
    first += f"Lambda request id: {refusal.request_id}"
    return Failure(kind="DEFAULT_5XX", status=500, log_lines=(first, run.error))
