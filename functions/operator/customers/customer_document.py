"""What is stated of customers -> the document that a file of it would hold: applied, it changes
nothing.

Margin guards, revocations and signing keys are not customers' to state, and stand in no file.
"""

from functions.operator.customers.gateway_keys import sha256_of
from functions.operator.customers.known_customers import KnownCustomer, KnownCustomers
from functions.operator.customers.placed_document import Value
from functions.reconciliation.commands import (
    USUAL_LAG_SECONDS,
    CredentialCommand,
    GrantCommand,
    GrantWindow,
)
from functions.usage.moment import iso_from_epoch_ms

type CustomersValue = dict[str, Value]


def document_of(known: KnownCustomers) -> CustomersValue:
    """Sorted by customer, so that two of them can be compared."""
    return {"customers": [_customer(who, known[who]) for who in sorted(known)]}


def _customer(who: str, known: KnownCustomer) -> Value:
    found: CustomersValue = {"customerId": who}
    if known.grants:
        found["grants"] = [_grant(known.grants[meter]) for meter in sorted(known.grants)]
        if known.when_unknown is not None:
            found["whenUnknown"] = "allow" if known.when_unknown else "deny"
    found["standing"] = known.standing.value
    if known.mode and known.mode.mode:
        found["mode"] = known.mode.mode.value
    if known.usage_plan and known.usage_plan.usage_identifier:
        found["usagePlanKeySha256"] = sha256_of(known.usage_plan.usage_identifier)
    if known.keys:
        found["apiKeys"] = [_key(known.keys[digest]) for digest in sorted(known.keys)]
    return found


def _grant(grant: GrantCommand) -> Value:
    found: CustomersValue = {"meter": grant.meter, "limit": grant.limit}
    if grant.period is not None:
        found["period"] = grant.period.value
    if grant.anchor_day != 1:
        found["anchorDay"] = grant.anchor_day
    if grant.window is not None:
        found |= _instants(grant.window)
    if grant.upcoming is not None:
        found["upcoming"] = {"limit": grant.upcoming.limit, **_instants(grant.upcoming)}
    found["ratePerSecond"] = grant.rate_per_second
    found["burst"] = grant.burst
    if grant.lag_seconds != USUAL_LAG_SECONDS:
        found["lagSeconds"] = grant.lag_seconds
    return found


def _instants(window: GrantWindow) -> CustomersValue:
    return {
        "start": iso_from_epoch_ms(window.start_ms),
        "end": iso_from_epoch_ms(window.end_ms),
    }


def _key(key: CredentialCommand) -> Value:
    found: CustomersValue = {"keyId": key.key_id, "sha256": key.api_key_sha256}
    found["environment"] = key.environment
    if key.scopes:
        found["scopes"] = list(key.scopes)
    if key.revoked:
        found["revoked"] = True
    return found
