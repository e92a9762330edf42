"""X-Tenant-Id, which the authorizer checks (DESIGN.md 6): it may carry the customer's id."""

TENANT_HEADER = "X-Tenant-Id"


def customer_header(whose: str) -> str | None:
    """The header that names the customer, where the parameter TenantHeader says so; or None."""
    return TENANT_HEADER if whose == "customer" else None
