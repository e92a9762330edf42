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
from tests.fakes.counter_store import CounterStore
from tests.fakes.settable_clock import SettableClock
from tests.fakes.token_issuer import TENANT

METER = "api_calls"


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
