"""What metering reads from its environment."""

from typing import Literal

from functions.adapters.settings import Settings

TENANT_HEADER = "X-Tenant-Id"


def customer_header(whose: str) -> str | None:
    """The header that names the customer, where the parameter TenantHeader says so; or None."""
    return TENANT_HEADER if whose == "customer" else None


class MeteringSettings(Settings):
    """One field per variable; `aws_region` is set by the Lambda runtime."""

    usage_queue_url: str
    quarantine_bucket: str
    configuration_bucket: str
    configuration_key: str = "configuration/metering.json"
    deployed_sources: str = ""  # those of the parameters: name=kind:group, with commas
    tenant_header: Literal["tenant", "customer"] = "tenant"  # whose id X-Tenant-Id carries
    aws_region: str  # part of every event key: the log group's region is the function's own
