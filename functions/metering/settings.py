"""What metering reads from its environment."""

from typing import Literal

from functions.adapters.settings import Settings


class MeteringSettings(Settings):
    """One field per variable; `aws_region` is set by the Lambda runtime."""

    usage_queue_url: str
    quarantine_bucket: str
    configuration_bucket: str
    configuration_key: str = "configuration/metering.json"
    log_source: Literal["access", "execution"] = "access"
    tenant_header: Literal["tenant", "customer"] = "tenant"  # whose id X-Tenant-Id carries
    aws_region: str  # part of every event key: the log group's region is the function's own
