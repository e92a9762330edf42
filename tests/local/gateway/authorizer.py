"""Ask a stage's Lambda authorizer: an exchange comes in; it may go on, or a `Failure` leaves.

A request without its identity sources is refused without asking; answers are kept for the
authorizer's TTL by identity (allow and deny alike) and applied to each method's own ARN.
"""

import json
import time
from dataclasses import dataclass, field

from tests.local.gateway.authorizer_answer import AuthorizerAnswer, InvalidAnswerError, read_answer
from tests.local.gateway.context import variables
from tests.local.gateway.deployment import ApiKey, Authorizer
from tests.local.gateway.exchange import AuthorizerRun, Exchange, Failure
from tests.local.gateway.lambda_service import (
    Functions,
    Invocation,
    InvokeRefusedError,
    InvokeTimeoutError,
)
from tests.local.gateway.policy import InvalidPolicyError, Verdict, evaluate
from tests.local.gateway.proxy_event import authorizer_event
from tests.local.gateway.routes import Route

TIMEOUT_SECONDS = 29.0
CACHE_ENTRIES = 10_000
UNAUTHORIZED = "Unauthorized"  # the one error message that means 401
EXPLICIT_DENY = (
    "User is not authorized to access this resource"
    " with an explicit deny in an identity-based policy"
)
DENIED_LINE = "The client is not authorized to perform this operation."
CONFIGURATION_LINE = "Execution failed due to configuration error: {}"

type CacheKey = tuple[str, ...]


@dataclass
class Authorizers:
    """The authorizers of all APIs, with what they said lately."""

    functions: Functions
    _answers: dict[CacheKey, tuple[float, AuthorizerAnswer]] = field(default_factory=dict)

    async def authorize(
        self, exchange: Exchange, route: Route, keys: tuple[ApiKey, ...]
    ) -> Failure | None:
        """Fill in `exchange.authorizer`; None lets the request pass."""
        if route.method.authorizer_id is None:
            return None
        authorizer = exchange.api.authorizers.get(route.method.authorizer_id)
        if authorizer is None:
            line = CONFIGURATION_LINE.format("Authorizer is not of type REQUEST")
            return Failure(kind="AUTHORIZER_CONFIGURATION_ERROR", log_lines=(line,))
        run = exchange.authorizer = AuthorizerRun(authorizer=authorizer)
        run.finished_ms = exchange.started_ms
        identity = identity_of(authorizer, exchange)
        if identity is None:
            return Failure(kind="UNAUTHORIZED")
        run.identity = identity[0] if identity else ""
        answer = await self._answer(run, exchange, route, identity)
        if isinstance(answer, Failure):
            return answer
        return _verdict(run, answer, exchange, keys)

    def forget(self) -> None:
        """Empty the cache, as FlushStageAuthorizersCache does."""
        self._answers.clear()

    async def _answer(
        self, run: AuthorizerRun, exchange: Exchange, route: Route, identity: tuple[str, ...]
    ) -> AuthorizerAnswer | Failure:
        # A new deployment starts with an empty cache.
        stage = exchange.stage
        key = (exchange.api.id, stage.name, stage.deployment_id, run.authorizer.id, *identity)
        kept = self._answers.get(key)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        answer = await self._ask(run, exchange, route)
        if isinstance(answer, AuthorizerAnswer) and run.authorizer.ttl_seconds:
            if len(self._answers) >= CACHE_ENTRIES:
                self._answers.clear()
            self._answers[key] = (time.monotonic() + run.authorizer.ttl_seconds, answer)
        return answer

    async def _ask(
        self, run: AuthorizerRun, exchange: Exchange, route: Route
    ) -> AuthorizerAnswer | Failure:
        run.event = json.dumps(authorizer_event(exchange, route), separators=(",", ":"))
        run.invoked = True
        began = time.monotonic()
        try:
            invocation = await self.functions.invoke(
                run.authorizer.function_arn,
                run.event,
                timeout_seconds=TIMEOUT_SECONDS,
                source_arn=_source_arn(run.authorizer, exchange),
            )
        except InvokeTimeoutError:
            return _failed(run, "AUTHORIZER_FAILURE", "Execution failed due to a timeout error")
        except InvokeRefusedError as refusal:
            return _refused(run, refusal)
        finally:
            run.latency_ms = round((time.monotonic() - began) * 1000)
            run.finished_ms = time.time_ns() // 1_000_000
        return _read(run, invocation)


