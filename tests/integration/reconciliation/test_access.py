"""What the template lets the two Redis users do is enough for all that they do, and no more."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from functions.authorizer.counter_read import CounterRead, KnownState
from functions.authorizer.identity import Identity
from functions.authorizer.redis_address import RedisAddress
from functions.authorizer.redis_link import RedisLink
from functions.reconciliation.counters.redis_scripts import connect
from functions.usage.moment import DAY_MS, HOUR_MS
from tests.integration.reconciliation.fire import PATIENCE_SECONDS
from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    TENANT,
    Tenant,
    event,
)
from tests.integration.reconciliation.test_steps import answer, apply, due
from tests.local.valkey import Valkey

TEMPLATE = Path(__file__).parents[3] / "template.yaml"


def test_the_writers_access_is_enough_and_no_more(client: Redis, valkey: Valkey) -> None:
    """Scripts are loaded and run, questions answered, and keys of others are out of reach."""
    client.script_flush()
    client.acl_deluser("writer")
    rules = [">secret", *_access_string("ReconciliationRedisUser").split()]
    client.execute_command("ACL", "SETUSER", "writer", *rules)  # type: ignore[no-untyped-call]
    url = f"redis://writer:secret@127.0.0.1:{urlsplit(valkey.url).port}/0"
    with connect(url) as writer:
        tenant = Tenant(writer)
        tenant.grant(5000, period="day")
        assert tenant.settle(*(event(str(i)) for i in range(600))) == []
        tenant.now_ms += DAY_MS
        assert tenant.settle(event("tomorrow", tenant.now_ms)) == []
        assert not tenant.take(
            {"kind": "open", "version": 1},
            {"kind": "revocation", "keyId": "k", "untilMs": tenant.now_ms + DAY_MS},
        )
        assert tenant.inspect("599", "tomorrow")["marked"] == {"599": True, "tomorrow": True}
        closing = {"customerId": CUSTOMER, "meter": METER, "sums": [[START_MS // HOUR_MS, 700]]}
        close = {"kind": "close", "version": 1, "closings": [closing]}
        assert not tenant.take({"kind": "rebuild", "version": 1, "part": 0, "commands": [close]})
        assert tenant.inspect("599")["newestClosedHour"] == "2026-11-23T12:00:00.000Z"
    assert "no permissions" in str(client.acl_dryrun("writer", "SET", "mg:tenant:customer", "x"))
    assert "no permissions" in str(client.acl_dryrun("writer", "FLUSHALL"))
    client.acl_deluser("writer")


def test_the_writers_access_is_enough_for_each_minutes_reconcile(
    client: Redis, valkey: Valkey
) -> None:
    """Who is due, heartbeats, limits, margin guards and keys."""
    client.script_flush()
    client.acl_deluser("writer")
    rules = [">secret", *_access_string("ReconciliationRedisUser").split()]
    client.execute_command("ACL", "SETUSER", "writer", *rules)  # type: ignore[no-untyped-call]
    with connect(f"redis://writer:secret@127.0.0.1:{valkey.port}/0") as writer:
        tenant = Tenant(writer)
        tenant.grant(5)
        assert due(tenant, groups=("/one", "/two")) == [CUSTOMER]
        assert due(tenant, groups=("/one",)) == [CUSTOMER]
        said = answer(
            quota={"limit": 7, "currentUsage": 0},
            guard={"level": "L1_ALERT", "allowPercent": 100, "retrySeconds": 60},
        )
        keys = [{"kty": "RSA", "kid": "k", "n": "A" * 342, "e": "AQAB"}]
        jwks = {"askedAtMs": START_MS, "keys": keys}
        assert apply(tenant, said, keys=jwks) == {"jwks": 1, "limit": 1, "guard": 1}
        heartbeat = {"version": 1, "heartbeatAtMs": tenant.now_ms, "logGroup": "/one"}
        assert tenant.take(heartbeat) == []
    client.acl_deluser("writer")


class _Reader:
    """Signs in as the authorizer's user."""

    def get_credentials(self) -> tuple[str, str]:
        return "reader", "secret"


@pytest.mark.parametrize(
    "words",
    ["CLIENT KILL ID 1", "CLIENT PAUSE 1000", "KEYS *", "SCAN 0", "SET aforo:a 1", "GET mg:a:b"],
)
def test_the_readers_access_is_enough_and_no_more(
    client: Redis, valkey: Valkey, words: str
) -> None:
    """It reads what a decision is made of. Who takes over the authorizer disturbs nobody else."""
    client.acl_deluser("reader")
    rules = [">secret", *_access_string("AuthorizerRedisUser").split()]
    client.execute_command("ACL", "SETUSER", "reader", *rules)  # type: ignore[no-untyped-call]
    tenant = Tenant(client)
    tenant.grant(5)
    tenant.take({"kind": "open", "version": 1})
    link = RedisLink(RedisAddress.parse(valkey.url), _Reader())
    reader = CounterRead(link, tenant=TENANT, meter=METER, clock=lambda: START_MS / 1000)
    deadline = time.monotonic() + PATIENCE_SECONDS
    who = Identity(customer_id=CUSTOMER, tenant_id=TENANT, environment="live", jti="j", key_id="k")
    state = reader.state(who, deadline)
    assert isinstance(state, KnownState)
    assert not state.has_watermark_fault
    assert reader.identity("ab" * 32, deadline) == {}
    assert reader.key_set(deadline) is None
    link.close()
    assert "no permissions" in str(client.acl_dryrun("reader", *words.split()))
    client.acl_deluser("reader")


def test_a_server_that_keeps_no_loaded_script_gets_it_with_the_call(
    client: Redis, valkey: Valkey
) -> None:
    """On ElastiCache Serverless SCRIPT LOAD may reach another node than the call: not used."""
    client.script_flush()
    rules = ["on", "nopass", "~*", "+@all", "-script"]
    client.execute_command("ACL", "SETUSER", "loader", *rules)  # type: ignore[no-untyped-call]
    with connect(f"redis://loader:any@127.0.0.1:{valkey.port}/0") as forbidden:
        tenant = Tenant(forbidden)
        tenant.grant(10)
        assert tenant.settle(event("a"), event("b")) == []
        assert tenant.used() == 2
    client.acl_deluser("loader")


def _access_string(user: str) -> str:
    found = re.search(rf"  {user}:.*?AccessString: \"([^\"]+)\"", TEMPLATE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]
