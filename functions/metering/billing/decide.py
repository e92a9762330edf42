"""What becomes of a request: usage events, `Excluded` or `Quarantined`. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from functions.metering.access.format_v1 import NO_PAYER_KEY
from functions.metering.billing.exclusions import EXCLUSIONS, Exclusion
from functions.metering.billing.measuring import measured
from functions.metering.billing.payer import NO_CUSTOMER, verified_customer
from functions.metering.billing.refusal import NO_TIME, refused
from functions.metering.billing.request_event import EventWriter
from functions.metering.billing.request_identity import identity_of
from functions.metering.configuration.version import CompiledVersion, Configuration
from functions.metering.request import Request
from functions.usage.event import RequestIdentity
from functions.usage.moment import HOUR_MS
from functions.usage.outcome import Excluded, Quarantined

# CloudWatch takes events of at most two hours ahead (gateway-logs.md 3).
AHEAD_MS = 2 * HOUR_MS

CLOCK = Quarantined("clock", "requestTimeEpoch is more than two hours ahead")
NO_CONFIGURATION = Quarantined("no_configuration", "older than every version's effectiveFrom")

# A browser asks before it calls, and sends no credential with it.
PREFLIGHT = Excluded("preflight")
_NAMES_NOBODY = frozenset({NO_CUSTOMER.reason, NO_PAYER_KEY.reason})


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
            return why if isinstance(why, Excluded) else refused(request, why, version)
    customer = verified_customer(request, version)
    identity = identity_of(request)
    if isinstance(customer, Quarantined):
        return _without_customer(request, customer, identity, version)
    if isinstance(identity, Quarantined):
        return refused(request, identity, version)
    return _events(request, identity, customer, version, writer)


def _without_customer(
    request: Request,
    customer: Quarantined,
    identity: RequestIdentity | Quarantined,
    version: CompiledVersion,
) -> Excluded | Quarantined:
    """What no declaration cures is said first, and both faults at once."""
    if customer.reason in _NAMES_NOBODY and request.method == "OPTIONS":
        return PREFLIGHT
    return refused(request, identity, version) if isinstance(identity, Quarantined) else customer


def _version_of(
    request: Request, configuration: Configuration, now_ms: int
) -> CompiledVersion | Quarantined:
    """What was in force when the request was made."""
    if request.fault is not None:
        return refused(request, request.fault)
    time_ms = request.time_ms
    if time_ms is None:
        return refused(request, NO_TIME)
    if time_ms > now_ms + AHEAD_MS:
        return CLOCK
    version = configuration.in_force(time_ms)
    return NO_CONFIGURATION if version is None else version.compiled


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
