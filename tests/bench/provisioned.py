"""The state of one customer in Redis, and the credentials that name it: an API key and tokens."""

import json
import time
from hashlib import sha256
from typing import Any

import redis

from functions.usage.quota import (
    identity_key,
    meter_field,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer

ISSUER = TokenIssuer()
API_KEY = "sk_live_1"


def provision(redis_url: str) -> None:
    """The state of one customer, whose API key is `API_KEY`."""
    allowance = {"limit": 10**9, "used": 0, "start_ms": 0, "end_ms": 2**52}
    enforced = {"rate_per_second": 50, "burst": 50, "lag_seconds": 180}
    state: dict[Any, Any] = {
        meter_field("api_calls", name): value for name, value in (allowance | enforced).items()
    }
    identity = {
        "customer_id": CUSTOMER,
        "tenant_id": TENANT,
        "key_id": "key-9",
        "environment": "live",
        "scopes": "read",
    }
    digest = sha256(API_KEY.encode()).hexdigest()
    with redis.Redis.from_url(redis_url) as store:
        store.set(tenant_key(TENANT, "generation"), 1)
        store.set(tenant_key(TENANT, "jwks"), ISSUER.key_set())
        store.hset(state_key(TENANT, CUSTOMER), mapping=state)
        store.hset(identity_key(TENANT, digest), mapping=dict(identity))
        # As if a heartbeat had just arrived from each of two log groups.
        for group in ("access", "execution"):
            store.hset(watermark_key(TENANT), group, str(time.time_ns() // 1_000_000))


def credential_event(credential: str) -> bytes:
    """What API Gateway asks an authorizer, as the Lambda runtime has it."""
    return json.dumps(authorizer_event(f"Bearer {credential}", Accept="*/*")).encode()
