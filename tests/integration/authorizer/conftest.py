"""The authorizer over a real Valkey, wired as in Lambda; each test has a tenant of its own."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from functions.authorizer import read_time
from functions.authorizer.authorize import Authorizer
from functions.authorizer.handler import answer, authorizer_for, link_to
from functions.authorizer.policy import Policy
from functions.authorizer.settings import read_settings
from functions.usage.quota import identity_key, state_key, tenant_key
from tests.fakes.authorizer import METER, api_key_fields, meter_fields
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.settable_clock import SettableClock
from tests.fakes.token_issuer import CUSTOMER, TokenIssuer
from tests.local.valkey import Valkey

# Of a Valkey that answers at all: with the 50 ms of production a busy machine would fail the tests.
PATIENCE_SECONDS = 30.0
_numbers = itertools.count(1)


@dataclass
class Stack:
    """One tenant in one Valkey, and its authorizer."""

    valkey: Valkey
    tenant: str
    clock: SettableClock
    authorizer: Authorizer
    store: "redis.Redis"
    issuer: TokenIssuer

    def answer(self, authorization: str, **headers: str) -> Policy:
        return answer(authorizer_event(authorization, **headers), lambda: self.authorizer)

    def token(self, **claims: Any) -> str:
        return f"Bearer {self.issuer.token(self.clock(), tenant_id=self.tenant, **claims)}"

    def open(self) -> None:
        self.store.set(tenant_key(self.tenant, "generation"), 1)
        self.store.set(tenant_key(self.tenant, "jwks"), self.issuer.key_set())

    def grant(self, *, limit: int, used: int = 0) -> None:
        now_ms = int(self.clock() * 1000)
        found = meter_fields(limit=limit, used=used, start_ms=0, end_ms=now_ms + 3_600_000)
        self._put(state_key(self.tenant, CUSTOMER), found)

    def know_api_key(self, digest: str, *, usage_identifier: str = "") -> None:
        found = api_key_fields(self.tenant, usage_identifier=usage_identifier)
        self._put(identity_key(self.tenant, digest), found)

    def _put(self, key: str, fields: dict[str, str]) -> None:
        mapping: dict[Any, Any] = dict(fields)  # redis-py wants either of str and bytes
        self.store.hset(key, mapping=mapping)


@pytest.fixture
def make_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Valkey], Stack]]:
    """A live tenant in a Valkey, with a grant of 100 calls."""
    monkeypatch.setattr(read_time, "ANSWER_SECONDS", PATIENCE_SECONDS)
    opened = contextlib.ExitStack()

    def make(valkey: Valkey) -> Stack:
        tenant, clock = f"tenant-{next(_numbers)}", SettableClock()
        settings = read_settings(environment_at(valkey.url, tenant))
        client = opened.enter_context(redis.Redis.from_url(valkey.url))
        link = opened.enter_context(contextlib.closing(link_to(settings)))
        stack = Stack(
            valkey, tenant, clock, authorizer_for(settings, link, clock), client, TokenIssuer()
        )
        stack.open()
        stack.grant(limit=100)
        return stack

    with opened:
        yield make


@pytest.fixture
def stack(valkey: Valkey, make_stack: Callable[[Valkey], Stack]) -> Stack:
    """A tenant in the session's Valkey."""
    return make_stack(valkey)


def environment_at(url: str, tenant: str) -> dict[str, str]:
    """The function's environment, with its counters there."""
    return {
        "REDIS_URL": url,
        "AFORO_TENANT_ID": tenant,
        "AFORO_ENVIRONMENT": "live",
        "QUOTA_METER": METER,
        "TOKEN_ISSUER": "https://auth.aforo.ai",
        "TOKEN_AUDIENCE": "api",
        "UNKNOWN_POLICY": "deny",
        "NO_GRANT_POLICY": "deny",
        "RESULT_TTL_SECONDS": "0",
        "HEADROOM_CAP_PERCENT": "5",
        "TENANT_HEADER": "tenant",
    }
