"""Attacks and limits as a client meets them: over the local gateway, with counters on Valkey."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from functions.authorizer.credential import CredentialHeader
from functions.authorizer.handler import answer
from functions.usage.quota import state_key
from tests.fakes.guarded_api import BY_CREDENTIAL_AND_TENANT, GuardedApi
from tests.fakes.token_issuer import CUSTOMER, TokenIssuer
from tests.integration.authorizer.conftest import Stack
from tests.local.gateway.deployment import ApiKey, UsagePlan
from tests.local.gateway.exchange import Answer

UNAUTHORIZED = {
    "code": "UNAUTHORIZED",
    "message": "Send a valid credential: Authorization: Bearer <token or API key>.",
}

type MakeApi = Callable[..., GuardedApi]


@pytest.fixture
def make_api(stack: Stack) -> MakeApi:
    """A guarded API in front of the stack's counters."""

    def make(**options: Any) -> GuardedApi:
        return GuardedApi(lambda event: answer(event, lambda: stack.authorizer), **options)

    return make


def error(answered: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answered.body)["error"]
    return found


def names_customer(stack: Stack) -> None:
    stack.authorizer = replace(stack.authorizer, header_names_customer=True)


def test_a_good_credential_is_served(stack: Stack, make_api: MakeApi) -> None:
    """In any spelling of the header's name: the measure for all the rest."""
    api = make_api()
    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        assert api.send((name, stack.token())).status == 200


def bad_credentials(stack: Stack) -> dict[str, str]:
    now, tenant = stack.clock(), stack.tenant
    issuer, stranger = stack.issuer, TokenIssuer("stranger")
    return {
        "nothing known": "Bearer sk_live_unknown",
        "another scheme": "Basic dXNlcjpwYXNz",
        "alg none": f"Bearer {issuer.unsigned_token(now, 'none', 'e30')}",
        "HS256 with the public key": f"Bearer {issuer.confused_token(now)}",
        "a stranger's key": f"Bearer {stranger.token(now, tenant_id=tenant)}",
        "a stranger's key, our kid": (
            f"Bearer {stranger.token(now, header={'kid': issuer.kid}, tenant_id=tenant)}"
        ),
        "expired": stack.token(exp=int(now) - 31),
        "not yet valid": stack.token(nbf=int(now) + 31),
        "another tenant": f"Bearer {issuer.token(now, tenant_id='umbrella')}",
        "another environment": stack.token(environment="sandbox"),
        "a megabyte": "Bearer " + "a" * 1_000_000,
        "a megabyte of token": f"Bearer {'a' * 500_000}.{'b' * 500_000}.c",
    }


def test_a_bad_credential_is_401(stack: Stack, make_api: MakeApi) -> None:
    """With a body that says what to send, and not what was wrong."""
    api = make_api()
    for name, credential in bad_credentials(stack).items():
        answered = api.send(("Authorization", credential))
        assert (name, answered.status, error(answered)) == (name, 401, UNAUTHORIZED)
        assert ("WWW-Authenticate", "Bearer") in answered.headers


@pytest.mark.parametrize("sent", [(), (("Authorization", ""),), (("X-Api-Key", "sk_live_1"),)])
def test_no_credential_does_not_even_ask(make_api: MakeApi, sent: tuple[Any, ...]) -> None:
    """Without its identity source API Gateway answers by itself: such a flood costs nothing."""
    api = make_api()
    assert api.send(*sent).status == 401
    assert api.functions.calls == 0


def test_an_api_key_s_own_header_needs_no_identity_source(stack: Stack, make_api: MakeApi) -> None:
    """CredentialHeader=X-API-Key: the authorizer is asked for every call, and finds the key."""
    stack.know_api_key(sha256(b"sk_live_1").hexdigest())
    stack.authorizer = replace(stack.authorizer, credential_header=CredentialHeader.API_KEY)
    api = make_api(identity_sources=())
    assert api.send(("X-Api-Key", "sk_live_1")).status == 200
    assert api.send(("x-api-key", "sk_live_2")).status == 401
    assert api.send(("Authorization", stack.token())).status == 401
    assert api.send().status == 401
    assert api.functions.calls == 4


def test_two_credentials_are_none(stack: Stack, make_api: MakeApi) -> None:
    """Sent in two lines or in two spellings, in either order: believed in neither."""
    good, bad = stack.token(), "Bearer sk_live_1"
    for lines in (
        (("Authorization", good), ("Authorization", bad)),
        (("Authorization", bad), ("authorization", good)),
        (("authorization", good), ("AUTHORIZATION", bad)),
    ):
        assert make_api().send(*lines).status == 401


