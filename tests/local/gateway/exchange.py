"""One request's journey: what came in and, stop by stop, what was learnt until it was answered.

The stops fill it in; access log, execution log and gateway responses are pure functions of it.
"""

import base64
import re
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.local.gateway.deployment import Api, ApiKey, Authorizer, MethodSettings, Stage
from tests.local.gateway.routes import Route

# `$context.requestId` of a caller that sends an x-amzn-RequestId which is no UUID.
INVALID_REQUEST_ID = "UUID_REPLACED_INVALID_REQUEST_ID"
REQUEST_ID_HEADER = "x-amzn-requestid"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A client's request. `path` and `query` are as sent, `path` without the stage."""

    verb: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The last value sent under a header name, in any case."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[-1] if values else None

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = [value for key, value in self.query if key == name]
        return values[-1] if values else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the client gets. Headers may repeat."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A request that the gateway itself answers. `kind` is a gateway response type.

    `status` and `message` override the type's own; `log_line` is what the execution log says.
    """

    kind: str
    status: int | None = None
    message: str | None = None
    log_lines: tuple[str, ...] = ()


@dataclass(kw_only=True)
class AuthorizerRun:
    """How the authorizer was asked and what it said. `invoked` is false for a cached answer."""

    authorizer: Authorizer
    identity: str = ""
    status: int | None = None
    error: str | None = None
    invoked: bool = False
    service_status: int | None = None
    latency_ms: int | None = None
    lambda_request_id: str | None = None
    event: str = ""
    result: str = ""
    principal_id: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    finished_ms: int = 0


@dataclass(kw_only=True)
class IntegrationRun:
    """How the backend was asked and what it said; `status` is the one that the backend returned."""

    status: int | None = None
    service_status: int | None = None
    error: str | None = None
    latency_ms: int | None = None
    lambda_request_id: str | None = None
    function_error: str | None = None
    request_body: str = ""
    response_body: str = ""
    started_ms: int = 0
    finished_ms: int = 0


@dataclass(kw_only=True)
class Exchange:
    """The journey. `started_ms` is the epoch in milliseconds at which the request came in."""

    api: Api
    stage: Stage
    request: Request
    request_id: str
    extended_request_id: str
    started_ms: int
    started_at: float
    trace_id: str
    route: Route | None = None
    settings: MethodSettings = field(default_factory=MethodSettings)
    api_key: ApiKey | None = None
    authorizer: AuthorizerRun | None = None
    integration: IntegrationRun | None = None
    failure: Failure | None = None
    answer: Answer | None = None
    latency_ms: int = 0
    finished_ms: int = 0

    @property
    def method_arn(self) -> str:
        """What an authorizer's policy is evaluated against."""
        place = f"{self.api.arn}/{self.stage.name}"
        return f"{place}/{self.request.verb}/{self.request.path.lstrip('/')}"

    def finish(self, answer: Answer) -> None:
        """Stop the clock."""
        self.answer = answer
        self.latency_ms = round((time.monotonic() - self.started_at) * 1000)
        self.finished_ms = self.started_ms + self.latency_ms


def begin(api: Api, stage: Stage, request: Request) -> Exchange:
    """A new exchange with its ids; only `requestId` can be chosen by the caller."""
    return Exchange(
        api=api,
        stage=stage,
        request=request,
        request_id=request_id_of(request),
        extended_request_id=new_extended_request_id(),
        started_ms=time.time_ns() // 1_000_000,
        started_at=time.monotonic(),
        trace_id=f"1-{int(time.time()):08x}-{secrets.token_hex(12)}",
    )


def request_id_of(request: Request) -> str:
    """A fresh id, or the caller's (developer guide, set-up-logging: `$context.requestId`)."""
    chosen = request.header(REQUEST_ID_HEADER)
    if chosen is None:
        return str(uuid.uuid4())
    return chosen if _UUID.fullmatch(chosen) else INVALID_REQUEST_ID


def new_extended_request_id() -> str:
    """16 characters ending in `=`, as AWS writes them; 88 random bits never repeat."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()
