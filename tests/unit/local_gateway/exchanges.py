"""Exchanges for tests: an API with one of everything, and requests on their way through it."""

from tests.local.gateway.deployment import (
    AccessLog,
    Api,
    Authorizer,
    Integration,
    Method,
    MethodSettings,
    Resource,
    Stage,
)
from tests.local.gateway.exchange import (
    Answer,
    AuthorizerRun,
    Exchange,
    Failure,
    IntegrationRun,
    Request,
    begin,
)
from tests.local.gateway.routes import find_route

BACKEND = Integration(kind="AWS_PROXY", target="arn:aws:lambda:eu-west-1:111122223333:function:b")
AUTHORIZER = Authorizer(
    id="elkw5b",
    name="Credential",
    function_arn="arn:aws:lambda:eu-west-1:111122223333:function:a",
    ttl_seconds=0,
    identity_sources=("method.request.header.Authorization",),
)
ITEMS = Resource(
    id="k0w8mc",
    path="/items/{id}",
    methods={"GET": Method(verb="GET", integration=BACKEND, authorizer_id=AUTHORIZER.id)},
)
STAGE = Stage(name="prod", access_log=AccessLog(group="access", template="$context.requestId"))
API = Api(
    id="uwe3g5jm54",
    account_id="111122223333",
    region="eu-west-1",
    resources=(ITEMS,),
    authorizers={AUTHORIZER.id: AUTHORIZER},
    stages={STAGE.name: STAGE},
)
TRACED = MethodSettings(logging_level="INFO", data_trace=True)
CREDENTIAL = ("Authorization", "Bearer secret-token-I1BUdE")


def begun(*headers: tuple[str, str], path: str = "/items/7") -> Exchange:
    """A request that has found its method."""
    exchange = begin(API, STAGE, Request(verb="GET", path=path, headers=headers))
    exchange.route = find_route(API.resources, path, "GET")
    exchange.settings = TRACED
    return exchange


def allowed() -> Exchange:
    """A request that the authorizer let through and the backend answered with 200."""
    exchange = begun(CREDENTIAL)
    exchange.authorizer = AuthorizerRun(
        authorizer=AUTHORIZER,
        identity=CREDENTIAL[1],
        status=200,
        invoked=True,
        event="{}",
        result='{"context":{"customerId":"cust_1"}}',
        principal_id="principal-of-cust_1",
        context={"customerId": "cust_1"},
        finished_ms=exchange.started_ms,
    )
    exchange.integration = IntegrationRun(
        status=200,
        service_status=200,
        latency_ms=12,
        lambda_request_id="71952965-d5cc-4974-ae08-6e2138b2275c",
        started_ms=exchange.started_ms,
        finished_ms=exchange.started_ms + 12,
    )
    exchange.finish(Answer(status=200, headers=(("Content-Type", "text/plain"),), body=b"hello"))
    return exchange


def failed(failure: Failure, status: int) -> Exchange:
    """A request that ended before the backend was asked."""
    exchange = allowed()
    exchange.integration = None
    exchange.failure = failure
    exchange.finish(Answer(status=status, headers=(), body=b""))
    return exchange
