"""An API behind our local gateway and the real authorizer, in this process and without a cloud.

The gateway is what tests/local runs; its Lambda service calls the authorizer's code instead of a
function, and its log lines stay here.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast, override

from functions.authorizer.authorize import Unauthorized
from functions.authorizer.policy import Policy
from tests.local.gateway.authorizer import Authorizers
from tests.local.gateway.deployment import (
    Api,
    ApiKey,
    Authorizer,
    Deployment,
    GatewayResponse,
    Integration,
    Method,
    MockResponse,
    Resource,
    Stage,
    UsagePlan,
)
from tests.local.gateway.exchange import Answer, Request
from tests.local.gateway.gateway import Gateway
from tests.local.gateway.integration import Integrations
from tests.local.gateway.lambda_service import Functions, Invocation
from tests.local.gateway.log_writer import LogWriter
from tests.local.gateway.witness import Witness
from tests.template.stack import found_in_map, template

if TYPE_CHECKING:
    import aiohttp

type Authorize = Callable[[dict[str, Any]], Policy]

BY_CREDENTIAL = ("method.request.header.Authorization",)
BY_CREDENTIAL_AND_TENANT = (*BY_CREDENTIAL, "method.request.header.X-Tenant-Id")
PETS = Integration(kind="MOCK", mock_responses=(MockResponse(status=200, body='{"pets":[]}'),))


class InThisProcess(Functions):
    """The Lambda service: the authorizer's answers, as JSON both ways."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize
        self.calls = 0

    @override
    async def invoke(
        self, arn: str, event: str, *, timeout_seconds: float, source_arn: str | None
    ) -> Invocation:
        self.calls += 1
        try:
            policy = self._authorize(json.loads(event))
        except Unauthorized as error:
            failed = json.dumps({"errorMessage": str(error)}).encode()
            return Invocation(payload=failed, request_id="id", function_error="Unhandled")
        return Invocation(payload=json.dumps(policy).encode(), request_id="id")


class Unwritten(LogWriter):
    """No stage here writes a log."""

    @override
    def __post_init__(self) -> None:
        return


@dataclass
class GuardedApi:
    """`authorize` guards GET and DELETE on /pets of the stages `prod` and `test`. The gateway keeps
    answers for `ttl_seconds` by `identity_sources`; with `plans` every method wants an API key.
    `policy` is the API's resource policy.
    """

    authorize: Authorize
    ttl_seconds: int = 0
    identity_sources: tuple[str, ...] = BY_CREDENTIAL
    keys: tuple[ApiKey, ...] = ()
    plans: tuple[UsagePlan, ...] = ()
    policy: Mapping[str, Any] | None = None
    functions: InThisProcess = field(init=False)
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        self.functions = InThisProcess(self.authorize)
        self.gateway = Gateway(
            deployment=Deployment(apis={"api1": self._api()}, keys=self.keys, plans=self.plans),
            authorizers=Authorizers(self.functions),
            # A MOCK integration asks nobody.
            integrations=Integrations(self.functions, cast("aiohttp.ClientSession", None)),
            logs=Unwritten(streams=1, on_accepted=lambda _entry: None),
            witness=Witness(),
        )

    def send(self, *headers: tuple[str, str], verb: str = "GET", stage: str = "prod") -> Answer:
        """What a client gets, who sends these header lines."""
        api = self.gateway.deployment.apis["api1"]
        request = Request(verb=verb, path="/pets", headers=headers)
        return asyncio.run(self.gateway.serve(api, api.stages[stage], request))

    def _api(self) -> Api:
        guard = Authorizer(
            id="guard",
            name="UsageAuthorizer",
            function_arn="arn:aws:lambda:eu-west-1:123456789012:function:authorizer",
            ttl_seconds=self.ttl_seconds,
            identity_sources=self.identity_sources,
        )
        methods = {
            verb: Method(
                verb=verb,
                integration=PETS,
                authorizer_id=guard.id,
                api_key_required=bool(self.plans),
            )
            for verb in ("GET", "DELETE")
        }
        return Api(
            id="api1",
            account_id="123456789012",
            region="eu-west-1",
            resources=(Resource(id="pets", path="/pets", methods=methods),),
            authorizers={guard.id: guard},
            stages={name: Stage(name=name) for name in ("prod", "test")},
            responses=_responses(),
            key_source="AUTHORIZER" if self.plans else "HEADER",
            policy=self.policy,
        )


def _responses() -> dict[str, GatewayResponse]:
    """As template.yaml customises them."""
    declared = template()["Resources"]["DemoApiGateway"]["Properties"]["GatewayResponses"]
    return {
        name: GatewayResponse(
            status=response["StatusCode"],
            headers=response["ResponseParameters"]["Headers"],
            templates={
                kind: found_in_map(text) for kind, text in response["ResponseTemplates"].items()
            },
        )
        for name, response in declared.items()
    }
