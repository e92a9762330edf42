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
    execution_log_groups: str = ""  # their names, with commas; every other group is an access log
    tenant_header: Literal["tenant", "customer"] = "tenant"  # whose id X-Tenant-Id carries
    aws_region: str  # part of every event key: the log group's region is the function's own

    @property
    def execution_log_group_names(self) -> frozenset[str]:
        return frozenset(filter(None, map(str.strip, self.execution_log_groups.split(","))))
