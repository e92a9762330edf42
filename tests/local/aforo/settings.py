"""Every knob of the stand-in, with the default the product is built against.

In: a JSON object, `--knob` options or `PATCH /_settings`; out: one frozen, checked `Settings`.
Numbers in brackets are the open questions of aforo-contract.md 1.8 that the knob stands for.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt

from tests.local.aforo.accounts import Aggregation, Client, Customer

DEFAULT_TENANT = "tenant_demo"
# Fixed, so that a template, a demo and a person can all name it.
DEFAULT_API_KEY = "sk_test_demo_key_for_the_local_cloud_0123456789ab"

DAY_SECONDS = 86_400


class SigV4(BaseModel):
    """The door of AWS in front of it: whose signatures are good, for which service and Region."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str = "execute-api"
    region: str = "us-east-1"
    access_keys: dict[str, str]  # secret access keys by access key id
    session_token: str = ""  # what X-Amz-Security-Token must be


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["sandbox", "live"] = "sandbox"
    default_tenant: str = DEFAULT_TENANT
    api_keys: dict[str, str] = {DEFAULT_API_KEY: DEFAULT_TENANT}
    metrics: dict[str, Aggregation] = {"API Calls": "COUNT", "Data Transfer": "SUM"}
    customers: dict[str, Customer] = {}
    clients: dict[str, Client] = {}

    # "either" takes both generations of Aforo's own clients: see README, "Two generations".
    auth: Literal["either", "bearer", "x_api_key"] = "either"
    tenant_mismatch_status: Literal[403, 404] = 403
    sigv4: SigV4 | None = None  # None: nobody has to sign

    success_status: int = Field(default=202, ge=200, le=299)  # [5]
    wrapped_answers: bool = False
    error_text_field: Literal["error", "message"] = "error"
    indexed_errors: bool = False
    validation: Literal["batch", "event"] = "batch"  # [4]

    max_events: PositiveInt = 100  # [2]
    max_body_bytes: PositiveInt = 10 * 1024 * 1024
    key_max_length: PositiveInt = 64  # [3]
    key_pattern: str = "[A-Za-z0-9:_-]+"  # [3]
    field_max_lengths: dict[str, PositiveInt] = {}
    quantity_decimals: NonNegativeInt | None = None
    unknown_metric_status: Literal[400, 422] = 422
    unknown_customer: Literal["accept", "reject"] = "accept"  # [15]
    product_types: frozenset[str] = frozenset({"API", "AI_AGENT", "MCP_SERVER", "AGENTIC_API"})
    product_type_required: bool = False
    product_fields_required: bool = False
    trace_id_required: bool = False

    dedup_window_seconds: PositiveFloat = DAY_SECONDS  # [1]
    conflict: Literal["first_wins", "last_wins", "reject"] = "first_wins"  # [7]
    future_tolerance_seconds: float = Field(default=300, ge=0)
    future_status: Literal[400, 422] = 400  # [8]
    max_age_days: PositiveFloat | None = 90  # [6]
    late_after_seconds: PositiveFloat = DAY_SECONDS

    rate_limit_per_minute: NonNegativeInt = 10_000  # 0 = no limit
    rate_counts: Literal["events", "requests"] = "events"  # [10]
    rate_scope: Literal["key", "tenant"] = "key"  # [11]

    read_back_lag_seconds: float = Field(default=0, ge=0)  # [12]
    quota_wrapped: bool = True
    quota_warn_ratio: float = Field(default=0.8, gt=0, le=1)

    token_ttl_seconds: PositiveInt = 900
    token_issuer: str = "https://auth.aforo.ai"
    token_audience: str | None = None

    posts_kept: PositiveInt = 1_000

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """These settings with some fields changed; pydantic's ValidationError names a bad one."""
        return type(self).model_validate({**self.model_dump(), **changes})


# What Aforo's contract file of 2026-10 and its SDK 1.1 say where the fact sheet says otherwise
# (aforoai/SDKs, aforo-metering-sdks/contract/ingest-contract.json and python/aforo/limits.py).
SDK_2026_10: dict[str, Any] = {
    "auth": "x_api_key",
    "wrapped_answers": True,
    "error_text_field": "message",
    "validation": "event",
    "max_events": 1_000,
    "key_max_length": 255,
    "key_pattern": r"[^\x00-\x1f]+",
    "field_max_lengths": {
        "customerId": 64,
        "metricName": 255,
        "traceId": 128,
        "sessionId": 64,
        "agentId": 36,
        "toolName": 64,
        "endpointPath": 512,
        "httpMethod": 16,
        "executionStatus": 20,
    },
    "quantity_decimals": 6,
    "product_type_required": True,
    "product_fields_required": True,
    "product_types": {
        "API",
        "AI_AGENT",
        "MCP_SERVER",
        "AGENTIC_API",
        "GRPC_API",
        "GRAPHQL_API",
        "WEBSOCKET_API",
        "MQTT_BROKER",
    },
}
PROFILES: dict[str, dict[str, Any]] = {"facts": {}, "sdk-2026-10": SDK_2026_10}
