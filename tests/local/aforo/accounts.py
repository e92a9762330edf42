"""Who and what the stand-in knows: API keys, metrics, customers, token clients, revocations."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

type Aggregation = Literal["COUNT", "SUM"]
type Level = Literal["NONE", "L1_ALERT", "L2_THROTTLE", "L3_BLOCK"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class MarginGuard(_Record):
    """What quick-check answers; `throttle_rate` is the share to *allow*, in percent (1.4)."""

    level: Level = "NONE"
    throttle_rate: int = Field(default=50, ge=0, le=100, alias="throttleRate")
    retry_after_seconds: int | None = Field(default=None, ge=0, alias="retryAfterSeconds")
    message: str = ""


class Customer(_Record):
    """`limit` holds for each metric alone; `limits` names a metric and goes before it."""

    limit: float | None = Field(default=None, ge=0)
    limits: dict[str, float] = {}
    tier_name: str | None = Field(default=None, alias="tierName")
    margin_guard: MarginGuard = Field(default=MarginGuard(), alias="marginGuard")

    def limit_of(self, metric: str | None) -> float | None:
        return self.limits.get(metric, self.limit) if metric else self.limit


class Client(_Record):
    """A client_credentials client; `claims` overrides claims of its tokens, null drops one."""

    secret: str
    customer_id: str
    key_id: str
    tenant_id: str | None = None
    environment: Literal["sandbox", "live"] | None = None
    scopes: str = "api"
    offering_ids: list[str] = []
    subscription_ids: list[str] = []
    ttl_seconds: int | None = None
    claims: dict[str, Any] = {}


class Accounts:
    """The register, filled from the settings and changed through the `/_...` routes."""

    def __init__(
        self,
        *,
        api_keys: Mapping[str, str],
        metrics: Mapping[str, Aggregation],
        customers: Mapping[str, Customer],
        clients: Mapping[str, Client],
    ) -> None:
        self.tenants_by_key = dict(api_keys)
        self.metrics: dict[str, Aggregation] = dict(metrics)
        self.customers = dict(customers)
        self.clients = dict(clients)
        self.revoked: set[str] = set()

    def customer(self, customer_id: str) -> Customer:
        """An unknown customer has no limit and no margin guard."""
        return self.customers.get(customer_id, Customer())
