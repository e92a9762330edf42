"""What becomes of a request: usage events, `Excluded` or `Quarantined`. Pure, and the only place
that decides who pays.

The customer is whom the authorizer verified, else whom the customer map names for the API key id,
else nobody: there is no default customer (architecture.md, What is one request).
"""

from collections.abc import Mapping, Sequence

from functions.metering.billing.gateway_refusal import (
    ACCESS_DENIED,
    DENIED,
    FORBIDDEN,
    NOT_SERVED,
    THROTTLED,
    UNAUTHORIZED,
)
from functions.metering.billing.measuring import measured
from functions.metering.billing.request_event import event_of
from functions.metering.configuration.version import Configuration, Version
from functions.metering.request import Request, is_gateway_id
from functions.usage.event import RequestIdentity, UsageEvent
from functions.usage.moment import HOUR_MS
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.quota import CUSTOMER_ID

# CloudWatch takes events of at most two hours ahead (gateway-logs.md 3).
AHEAD_MS = 2 * HOUR_MS

NO_TIME = Quarantined("no_time", "requestTimeEpoch")
NO_STATUS = Quarantined("no_status", "status")
CLOCK = Quarantined("clock", "requestTimeEpoch is more than two hours ahead")
NO_CONFIGURATION = Quarantined("no_configuration", "older than every version's effectiveFrom")
NO_REQUEST_IDENTITY = Quarantined(
    "no_request_identity", "accountId, apiId, stage and extendedRequestId must all be there"
)
NO_CUSTOMER = Quarantined("no_customer", "no customerId, and the customer map has no such apiKeyId")
MASKED = Quarantined("masked", "a customer or key that is partly stars could be anybody's")
CUSTOMER_MALFORMED = Quarantined("customer_malformed", f"customerId is not {CUSTOMER_ID.pattern}")
OTHER_TENANT = Quarantined("other_tenant", "tenantId is not the configured tenant")

EXCLUDED_PATH = Excluded("excluded_path")
# A browser asks before it calls, and sends no credential with it.
PREFLIGHT = Excluded("preflight")
SERVER_ERROR = Excluded("server_error")
# Of the API that was called no meter counts anything.
NO_METER = Excluded("no_meter")
EXCLUDED_STATUSES: Mapping[int | None, Excluded] = {
    401: UNAUTHORIZED,
    403: FORBIDDEN,
    429: THROTTLED,
}
OTHER_EXCLUDED_STATUS = Excluded("excluded_status")
_FIRST_SERVER_ERROR = 500
_DOUBTFUL = ("..", "//", "/./", "%", ";", "\\")
_TOO_MANY_REQUESTS = 429


class Billed(tuple[UsageEvent, ...]):  # noqa: SLOT001 - a tuple's subclass can have none
    """The events of one request. `omitted`: why meters of it made none."""

    omitted: Sequence[str] = ()


type Billing = tuple[UsageEvent, ...] | Excluded | Quarantined


def bill(request: Request, configuration: Configuration, now_ms: int) -> Billing:
    """One event per meter, by the configuration in force at the request's time. `now_ms` only
    serves to refuse times that cannot be.
    """
    if request.fault is not None:
        return request.fault
    if request.time_ms is None:
        return NO_TIME
    if request.time_ms > now_ms + AHEAD_MS:
        return CLOCK
    version = configuration.in_force(request.time_ms)
    if version is None:
        return NO_CONFIGURATION
    excluded = exclusion(request, version)
    return excluded or _billed(request, version)


def _billed(request: Request, version: Version) -> Billing:
    customer = verified_customer(request, version)
    if customer is NO_CUSTOMER and request.method == "OPTIONS":
        return PREFLIGHT
    return customer if isinstance(customer, Quarantined) else _events(request, customer, version)


def exclusion(request: Request, version: Version) -> Excluded | Quarantined | None:
    """Why a request is not billed whoever made it; None if it may be."""
    path = _path_to_exclude(request)
    if path is not None and version.excludes_path(path):
        return EXCLUDED_PATH
    refused = _refusal(request, version)
    if refused is not None:
        return refused
    if request.status is None:
        return NO_STATUS
    if not version.meters_for(request.api_id):
        return NO_METER
    if request.status >= _FIRST_SERVER_ERROR and not version.bill_server_errors:
        return SERVER_ERROR
    return None


def _path_to_exclude(request: Request) -> str | None:
    """The route, or the path where the route is not said or takes any path. A path that a backend
    may read as another one excludes nothing: its client would choose what is free.
    """
    route, path = request.route, request.path
    if path is None or (route is not None and "+}" not in route):
        return route
    if any(doubt in path for doubt in _DOUBTFUL):
        return route
    return (
        path.removeprefix(f"/{request.stage}")
        if f"{path}/".startswith(f"/{request.stage}/")
        else path
    )


def _refusal(request: Request, version: Version) -> Excluded | None:
    """Why API Gateway's own answer, or its status, is not billed."""
    if request.status in version.excluded_statuses:
        # 429 is what our authorizer's Deny is mapped to.
        if request.status == _TOO_MANY_REQUESTS and request.error_type == ACCESS_DENIED:
            return DENIED
        return EXCLUDED_STATUSES.get(request.status, OTHER_EXCLUDED_STATUS)
    return NOT_SERVED.get(request.error_type)


def verified_customer(request: Request, version: Version) -> str | Quarantined:
    """Who pays. Stars stand where API Gateway masked a value: the six characters that it leaves
    are shared by many (gateway-logs.md 1.3).
    """
    known = request.customer_id or request.api_key_id
    if known is None:
        return NO_CUSTOMER
    if request.unverified is not None:
        return request.unverified
    if "*" in known or (request.tenant_id is not None and "*" in request.tenant_id):
        return MASKED
    if request.tenant_id is not None and version.tenant_id not in {None, request.tenant_id}:
        return OTHER_TENANT
    if request.customer_id is None:
        return version.customers.get(known, NO_CUSTOMER)
    return known if CUSTOMER_ID.fullmatch(known) else CUSTOMER_MALFORMED


def _events(request: Request, customer: str, version: Version) -> Billing:
    identity = identity_of(request)
    if identity is None:
        return NO_REQUEST_IDENTITY
    events: list[UsageEvent] = []
    omitted: list[str] = []
    for meter in version.meters_for(request.api_id):
        found = measured(request, meter)
        # All meters or none: a later, better reading of this line gives the same keys again.
        if isinstance(found, Quarantined):
            return found
        events += [event_of(request, identity, customer, meter, one) for one in found.measures]
        omitted += found.omitted
    if not events:
        return Excluded(min(omitted))
    billed = Billed(events)
    if omitted:
        billed.omitted = omitted
    return billed


def identity_of(request: Request) -> RequestIdentity | None:
    """What makes it one request; None when a part is missing: an identity is never guessed."""
    account, api, stage = request.account_id, request.api_id, request.stage
    extended_request_id = request.extended_request_id
    # An HTTP API's two ids are one, and no caller can choose it (gateway-logs.md 2.2).
    if not extended_request_id and request.api_type == "http" and request.request_id:
        found = request.request_id
        extended_request_id = found if is_gateway_id(found) else None
    if account and api and stage and extended_request_id:
        return RequestIdentity(account, request.region, api, stage, extended_request_id)
    return None