def test_a_forged_tenant_header(stack: Stack, make_api: MakeApi) -> None:
    """Alone, beside the true one, in any spelling."""
    api, true = make_api(), ("X-Tenant-Id", stack.tenant)
    good = ("Authorization", stack.token())
    assert api.send(good, true).status == 200
    for forged in (("X-Tenant-Id", "umbrella"), ("x-tenant-id", ""), ("X_TENANT_ID", "umbrella")):
        assert api.send(good, forged).status == 401
        assert api.send(good, true, forged).status == 401
        assert api.send(good, forged, true).status == 401


def test_a_header_that_names_the_customer(stack: Stack, make_api: MakeApi) -> None:
    """Must be there and be the credential's; another id with the same last characters is not."""
    names_customer(stack)
    api, good = make_api(), ("Authorization", stack.token())
    assert api.send(good, ("X-Tenant-Id", CUSTOMER)).status == 200
    for sent in ((), (("X-Tenant-Id", "dust-1"),), (("X-Tenant-Id", stack.tenant),)):
        assert api.send(good, *sent).status == 401


def test_a_kept_answer_is_for_every_method_of_its_stage(stack: Stack, make_api: MakeApi) -> None:
    """API Gateway applies it to other methods: a policy for one method would refuse the next."""
    api, good = make_api(ttl_seconds=300), ("Authorization", stack.token())
    assert [api.send(good, verb=verb).status for verb in ("GET", "DELETE", "GET")] == [200] * 3
    assert api.functions.calls == 1
    assert api.send(good, stage="test").status == 200
    assert api.functions.calls == 2


def test_a_kept_answer_is_one_credential_s(stack: Stack, make_api: MakeApi) -> None:
    """Nobody is let in by what another was told, good or bad."""
    api = make_api(ttl_seconds=300)
    assert api.send(("Authorization", stack.token())).status == 200
    assert api.send(("Authorization", stack.token(environment="sandbox"))).status == 401
    assert api.send(("Authorization", stack.token(jti="jti-2"))).status == 200


def test_what_a_kept_answer_costs(stack: Stack, make_api: MakeApi) -> None:
    """Why the TTL is 0: a revoked credential is served until the answer is forgotten, and a
    customer that topped up is refused as long. Without keeping, both are seen at once.
    """
    kept, asked = make_api(ttl_seconds=300), make_api()
    good = ("Authorization", stack.token(jti="jti-kept"))
    assert [api.send(good).status for api in (kept, asked)] == [200, 200]
    stack.store.set("jti:blocked:jti-kept", "1")
    assert [api.send(good).status for api in (kept, asked)] == [200, 401]
    stack.store.delete("jti:blocked:jti-kept")
    other = ("Authorization", stack.token(jti="jti-other"))
    stack.grant(limit=10, used=10)
    assert [api.send(other).status for api in (kept, asked)] == [429, 429]
    stack.grant(limit=20, used=10)
    assert [api.send(other).status for api in (kept, asked)] == [429, 200]


def test_a_kept_answer_does_not_see_other_headers(stack: Stack, make_api: MakeApi) -> None:
    """Unless they are identity sources too: why TTL and `TenantHeader: customer` exclude each other
    (settings), and what a stage with a TTL of its own has to declare.
    """
    good, forged = ("Authorization", stack.token()), ("X-Tenant-Id", "umbrella")
    own = ("X-Tenant-Id", stack.tenant)
    blind = make_api(ttl_seconds=300)
    assert [blind.send(good, sent).status for sent in (own, forged)] == [200, 200]
    seeing = make_api(ttl_seconds=300, identity_sources=BY_CREDENTIAL_AND_TENANT)
    assert [seeing.send(good, sent).status for sent in (own, forged)] == [200, 401]


def test_a_storm_of_unknown_kids_reads_the_key_set_once(stack: Stack, make_api: MakeApi) -> None:
    """As Redis counts it."""
    api = make_api()
    assert api.send(("Authorization", stack.token())).status == 200

    def reads() -> int:
        stats: dict[str, Any] = stack.store.info("commandstats")
        return int(stats["cmdstat_get"]["calls"])

    stack.clock.advance(30)
    before = reads()
    for number in range(100):
        token = stack.issuer.token(
            stack.clock(), tenant_id=stack.tenant, header={"kid": f"invented-{number}"}
        )
        assert api.send(("Authorization", f"Bearer {token}")).status == 401
    assert reads() == before + 2  # the sentinel and the key set, once


