"""An authorizer as one process has it, over a store in memory."""

from collections.abc import Callable

from functions.authorizer.api_key import ApiKeys
from functions.authorizer.authorize import Authorizer
from functions.authorizer.claims import TokenRules
from functions.authorizer.counter_read import CounterRead
from functions.authorizer.decision import DecisionRules
from functions.authorizer.light_telemetry import AuthorizerTelemetry
from functions.authorizer.signing_key import SigningKeys
from functions.authorizer.token import TokenVerifier
from functions.usage.quota import meter_field
from tests.fakes.counter_store import CounterStore
from tests.fakes.settable_clock import SettableClock
from tests.fakes.token_issuer import CUSTOMER, TENANT

METER = "api_calls"


def meter_fields(**numbers: float) -> dict[str, str]:
    """What the counters hold of the meter, by the fields' own names."""
    return {meter_field(METER, name): str(number) for name, number in numbers.items()}


def api_key_fields(tenant: str, **fields: str) -> dict[str, str]:
    """What they hold of a live API key of `CUSTOMER`."""
    key = {"customer_id": CUSTOMER, "tenant_id": tenant, "key_id": "key-9", "environment": "live"}
    return key | fields


def make_authorizer(
    store: CounterStore, clock: SettableClock, write: Callable[[str], None]
) -> Authorizer:
    """Of the tenant `TENANT`, live; telemetry goes to `write`. Its die says 50."""
    counters = CounterRead(store, tenant=TENANT, meter=METER, clock=clock)
    rules = TokenRules(
        tenant=TENANT, environment="live", issuer="https://auth.aforo.ai", audience="api"
    )
    return Authorizer(
        tokens=TokenVerifier(rules, SigningKeys(counters.key_set, clock), clock),
        api_keys=ApiKeys(counters.identity, tenant=TENANT, environment="live", clock=clock),
        counters=counters,
        rules=DecisionRules(ttl_seconds=0, allow_without_grant=False, allow_when_unknown=False),
        telemetry=AuthorizerTelemetry(clock, write),
        header_names_customer=False,
        clock=clock,
        draw=lambda: 50.0,
    )
