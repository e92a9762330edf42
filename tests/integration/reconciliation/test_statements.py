"""Commands in real counters: the greatest version stands, in whatever order they come."""

import json
from collections.abc import Callable
from itertools import permutations

import pytest

from functions.usage.metric import Metric
from functions.usage.quota import (
    AuthorizerMode,
    GuardLevel,
    Status,
    identity_key,
    revocation_keys,
    state_key,
    tenant_key,
)
from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    TENANT,
    Tenant,
    event,
    settled,
)

DIGEST = "ab" * 32


def _grant(version: int) -> dict[str, object]:
    return {
        "kind": "grant",
        "customerId": CUSTOMER,
        "meter": METER,
        "period": "day",
        "limit": 100 * version,
        "ratePerSecond": 1,
        "burst": version,
        "version": version,
    }


def _status(version: int) -> dict[str, object]:
    status = ["active", "suspended", "closed"][version % 3]
    return {"kind": "status", "customerId": CUSTOMER, "status": status, "version": version}


def _guard(version: int) -> dict[str, object]:
    level = ["NONE", "L1_ALERT", "L2_THROTTLE"][version % 3]
    fields = {"level": level, "allowPercent": 10 * version, "retrySeconds": version}
    return {"kind": "guard", "customerId": CUSTOMER, **fields, "version": version}


def _credential(version: int) -> dict[str, object]:
    fields = {"customerId": f"cust_{version}", "keyId": "key_1", "environment": "live"}
    return {"kind": "credential", "apiKeySha256": DIGEST, **fields, "version": version}


def _mode(version: int) -> dict[str, object]:
    mode = [None, "shadow", "enforce"][version % 3]
    return {"kind": "mode", "customerId": CUSTOMER, "mode": mode, "version": version}


def _jwks(version: int) -> dict[str, object]:
    key = {"kty": "RSA", "kid": f"k{version}", "n": "A" * 342, "e": "AQAB"}
    return {"kind": "jwks", "keys": [key], "version": version}


def _open(version: int) -> dict[str, object]:
    return {"kind": "open", "version": version}


@pytest.mark.parametrize("make", [_grant, _status, _guard, _mode, _credential, _jwks, _open])
def test_the_greatest_version_stands(
    tenant: Tenant, make: Callable[[int], dict[str, object]]
) -> None:
    """Any order of three versions, one of them twice, leaves what the greatest says."""
    left = []
    for order in permutations([1, 2, 3, 2]):
        tenant.client.flushall()
        for version in order:
            assert tenant.take(make(version)) == []
        left.append(_everything(tenant))
    tenant.client.flushall()
    tenant.take(make(3))
    assert all(state == _everything(tenant) for state in left)


def test_a_repeated_command_is_done_and_changes_nothing(tenant: Tenant) -> None:
    """The same version again is acknowledged and counted as superseded."""
    tenant.take(_status(1), _status(1), _status(1))
    assert tenant.counted(Metric.COMMANDS_APPLIED, "status") == 1
    assert tenant.counted(Metric.COMMANDS_APPLIED, "superseded") == 2


@pytest.mark.parametrize("make", [_grant, _status, _guard, _mode, _credential, _jwks, _open])
def test_a_statement_that_is_repeated_is_no_news(
    tenant: Tenant, make: Callable[[int], dict[str, object]]
) -> None:
    """Delivered twice, as SQS may, it is in force once: nothing is opened or computed anew."""
    tenant.take(make(1), make(1))
    assert tenant.counted(Metric.COMMANDS_APPLIED, "superseded") == 1


def test_what_the_authorizer_reads(tenant: Tenant) -> None:
    """Every field of a decision arrives as it was stated."""
    tenant.take(_grant(4), _status(1), _guard(2), _mode(1))
    state = tenant.state()
    assert state.status is Status.SUSPENDED
    assert state.mode is AuthorizerMode.SHADOW
    assert (state.guard_level, state.guard_allow_percent) == (GuardLevel.THROTTLE, 20)
    assert state.guard_retry_seconds == 2
    assert (state.rate_per_second, state.burst, state.lag_seconds) == (1, 4, 180)
    assert state.allow_when_unknown is None
    assert tenant.allowance().limit == 400


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_policy_of_the_latest_grant_that_states_one(
    tenant: Tenant, order: tuple[int, ...]
) -> None:
    """Two meters' grants may state it and a third may not: order decides nothing."""
    grants = [
        tenant.grant_body(allowWhenUnknown=True, version=1),
        tenant.grant_body(allowWhenUnknown=False, version=2, meter="data_transfer"),
        tenant.grant_body(version=3),
    ]
    for place in order:
        tenant.take(grants[place])
    assert tenant.state().allow_when_unknown is False


def test_an_identity_is_stored_by_digest(tenant: Tenant) -> None:
    """What the authorizer needs to know of an API key, under its SHA-256."""
    tenant.take({**_credential(1), "scopes": ["read", "write"], "usageIdentifier": "plan_key"})
    assert tenant.client.hgetall(identity_key(TENANT, DIGEST)) == {
        "customer_id": "cust_1",
        "tenant_id": TENANT,
        "key_id": "key_1",
        "environment": "live",
        "scopes": "read write",
        "usage_identifier": "plan_key",
        "revoked": "0",
        "version": "1",
    }
    tenant.take({**_credential(2), "revoked": True})
    assert tenant.client.hget(identity_key(TENANT, DIGEST), "revoked") == "1"


