"""The account's API keys and usage plans, as API Gateway's APIs answer them. They act at once."""

from collections.abc import Mapping
from typing import Any

from tests.local.gateway.deployment import ApiKey, UsagePlan
from tests.local.gateway.method import is_true

PAGE = {"PageSize": 500}


def read_keys(client: Any) -> tuple[ApiKey, ...]:
    """The keys that are enabled."""
    pages = client.get_paginator("get_api_keys").paginate(includeValues=True, PaginationConfig=PAGE)
    return tuple(
        ApiKey(id=entry["id"], value=entry["value"])
        for page in pages
        for entry in page["items"]
        if is_true(entry.get("enabled", True)) and entry.get("value")
    )


def read_plans(client: Any) -> tuple[UsagePlan, ...]:
    """Every plan, with its keys and stages."""
    pages = client.get_paginator("get_usage_plans").paginate(PaginationConfig=PAGE)
    return tuple(_plan(client, entry) for page in pages for entry in page["items"])


def _plan(client: Any, entry: Mapping[str, Any]) -> UsagePlan:
    pages = client.get_paginator("get_usage_plan_keys").paginate(
        usagePlanId=entry["id"], PaginationConfig=PAGE
    )
    throttle, quota = entry.get("throttle") or {}, entry.get("quota") or {}
    return UsagePlan(
        id=entry["id"],
        key_ids=frozenset(key["id"] for page in pages for key in page["items"]),
        stages=frozenset(
            f"{stage['apiId']}:{stage['stage']}" for stage in entry.get("apiStages", [])
        ),
        rate=throttle.get("rateLimit"),
        burst=throttle.get("burstLimit"),
        quota=quota.get("limit"),
        quota_period=quota.get("period", "DAY"),
    )
