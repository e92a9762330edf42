"""What becomes of a request: usage events, `Excluded` or `Quarantined`. Pure, and the only place
that decides who pays.

The customer is whom the authorizer verified, else whom the customer map names for the API key id,
else nobody: there is no default customer (architecture.md, What is one request).
"""

from collections.abc import Sequence
from typing import NamedTuple

from functions.metering.billing.exclusions import EXCLUSIONS, Exclusion
from functions.metering.billing.measuring import measured
from functions.metering.billing.request_event import EventWriter
from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.version import CompiledVersion, Configuration
from functions.metering.request import Request
from functions.usage.event import RequestIdentity
from functions.usage.moment import HOUR_MS
from functions.usage.outcome import Excluded, Quarantined
from functions.usage.quota import CUSTOMER_ID, NO_CUSTOMER_IDS, is_customer_id

# CloudWatch takes events of at most two hours ahead (gateway-logs.md 3).
AHEAD_MS = 2 * HOUR_MS

NO_TIME = 'requestTimeEpoch must be there: add "requestTimeEpoch":"$context.requestTimeEpoch"'
CLOCK = Quarantined("clock", "requestTimeEpoch is more than two hours ahead")
NO_CONFIGURATION = Quarantined("no_configuration", "older than every version's effectiveFrom")
NO_CUSTOMER = Quarantined("no_customer", "no customerId, and the customer map has no such apiKeyId")
NOBODY = Quarantined("no_customer", "customerId is what a program writes where it has none")
MASKED = Quarantined("masked", "a customer or key that is partly stars could be anybody's")
CUSTOMER_MALFORMED = Quarantined("customer_malformed", f"customerId is not {CUSTOMER_ID.pattern}")
OTHER_TENANT = Quarantined("other_tenant", "tenantId is not the configured tenant")

# A browser asks before it calls, and sends no credential with it.
PREFLIGHT = Excluded("preflight")


class Billed(tuple[str, ...]):  # noqa: SLOT001 - a tuple's subclass can have none
    """The events of one request, as JSON texts. `omitted`: why meters of it made none."""

    omitted: Sequence[str] = ()


type Billing = tuple[str, ...] | Excluded | Quarantined


class Rules(NamedTuple):
    """What decides beside the configuration. Given, so that one more can be tried."""

    exclusions: Sequence[Exclusion]
    writer: EventWriter


RULES = Rules(EXCLUSIONS, EventWriter())


def bill(
    request: Request, configuration: Configuration, now_ms: int, rules: Rules = RULES
) -> Billing:
    """One event per meter, by the configuration in force at the request's time. `now_ms` only
    serves to refuse times that cannot be.
    """
    found = _billing(request, configuration, now_ms, rules)
    if isinstance(found, Quarantined):
        return found
    doubt = request.doubt or (request.free_doubt if isinstance(found, Excluded) else None)
    return doubt or found


def _billing(request: Request, configuration: Configuration, now_ms: int, rules: Rules) -> Billing:
    version = _version_of(request, configuration, now_ms)
    if isinstance(version, Quarantined):
        return version
    exclusions, writer = rules
    for exclusion in exclusions:
        why = exclusion(request, version)
        if why is not None:
            return why
    customer = _verified_customer(request, version)
    identity = identity_of(request)
    if isinstance(customer, Quarantined):
        return _without_customer(request, customer, identity)
    if isinstance(identity, Quarantined):
        return identity
    return _events(request, identity, customer, version, writer)


def _without_customer(
    request: Request, customer: Quarantined, identity: RequestIdentity | Quarantined
) -> Excluded | Quarantined:
    """What no declaration cures is said first, and both faults at once."""
    if customer.reason == NO_CUSTOMER.reason and request.method == "OPTIONS":
        return PREFLIGHT
    if isinstance(identity, Quarantined):
        return Quarantined("no_request_identity", f"{identity.detail}; and {customer.detail}")
    return customer


def _version_of(
    request: Request, configuration: Configuration, now_ms: int
) -> CompiledVersion | Quarantined:
    """What was in force when the request was made."""
    if request.fault is not None:
        return request.fault
    time_ms = request.time_ms
    if time_ms is None:
        return _without_time(request)
    if time_ms > now_ms + AHEAD_MS:
        return CLOCK
    version = configuration.in_force(time_ms)
    return NO_CONFIGURATION if version is None else version.compiled


def _without_time(request: Request) -> Quarantined:
    identity = identity_of(request)
    more = f"; and {identity.detail}" if isinstance(identity, Quarantined) else ""
    return Quarantined("no_time", f"{NO_TIME} to the format{more}")


def _verified_customer(request: Request, version: CompiledVersion) -> str | Quarantined:
    """Who pays. Stars stand where API Gateway masked a value: the six characters that it leaves
    are shared by many (gateway-logs.md 1.3).
    """
    customer, tenant = request.customer_id, request.tenant_id
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


def _no_id(customer: str) -> Quarantined:
    is_word = customer.isspace() or customer.lower() in NO_CUSTOMER_IDS
    return NOBODY if is_word else CUSTOMER_MALFORMED


def _events(
    request: Request,
    identity: RequestIdentity,
    customer: str,
    version: CompiledVersion,
    writer: EventWriter,
) -> Billing:
    events: list[str] = []
    omitted: list[str] = []
    for meter in version.meters_for(request.api_id):
        found = measured(request, meter)
        # All meters or none: a later, better reading of this line gives the same keys again.
        if isinstance(found, Quarantined):
            return found
        measures, left_out = found
        events += [writer.text(request, identity, customer, meter, one) for one in measures]
        omitted += left_out
    if not events:
        return Excluded(min(omitted))
    if not omitted:
        return tuple(events)
    billed = Billed(events)
    billed.omitted = omitted
    return billed
