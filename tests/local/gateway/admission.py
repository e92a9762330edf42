"""API keys, usage plans and throttling: an exchange comes in; it may go on, or a `Failure` leaves.

The order is API Gateway's: the key, the plan's quota, the plan's throttle, the method's throttle
(developer guide, api-gateway-request-throttling). Each method has a bucket of its own.
"""

import time
from dataclasses import dataclass, field

from tests.local.gateway.deployment import ApiKey, Deployment, UsagePlan
from tests.local.gateway.exchange import Exchange, Failure
from tests.local.gateway.execution_trace import masked
from tests.local.gateway.routes import Route
from tests.local.gateway.throttle import Throttle

PERIOD_SECONDS = {"DAY": 86_400, "WEEK": 7 * 86_400, "MONTH": 30 * 86_400}


@dataclass
class Admission:
    """Buckets and quota counters; they outlive a reload, as they do on AWS."""

    throttle: Throttle = field(default_factory=Throttle)
    _used: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def admit(self, exchange: Exchange, route: Route, deployment: Deployment) -> Failure | None:
        """None lets the request pass; fills in `exchange.api_key` where the method needs one."""
        if route.method.api_key_required:
            failure = self._admit_key(exchange, route, deployment)
            if failure:
                return failure
        return self._admit_method(exchange, route)

    def _admit_key(
        self, exchange: Exchange, route: Route, deployment: Deployment
    ) -> Failure | None:
        if exchange.api.key_source == "HEADER":
            sent = exchange.request.header("x-api-key")
            exchange.api_key = next((key for key in deployment.keys if key.value == sent), None)
        key, stage = exchange.api_key, f"{exchange.api.id}:{exchange.stage.name}"
        plan = next(
            (p for p in deployment.plans if key and key.id in p.key_ids and stage in p.stages), None
        )
        if key is None or plan is None:
            return _invalid_key(exchange, route)
        return self._over_quota(exchange, key, plan) or self._over_plan(exchange, route, key, plan)

    def _over_quota(self, exchange: Exchange, key: ApiKey, plan: UsagePlan) -> Failure | None:
        if plan.quota is None:
            return None
        period = int(time.time()) // PERIOD_SECONDS[plan.quota_period]
        counter = (plan.id, key.id, period)
        self._used[counter] = self._used.get(counter, 0) + 1
        if self._used[counter] <= plan.quota:
            return None
        line = (
            f"API Key {masked(key.value)} exceeded quota limit for API Stage {_stage(exchange)}:"
            f" Key quota exhausted for Usage Plan ID {plan.id}."
            f" Q Limit: {plan.quota} Period: {plan.quota_period}"
        )
        return Failure(kind="QUOTA_EXCEEDED", log_lines=(line,))

    def _over_plan(
        self, exchange: Exchange, route: Route, key: ApiKey, plan: UsagePlan
    ) -> Failure | None:
        if plan.rate is None or plan.burst is None:
            return None
        bucket = ("plan", plan.id, key.id)
        now = time.monotonic()
        if self.throttle.admits(bucket, rate=plan.rate, burst=plan.burst, now=now):
            return None
        line = (
            f"API Key {masked(key.value)} exceeded throttle limit for API Stage {_stage(exchange)}:"
            f" Key throttle limit exceeded for Usage Plan ID {plan.id}, {_place(exchange, route)}."
            f" Limit: {plan.rate:.2f} Burst: {plan.burst}"
        )
        return Failure(kind="THROTTLED", log_lines=(line,))

    def _admit_method(self, exchange: Exchange, route: Route) -> Failure | None:
        settings, method = exchange.settings, route.method
        bucket = ("method", exchange.api.id, exchange.stage.name, route.resource.id, method.verb)
        now = time.monotonic()
        if self.throttle.admits(bucket, rate=settings.rate, burst=settings.burst, now=now):
            return None
        line = (
            f"Key throttle limit exceeded for {_place(exchange, route)}."
            f" Limit: {settings.rate:.2f} Burst: {settings.burst}"
        )
        return Failure(kind="THROTTLED", log_lines=(line,))


def _invalid_key(exchange: Exchange, route: Route) -> Failure:
    key = masked(exchange.api_key.value) if exchange.api_key else ""
    line = (
        f"API Key {key} not authorized because method"
        f" '{route.method.verb} {route.resource.path}' requires API Key and API Key is not"
        f" associated with usage plan for API Stage {_stage(exchange)}: No Usage Plan found for key"
        " and API Stage"
    )
    return Failure(kind="INVALID_API_KEY", log_lines=(line,))


def _stage(exchange: Exchange) -> str:
    return f"{exchange.api.id}/{exchange.stage.name}"


def _place(exchange: Exchange, route: Route) -> str:
    return (
        f"RestApi {exchange.api.id}, Stage {exchange.stage.name}, Resource {route.resource.id},"
        f" HttpMethod {exchange.request.verb}"
    )