def test_a_used_up_quota_is_429_with_the_reason(stack: Stack, make_api: MakeApi) -> None:
    """Code, message and time in the body; headers are static on API Gateway."""
    stack.grant(limit=10, used=10)
    answered = make_api().send(("Authorization", stack.token()))
    assert (answered.status, error(answered)) == (
        429,
        {
            "code": "QUOTA_EXCEEDED",
            "message": "The quota of the current period is used up",
            "retryAfterSeconds": "3600",  # text: it is filled in, and may be absent
        },
    )
    assert ("Retry-After", "60") in answered.headers


def test_a_denial_of_the_resource_policy_is_not_a_quota(stack: Stack, make_api: MakeApi) -> None:
    """The same response type, with no word of our authorizer, which is not even asked: the body is
    JSON and names no code. Where the policy says nothing, a customer is served, or told its quota.
    """
    outside = {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke"}
    policies = [
        {"Statement": [deny | {"Resource": "execute-api:/*", "Condition": outside}]},
        {"Statement": [deny | {"Resource": "execute-api:/*/GET/pets"}]},
    ]
    good = ("Authorization", stack.token())
    for policy in policies:
        api = make_api(policy=policy)
        refused = api.send(good)
        assert refused.status == 429
        assert json.loads(refused.body)["type"] == "ACCESS_DENIED"
        assert error(refused) == {"code": "", "message": "", "retryAfterSeconds": ""}
        assert api.functions.calls == 0
    api = make_api(policy=policies[1])
    assert api.send(good, verb="DELETE").status == 200
    stack.grant(limit=10, used=10)
    assert error(api.send(good, verb="DELETE"))["code"] == "QUOTA_EXCEEDED"


# ---- the usage plan -------------------------------------------------------------------------

KEYS = tuple(ApiKey(id=f"id-{name}", value=f"value-of-{name}-0123456789") for name in "ab")


def plan(key: ApiKey, *, burst: int) -> UsagePlan:
    """So slow that its bucket does not fill while the test runs."""
    return UsagePlan(
        id=f"plan-{key.id}",
        key_ids=frozenset({key.id}),
        stages=frozenset({"api1:prod"}),
        rate=0.0001,
        burst=burst,
    )


@pytest.fixture
def planned(stack: Stack, make_api: MakeApi) -> GuardedApi:
    """Two credentials, each of a usage plan, and one of none."""
    for name, key in (("sk_live_a", KEYS[0]), ("sk_live_b", KEYS[1]), ("sk_live_c", None)):
        stack.know_api_key(
            sha256(name.encode()).hexdigest(), usage_identifier=key.value if key else ""
        )
    return make_api(keys=KEYS, plans=(plan(KEYS[0], burst=3), plan(KEYS[1], burst=5)))


def test_the_usage_plan_of_the_credential_is_enforced(planned: GuardedApi) -> None:
    """By `usageIdentifierKey`: its burst passes, then THROTTLED; another's bucket is its own."""

    def statuses(key: str) -> list[int]:
        return [planned.send(("Authorization", f"Bearer {key}")).status for _ in range(6)]

    assert statuses("sk_live_a") == [200] * 3 + [429] * 3
    assert statuses("sk_live_b") == [200] * 5 + [429]
    throttled = planned.send(("Authorization", "Bearer sk_live_a"))
    assert error(throttled)["code"] == "THROTTLED"
    assert ("Retry-After", "1") in throttled.headers


def test_tokens_are_served_by_the_plan_of_their_customer(stack: Stack, planned: GuardedApi) -> None:
    """A token names no plan: its customer's is one bucket for all of its tokens."""
    stack.store.hset(state_key(stack.tenant, CUSTOMER), "usage_identifier", KEYS[0].value)
    statuses = [
        planned.send(("Authorization", stack.token(jti=f"jti-{number}"))).status
        for number in range(4)
    ]
    assert statuses == [200] * 3 + [429]


def test_a_client_cannot_choose_its_usage_plan(planned: GuardedApi) -> None:
    """An `x-api-key` header is nothing where the key comes from the authorizer."""
    chosen = ("x-api-key", KEYS[1].value)
    sent = [planned.send(("Authorization", "Bearer sk_live_a"), chosen).status for _ in range(4)]
    assert sent == [200] * 3 + [429]


def test_a_credential_without_a_usage_plan_is_refused_where_one_is_wanted(
    planned: GuardedApi,
) -> None:
    """403, by API Gateway: nobody is served whose rate is not enforced."""
    answered = planned.send(("Authorization", "Bearer sk_live_c"))
    assert answered.status == 403