def test_a_credential_of_another_tenant_is_refused(tenant: Tenant) -> None:
    """It stays in the queue, and then in its dead-letter queue, and is stored nowhere."""
    assert tenant.take({**_credential(1), "tenantId": "tenant_2"}) == ["0"]
    assert tenant.counted(Metric.COMMANDS_REFUSED) == 1
    assert not tenant.keys()


def test_key_set_is_a_jwks(tenant: Tenant) -> None:
    """What stands in Redis is a JWKS document that any JWT library reads."""
    tenant.take(_jwks(1))
    text = tenant.client.get(tenant_key(TENANT, "jwks"))
    assert json.loads(str(text)) == {
        "keys": [
            {"kty": "RSA", "kid": "k1", "n": "A" * 342, "e": "AQAB", "alg": "RS256", "use": "sig"}
        ]
    }


@pytest.mark.parametrize("order", [(60, 3600), (3600, 60), (3600, 3600)])
def test_a_revocation_only_gets_longer(tenant: Tenant, order: tuple[int, int]) -> None:
    """The longest stands, whichever comes last."""
    for seconds in order:
        until = START_MS + seconds * 1000
        tenant.take({"kind": "revocation", "keyId": "key_1", "untilMs": until})
    _, key = revocation_keys("", "key_1")
    assert 3590 < int(tenant.client.ttl(key)) <= 3600


def test_a_revocation_that_is_over_is_not_made(tenant: Tenant) -> None:
    """An old message from a dead-letter queue does not revoke anything for ever."""
    assert tenant.take({"kind": "revocation", "jti": "t", "untilMs": START_MS - 1}) == []
    assert not tenant.keys()


def test_what_is_not_understood_comes_back(tenant: Tenant) -> None:
    """A wrong body fails alone and is never lost; the rest of its batch is done."""
    failed = tenant.take(
        {"version": 9, "settled": []}, _grant(1), {"kind": "launch"}, settled([event("a")])
    )
    assert failed == ["0", "2"]
    assert tenant.counted(Metric.MESSAGES_REFUSED) == 1
    assert tenant.counted(Metric.COMMANDS_REFUSED) == 1
    assert tenant.used() == 1


def test_an_operator_sees_what_is_counted(tenant: Tenant) -> None:
    """The inspection says what is left, until when, and which events are in the counter."""
    tenant.take(_open(5), _grant(1), settled([event("a"), event("b")]))
    found = tenant.inspect("a", "z")
    assert (found["generation"], found["status"]) == ("5", "active")
    assert (found["limit"], found["used"], found["remaining"]) == (100, 2, 98)
    assert (found["periodStart"], found["periodEnd"]) == (
        "2026-11-23T00:00:00.000Z",
        "2026-11-24T00:00:00.000Z",
    )
    assert found["marked"] == {"a": True, "z": False}


def test_an_inspection_finds_marks_in_cells(tenant: Tenant) -> None:
    """An event of a busy hour is found although its minute is not told."""
    tenant.settle(*(event(str(i), START_MS + i) for i in range(700)))
    assert tenant.inspect("0", "699", "700")["marked"] == {"0": True, "699": True, "700": False}


def test_an_inspection_of_nobody(tenant: Tenant) -> None:
    """A customer that nobody heard of has no limit, which is not a limit of zero, and is not
    active, as one is who was heard of and has no status.
    """
    found = tenant.inspect()
    assert found["limit"] is None
    assert found["remaining"] is None
    assert found["status"] is None
    assert not tenant.client.exists(state_key(TENANT, CUSTOMER))


def test_of_nobody_those_with_a_similar_id_are_named(tenant: Tenant) -> None:
    """Whoever mistyped an id sees the right one."""
    tenant.take(_open(5), _grant(1))
    assert tenant.inspect(customer=f"{CUSTOMER}x")["similar"] == [CUSTOMER]
    assert tenant.inspect(customer="somebody_else")["similar"] == []
    assert tenant.inspect()["similar"] == []


def test_an_inspection_says_whose_an_api_key_is(tenant: Tenant) -> None:
    """By its digest; of an unknown one, nothing."""
    tenant.take(_credential(1))
    digest = str(_credential(1)["apiKeySha256"])
    found = tenant.inspect(digest=digest)["apiKey"]
    assert found == {"customerId": CUSTOMER, "keyId": "key_1", "revoked": "0"}
    assert tenant.inspect(digest="0" * 64)["apiKey"] is None


def test_an_inspection_of_the_tenant(tenant: Tenant) -> None:
    """Whether the counters are open, and for how many customers."""
    assert tenant.findings() == {"generation": None, "customers": 0, "signingKeys": []}
    tenant.take(_open(5), _grant(1))
    assert tenant.findings() == {"generation": "5", "customers": 1, "signingKeys": []}


def _everything(tenant: Tenant) -> dict[str, object]:
    client = tenant.client
    keys = sorted(client.scan_iter("*"))
    read: dict[str, Callable[[str], object]] = {
        "hash": client.hgetall,
        "string": client.get,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    return {key: read[str(client.type(key))](key) for key in keys}