def _source_arn(authorizer: Authorizer, exchange: Exchange) -> str | None:
    """Who asks, for the function's own policy; nobody where a role asks instead."""
    return None if authorizer.by_role else f"{exchange.api.arn}/authorizers/{authorizer.id}"


def identity_of(authorizer: Authorizer, exchange: Exchange) -> tuple[str, ...] | None:
    """The values of the identity sources; None when one is missing or empty."""
    values = tuple(_source(source, exchange) for source in authorizer.identity_sources)
    present = tuple(value for value in values if value)
    return present if len(present) == len(values) else None


def _source(source: str, exchange: Exchange) -> str | None:
    place, _, name = source.rpartition(".")
    match place:
        case "method.request.header":
            return exchange.request.header(name)
        case "method.request.querystring":
            return exchange.request.parameter(name)
        case "stageVariables":
            return exchange.stage.variables.get(name)
    return variables(exchange).get(source.removeprefix("context."))


def _read(run: AuthorizerRun, invocation: Invocation) -> AuthorizerAnswer | Failure:
    run.service_status, run.lambda_request_id = 200, invocation.request_id
    run.result = invocation.payload.decode(errors="replace")
    if invocation.function_error:
        message = invocation.error_message()
        if message == UNAUTHORIZED:
            run.status, run.error = 401, UNAUTHORIZED
            return Failure(kind="UNAUTHORIZED")
        run.error = message
        return _failed(run, "AUTHORIZER_FAILURE", CONFIGURATION_LINE.format("Authorizer error"))
    try:
        return read_answer(invocation.payload)
    except InvalidAnswerError as error:
        return _invalid(run, str(error))


def _verdict(
    run: AuthorizerRun, answer: AuthorizerAnswer, exchange: Exchange, keys: tuple[ApiKey, ...]
) -> Failure | None:
    run.principal_id, run.context = answer.principal_id or "", answer.context
    exchange.api_key = next((key for key in keys if key.value == answer.usage_key), None)
    try:
        verdict = evaluate(answer.policy, exchange.method_arn)
    except InvalidPolicyError as error:
        return _invalid(run, str(error))
    run.status = 200 if verdict is Verdict.ALLOWED else 403
    if verdict is Verdict.ALLOWED:
        return None
    message = EXPLICIT_DENY if verdict is Verdict.DENIED else None
    failure = Failure(kind="ACCESS_DENIED", message=message, log_lines=(DENIED_LINE,))
    run.error = message or "User is not authorized to access this resource"
    return failure


def _invalid(run: AuthorizerRun, reason: str) -> Failure:
    run.error = reason
    line = CONFIGURATION_LINE.format(f"Invalid authorizer response: {reason}")
    return _failed(run, "AUTHORIZER_CONFIGURATION_ERROR", line)


def _refused(run: AuthorizerRun, refusal: InvokeRefusedError) -> Failure:
    run.service_status, run.lambda_request_id = refusal.status, refusal.request_id
    run.error = str(refusal)
    line = f"Lambda invocation failed with status: {refusal.status}. "
    line += f"Lambda request id: {refusal.request_id}"
    return _failed(run, "AUTHORIZER_CONFIGURATION_ERROR", line)


def _failed(run: AuthorizerRun, kind: str, line: str) -> Failure:
    run.status = 500
    run.error = run.error or "Authorizer error"
    return Failure(kind=kind, log_lines=(line,))
