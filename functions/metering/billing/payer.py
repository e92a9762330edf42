"""Who pays for a request: whom the authorizer verified, else whom the customer map names for the
API key id, else nobody. The only place that decides it; there is no default customer
(architecture.md, What is one request).
"""

from functions.metering.configuration.version import CompiledVersion
from functions.metering.request import Request
from functions.usage.outcome import Quarantined
from functions.usage.quota import CUSTOMER_ID, NO_CUSTOMER_IDS, is_customer_id

NO_CUSTOMER = Quarantined("no_customer", "no customerId, and the customer map has no such apiKeyId")
NOBODY = Quarantined("no_customer", "customerId is what a program writes where it has none")
MASKED = Quarantined("masked", "a customer or key that is partly stars could be anybody's")
CUSTOMER_MALFORMED = Quarantined("customer_malformed", f"customerId is not {CUSTOMER_ID.pattern}")
OTHER_TENANT = Quarantined("other_tenant", "tenantId is not the configured tenant")


def verified_customer(request: Request, version: CompiledVersion) -> str | Quarantined:
    """Stars stand where API Gateway masked a value: the six characters that it leaves are shared by
    many (gateway-logs.md 1.3).
    """
    customer, tenant = request.customer_id or None, request.tenant_id
    known = customer or request.api_key_id
    if known is None:
        return request.unverified or NO_CUSTOMER
    if request.unverified is not None:
        return request.unverified
    if "*" in known or (tenant is not None and "*" in tenant):
        return MASKED
    if tenant is not None and version.tenant_id not in {None, tenant}:
        return OTHER_TENANT
    if customer is None:
        return version.customers.get(known, NO_CUSTOMER)
    return known if is_customer_id(known) else _no_id(known)


def payer_fault(request: Request, version: CompiledVersion | None) -> Quarantined | None:
    """Why nobody pays, as far as it is known without a version of the configuration."""
    if version is None:
        names_nobody = request.customer_id is None and request.api_key_id is None
        return request.unverified or (NO_CUSTOMER if names_nobody else None)
    found = verified_customer(request, version)
    return found if isinstance(found, Quarantined) else None


def _no_id(customer: str) -> Quarantined:
    is_word = customer.isspace() or customer.lower() in NO_CUSTOMER_IDS
    return NOBODY if is_word else CUSTOMER_MALFORMED
