"""An authorizer over an in-memory store, with a clock and a die that the test sets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer
from functions.authorizer.light_telemetry import CALM_SECONDS
from functions.authorizer.policy import Policy
from functions.usage.quota import (
    identity_key,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.fakes.authorizer import api_key_fields, make_authorizer, meter_fields
from tests.fakes.counter_store import CounterStore
from tests.fakes.settable_clock import SettableClock
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer


@dataclass
class Bench:
    """The authorizer and everything around it."""

    store: CounterStore
    clock: SettableClock
    issuer: TokenIssuer
    authorizer: Authorizer
    lines: list[str] = field(default_factory=list)

    def answer(self, event: Mapping[str, Any]) -> Policy:
        return answer(event, lambda: self.authorizer)

    def good_header(self, **claims: Any) -> str:
        return f"Bearer {self.issuer.token(self.clock(), **claims)}"

    def grant(self, customer: str = CUSTOMER, *, limit: int = 100, used: int = 0) -> None:
        """An hour's allowance around now."""
        now_ms = int(self.clock() * 1000)
        start_ms, end_ms = now_ms - 1_800_000, now_ms + 1_800_000
        found = meter_fields(limit=limit, used=used, start_ms=start_ms, end_ms=end_ms)
        self.store.hashes[state_key(TENANT, customer)] = found

    def enforce(self, *, rate_per_second: float, burst: int, lag_seconds: float) -> None:
        """What the grant says of the usage plan and of the usual lag."""
        self.store.hashes[state_key(TENANT, CUSTOMER)] |= meter_fields(
            rate_per_second=rate_per_second, burst=burst, lag_seconds=lag_seconds
        )

    def heartbeats(self, **seconds_ago: float) -> None:
        """The newest heartbeat of each log group that reached the counters."""
        self.store.hashes[watermark_key(TENANT)] = {
            group: str(int((self.clock() - ago) * 1000)) for group, ago in seconds_ago.items()
        }

    def counted(self, metric: str) -> int:
        """How often the authorizer counted `metric`; advances the clock to see all of it."""
        self.clock.advance(CALM_SECONDS)
        self.authorizer.telemetry.flush_if_due()
        return sum(json.loads(line).get(metric, 0) for line in self.lines)

    def know_api_key(self, digest: str, **fields: str) -> None:
        found = api_key_fields(TENANT, **{"scopes": "read", **fields})
        self.store.hashes[identity_key(TENANT, digest)] = found

    def allow_when_unknown(self) -> None:
        rules = replace(self.authorizer.rules, allow_when_unknown=True)
        self.authorizer = replace(self.authorizer, rules=rules)

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for text in self.lines if (line := json.loads(text)).get("message") == event]


@pytest.fixture
def bench() -> Bench:
    """A live tenant with one customer, who has 100 calls and a token's key to sign with."""
    return make_bench()


def make_bench() -> Bench:
    """As the fixture; Hypothesis makes its own for every example."""
    clock, store, issuer = SettableClock(), CounterStore(), TokenIssuer()
    lines: list[str] = []
    authorizer = make_authorizer(store, clock, lines.append)
    made = Bench(store, clock, issuer, authorizer, lines)
    store.strings[tenant_key(TENANT, "generation")] = "1"
    store.strings[tenant_key(TENANT, "jwks")] = issuer.key_set()
    made.grant()
    return made
