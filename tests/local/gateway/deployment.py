"""What is deployed: APIs, stages, methods, authorizers, gateway responses and keys, as plain data.

Nothing here does anything; `account.py` makes these from what AWS's APIs answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MockResponse:
    """One integration response of a MOCK integration; `selection` is a regex on its status."""

    status: int
    selection: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """What answers a method: AWS_PROXY (`target` is a function ARN), HTTP_PROXY (a URL) or MOCK."""

    kind: str
    target: str = ""
    http_method: str = "POST"
    timeout_seconds: float = 29.0
    by_role: bool = False  # a role of the method calls the function: its own policy is not asked
    mock_request: str = '{"statusCode": 200}'
    mock_responses: tuple[MockResponse, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Method:
    """A verb on a resource; `verb` is ANY for a method that takes every verb."""

    verb: str
    integration: Integration
    authorizer_id: str | None = None
    api_key_required: bool = False
    wants_signature: bool = False  # AWS_IAM


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A path template such as `/items/{id}` or `/{proxy+}` with its methods by verb."""

    id: str
    path: str
    methods: Mapping[str, Method]


@dataclass(frozen=True, kw_only=True)
class Authorizer:
    """A Lambda authorizer of type REQUEST; a TTL of 0 seconds asks it for every request."""

    id: str
    name: str
    function_arn: str
    ttl_seconds: int
    identity_sources: tuple[str, ...]
    by_role: bool = False  # as of an integration


@dataclass(frozen=True, kw_only=True)
class MethodSettings:
    """Logging and throttling of one method; rate in requests per second, burst in requests."""

    logging_level: str = "OFF"
    data_trace: bool = False
    rate: float = 10_000.0  # the account's default limit
    burst: int = 5_000


@dataclass(frozen=True, kw_only=True)
class AccessLog:
    """Where and how the access log is written; `template` holds `$context.` variables."""

    group: str
    template: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stage. `settings` is keyed `{path}/{verb}`, with `*/*` for the whole stage."""

    name: str
    deployment_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, MethodSettings] = field(default_factory=dict)
    access_log: AccessLog | None = None
    tracing: bool = False

    def settings_for(self, path: str, verb: str) -> MethodSettings:
        """The settings of the method, else of its path, else of the stage, else the defaults."""
        for key in (f"{path}/{verb}", f"{path}/*", f"*/{verb}", "*/*"):
            if key in self.settings:
                return self.settings[key]
        return MethodSettings()


@dataclass(frozen=True, kw_only=True)
class GatewayResponse:
    """A customised gateway response; `status` None keeps the type's own status."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Api:
    """One REST API: its stages, and what one of its deployments has of it."""

    id: str
    account_id: str
    region: str
    resources: tuple[Resource, ...]
    authorizers: Mapping[str, Authorizer]
    stages: Mapping[str, Stage]
    responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    key_source: str = "HEADER"
    policy: Mapping[str, Any] | None = None  # of the resource: who may call it from where

    @property
    def domain_name(self) -> str:
        """The host that AWS would give it."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    @property
    def arn(self) -> str:
        """What ARNs of its methods and authorizers begin with."""
        return f"arn:aws:execute-api:{self.region}:{self.account_id}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """An API key; its value is a credential and is never logged."""

    id: str
    value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class UsagePlan:
    """Limits for the keys of a plan: a throttle (per second) and a quota (requests a period)."""

    id: str
    key_ids: frozenset[str]
    stages: frozenset[str]  # `{apiId}:{stage}`
    rate: float | None = None
    burst: int | None = None
    quota: int | None = None
    quota_period: str = "DAY"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """All REST APIs of an account, with its API keys and usage plans.

    `copies` holds each API as it was when a deployment was made, by API and deployment id.
    """

    apis: Mapping[str, Api]
    copies: Mapping[tuple[str, str], Api] = field(default_factory=dict)
    keys: tuple[ApiKey, ...] = ()
    plans: tuple[UsagePlan, ...] = ()

    def stage_owner(self, stage: str) -> Api | None:
        """The API that a bare `/{stage}/...` means: the first that has a stage of that name."""
        return next((api for api in self.apis.values() if stage in api.stages), None)

    def served(self, api: Api, stage: Stage) -> Api:
        """The API as this stage serves it."""
        return self.copies.get((api.id, stage.deployment_id), api)
