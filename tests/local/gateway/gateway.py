"""API Gateway for REST APIs: a request to a deployed stage comes in, its answer leaves.

Guaranteed: every answer given here is witnessed, and its access and execution log lines are with
the log writer before the client has the answer.
"""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.local.gateway.access_log import access_line
from tests.local.gateway.admission import Admission
from tests.local.gateway.authorizer import Authorizers
from tests.local.gateway.context import variables
from tests.local.gateway.deployment import Api, Deployment, Stage
from tests.local.gateway.exchange import Answer, Exchange, Failure, Request, begin
from tests.local.gateway.execution_log import execution_lines
from tests.local.gateway.gateway_response import gateway_answer, status_of
from tests.local.gateway.integration import Integrations
from tests.local.gateway.log_batch import LogEntry
from tests.local.gateway.log_writer import LogWriter
from tests.local.gateway.resource_policy import refused_by_policy
from tests.local.gateway.routes import Route, find_route
from tests.local.gateway.signature import refused_unsigned
from tests.local.gateway.witness import Witness


@dataclass
class Gateway:
    """The APIs of an account; `deployment` is replaced as they change."""

    deployment: Deployment
    authorizers: Authorizers
    integrations: Integrations
    logs: LogWriter
    witness: Witness
    admission: Admission = field(default_factory=Admission)

    async def serve(self, api: Api, stage: Stage, request: Request) -> Answer:
        """Answer one request and log it."""
        served = self.deployment.served(api, stage)
        exchange = begin(served, stage, request)
        exchange.route = find_route(served.resources, request.path, request.verb)
        if exchange.route:
            path, verb = exchange.route.resource.path, exchange.route.method.verb
            exchange.settings = stage.settings_for(path, verb)
        try:
            outcome = await self._outcome(exchange)
        except Exception:  # noqa: BLE001 - our own mistake is an answered, logged request too
            traceback.print_exc()
            outcome = Failure(kind="DEFAULT_5XX")
        if isinstance(outcome, Failure):
            exchange.failure = outcome
            outcome = _failed(exchange, outcome)
        answer = _with_ids(outcome, exchange)
        exchange.finish(answer)
        self._record(exchange)
        return answer

    async def _outcome(self, exchange: Exchange) -> Answer | Failure:
        route = exchange.route
        if route is None:
            return Failure(kind="MISSING_AUTHENTICATION_TOKEN")
        return await self._stopped(exchange, route) or await self.integrations.ask(exchange, route)

    async def _stopped(self, exchange: Exchange, route: Route) -> Failure | None:
        keys = self.deployment.keys
        denied = refused_by_policy(exchange)  # before the authorizer, which is not asked then
        return (
            denied
            or refused_unsigned(exchange, route)
            or await self.authorizers.authorize(exchange, route, keys)
            or self.admission.admit(exchange, route, self.deployment)
        )

    def _record(self, exchange: Exchange) -> None:
        served = self.witness.saw(exchange)
        logs = list(_log_lines(exchange))
        self.witness.logged += bool(logs)
        for place, (group, lines) in enumerate(logs):
            # The witness follows what is metered: the access log where there is one.
            self.logs.write(group, LogEntry(lines, owner=None if place else served))


def _log_lines(exchange: Exchange) -> Iterator[tuple[str, tuple[tuple[int, str], ...]]]:
    """What is written of a request, by log group."""
    log = exchange.stage.access_log
    if log:
        line = access_line(log.template, variables(exchange))
        yield log.group, ((exchange.started_ms, line),)
    lines = execution_lines(exchange)
    if lines:
        group = f"API-Gateway-Execution-Logs_{exchange.api.id}/{exchange.stage.name}"
        yield group, tuple(lines)


def _failed(exchange: Exchange, failure: Failure) -> Answer:
    responses = exchange.api.responses
    # `$context.status` is known to the template that writes the answer.
    known = variables(exchange) | {"status": str(status_of(failure, responses))}
    return gateway_answer(failure, responses, exchange.request, known)


def _with_ids(answer: Answer, exchange: Exchange) -> Answer:
    own = {"x-amzn-requestid", "x-amz-apigw-id"}
    kept = tuple(pair for pair in answer.headers if pair[0].lower() not in own)
    ids = (
        ("x-amzn-RequestId", exchange.request_id),
        ("x-amz-apigw-id", exchange.extended_request_id),
    )
    trace = () if exchange.failure else (("X-Amzn-Trace-Id", f"Root={exchange.trace_id}"),)
    return replace(answer, headers=(*kept, *ids, *trace))
