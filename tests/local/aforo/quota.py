"""The pre-flight decision: may this customer use so much more this month? (1.4)"""

from datetime import UTC, datetime
from typing import Any

from tests.local.aforo.state import State

DENY_RETRY_MS = 60_000  # 1.4: Retry-After default 60


def answer_quota(
    state: State, tenant: str, customer_id: str, metric: str | None, wanted: float
) -> dict[str, Any]:
    """Usage is the book's sum for the calendar month (UTC) of the stand-in's clock."""
    customer = state.accounts.customer(customer_id)
    used = state.book.used(
        tenant,
        customer_id,
        month=datetime.fromtimestamp(state.clock.now(), UTC).strftime("%Y-%m"),
        metric=metric,
        metrics=state.accounts.metrics,
    )
    limit = customer.limit_of(metric)
    decision, reason = decide(used, wanted, limit, state.settings.quota_warn_ratio)
    warning = {"X-RateLimit-Warning": "approaching-limit"} if decision == "WARN" else {}
    return {
        "decision": decision,
        "reason": reason,
        "retryAfterMs": DENY_RETRY_MS if decision == "DENY" else 0,
        "headers": warning,
        "currentUsage": used,
        "limit": limit,
        "tierName": customer.tier_name,
    }


def decide(used: float, wanted: float, limit: float | None, warn_ratio: float) -> tuple[str, str]:
    if limit is None:
        return "ALLOW", "no limit is set"
    if used + wanted > limit:
        return "DENY", "quota exceeded"
    if used + wanted >= limit * warn_ratio:
        return "WARN", "approaching the limit"
    return "ALLOW", "within the limit"
