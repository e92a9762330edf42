"""What reconciliation reads from its environment."""

from typing import Annotated

from pydantic import AfterValidator, Field

from functions.adapters.redis_url import fault_of
from functions.adapters.settings import Settings


def _endpoint(url: str) -> str:
    """As the authorizer takes it: a URL that only we could use would refuse every caller."""
    if fault := fault_of(url):
        raise ValueError(fault)
    return url


class ReconciliationSettings(Settings):
    """REDIS_USER and REDIS_CACHE_NAME are both empty where the cache asks for no IAM token, and
    REDIS_SECRET_ARN where it wants no password.
    """

    redis_url: Annotated[str, AfterValidator(_endpoint)]
    redis_user: str = ""
    redis_cache_name: str = ""
    redis_secret_arn: str = ""
    aws_region: str = ""
    aforo_tenant_id: Annotated[str, Field(min_length=1)]
    # Stripe and OpenMeter take events that are 35 and 32 days old: a month, and the days that a
    # replay takes. Longer costs 10 bytes of memory per event and day (aws-and-counters.md 4a).
    mark_horizon_days: Annotated[int, Field(ge=1, le=100)] = 35


class RepairSettings(Settings):
    """Where the ledger stands, and the queue that leads to the counters."""

    ledger_bucket: str
    settled_usage_queue_url: str
    mark_horizon_days: Annotated[int, Field(ge=1, le=100)] = 35  # older usage counts nothing
