"""Bad credentials, hostile events: nobody passes who is not verified."""

import base64
import json
from hashlib import sha256
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.authorizer.api_key import KNOWN_SECONDS, REFUSED_SECONDS
from functions.authorizer.authorize import Unauthorized
from functions.authorizer.policy import Policy
from tests.fakes.authorizer_event import METHOD_ARN, authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer
from tests.unit.authorizer.conftest import Bench, make_bench

STRANGER = TokenIssuer("stranger")
SPELLINGS = ["X-Tenant-Id", "x-tenant-id", "X-TENANT-ID", "x_tenant_id", "X-Tenant_ID"]


def effect(policy: Policy) -> str:
    statements: Any = policy["policyDocument"]["Statement"]
    return str(statements[0]["Effect"])


def refusal(bench: Bench, event: dict[str, Any]) -> str:
    """The logged reason for a 401."""
    with pytest.raises(Unauthorized, match=r"^Unauthorized$"):
        bench.answer(event)
    return str(bench.logged("request.unauthorized")[-1]["reason"])


def test_a_good_token_passes(bench: Bench) -> None:
    """The measure for all the rest."""
    policy = bench.answer(authorizer_event(bench.good_header()))
    assert effect(policy) == "Allow"
    assert policy["context"]["customerId"] == CUSTOMER
    assert policy["context"]["offeringIds"] == '["off-1","off-2"]'
    assert policy["context"]["remaining"] == 100


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 0}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "9999999999"}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": 10**400}, "expired"),
        ({"nbf": 9_999_999_999}, "not_yet_valid"),
        ({"nbf": "soon"}, "not_yet_valid"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": ["other", "api2"]}, "audience"),
        ({"aud": "api other"}, "audience"),  # one audience with a blank in its name
        ({"aud": None}, "audience"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "null"}, "customer_id"),
        ({"customer_id": "a b"}, "customer_id"),
        ({"customer_id": "}:x{"}, "customer_id"),
        ({"customer_id": 'x","customerId":"y'}, "customer_id"),
        ({"customer_id": ["cust-1"]}, "customer_id"),
        ({"tenant_id": "umbrella"}, "other_tenant"),
        ({"tenant_id": None}, "other_tenant"),
        ({"environment": "sandbox"}, "other_environment"),
        ({"environment": None}, "other_environment"),
        ({"key_id": "a\nb"}, "malformed_id"),
    ],
)
def test_a_well_signed_token_that_is_not_ours(
    bench: Bench, claims: dict[str, Any], reason: str
) -> None:
    """Every claim rule refuses on its own."""
    assert refusal(bench, authorizer_event(bench.good_header(**claims))) == reason


@pytest.mark.parametrize("skew", [-29, 29])
def test_clocks_may_differ_by_half_a_minute(bench: Bench, skew: int) -> None:
    """An issuer ahead or behind by up to 30 s is believed."""
    now = int(bench.clock())
    header = bench.good_header(exp=now + min(skew, 0) + 1, nbf=now + max(skew, 0))
    assert effect(bench.answer(authorizer_event(header))) == "Allow"


def test_a_token_ends_with_the_half_minute_that_clocks_may_differ(bench: Bench) -> None:
    """Not a moment later."""
    now = int(bench.clock())
    last = authorizer_event(bench.good_header(exp=now - 29))
    over = authorizer_event(bench.good_header(exp=now - 30))
    assert effect(bench.answer(last)) == "Allow"
    assert refusal(bench, over) == "expired"


@pytest.mark.parametrize("claim", ["scopes", "offering_ids", "subscription_ids"])
def test_half_of_a_character_in_a_claim_is_no_500(bench: Bench, claim: str) -> None:
    """JSON can write it, UTF-8 cannot: the runtime would fail to write our answer."""
    header = bench.good_header(**{claim: ["read", "\ud800"]})
    policy = bench.answer(authorizer_event(header))
    assert effect(policy) == "Allow"
    json.dumps(policy, ensure_ascii=False).encode()
    policy = bench.answer(authorizer_event(bench.good_header(scopes="read \udfff write")))
    assert policy["context"]["scopes"] == "read write"


def test_a_token_expires_while_it_is_remembered(bench: Bench) -> None:
    """The memory of verified tokens does not outlive them."""
    event = authorizer_event(bench.good_header(exp=int(bench.clock()) + 10))
    assert effect(bench.answer(event)) == "Allow"
    bench.clock.advance(41)
    assert refusal(bench, event) == "expired"


def forged(bench: Bench) -> dict[str, tuple[str, str]]:
    now, good = bench.clock(), bench.issuer.token(bench.clock())
    head, body, signature = good.split(".")
    other = bench.issuer.token(now, customer_id="cust-2").split(".")[1]
    return {
        "alg none": (bench.issuer.unsigned_token(now, "none", "e30"), "algorithm"),
        "alg None": (bench.issuer.unsigned_token(now, "None", "e30"), "algorithm"),
        "HS256 with the public key": (bench.issuer.confused_token(now), "algorithm"),
        "RS512": (
            bench.issuer.unsigned_token(now, "RS512", signature),
            "algorithm",
        ),
        "unsigned": (bench.issuer.unsigned_token(now, "RS256", "AAAA"), "signature"),
        "another body": (f"{head}.{other}.{signature}", "signature"),
        "signed by a stranger": (
            STRANGER.token(now, header={"kid": bench.issuer.kid}),
            "signature",
        ),
        "a kid that nobody knows": (STRANGER.token(now), "unknown_kid"),
        "kid as a path": (bench.issuer.token(now, header={"kid": "../k1"}), "unknown_kid"),
        "its own key in its header": (
            STRANGER.token(now, header={"jwk": json.loads(STRANGER.key_set())["keys"][0]}),
            "unknown_kid",
        ),
        "critical extension": (bench.issuer.token(now, header={"crit": ["x"]}), "malformed_token"),
        "an extension of RFC 7797": (
            bench.issuer.unsigned_token(now, "RS256", "AAAA", b64=True, crit=["b64"]),
            "critical_header",
        ),
        "no header": (f"AAAA.{body}.{signature}", "malformed_token"),
        "header is a list": (
            f"{base64.urlsafe_b64encode(b'[1,2]').decode().rstrip('=')}.{body}.{signature}",
            "malformed_token",
        ),
    }


@pytest.mark.parametrize("name", list(forged(make_bench())))
def test_a_forged_token(bench: Bench, name: str) -> None:
    """RS256, a key of our set and a signature of that key: nothing less."""
    token, reason = forged(bench)[name]
    assert refusal(bench, authorizer_event(f"Bearer {token}")) == reason


def test_a_token_without_kid(bench: Bench) -> None:
    """No key is tried at random."""
    token = jwt.encode({"a": 1}, STRANGER._key(), algorithm="RS256")
    assert refusal(bench, authorizer_event(f"Bearer {token}")) == "no_kid"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "no_credential"),
        ("", "not_bearer"),
        ("Bearer ", "not_bearer"),
        ("Bearer", "not_bearer"),
        ("Basic dXNlcjpwYXNz", "not_bearer"),
        ("Bearer a b", "not_bearer"),
        ("Bearer a,b", "not_bearer"),
        ("Bearer ä", "not_bearer"),
        ("Bearer a\r\nX-Tenant-Id: b", "not_bearer"),
        ("Bearer " + "a" * 1_000_000, "too_long"),
        ("Bearer " + "a" * 400_000 + "." + "b" * 300_000 + "." + "c" * 300_000, "too_long"),
        ("Bearer a.b.c", "malformed_token"),
        ("Bearer .b.c", "unknown_key"),
        ("Bearer sk_live_unknown", "unknown_key"),
    ],
)
def test_a_header_that_is_no_credential(bench: Bench, header: str | None, reason: str) -> None:
    """Absent, malformed, huge or unknown: 401."""
    assert refusal(bench, authorizer_event(header)) == reason


def test_two_credentials_are_none(bench: Bench) -> None:
    """A request that says two things about its caller is believed in neither."""
    event = authorizer_event(bench.good_header())
    event["multiValueHeaders"]["Authorization"].append("Bearer sk_other")
    assert refusal(bench, event) == "no_credential"
    event = authorizer_event(bench.good_header())
    event["headers"]["authorization"] = "Bearer sk_other"
    assert refusal(bench, event) == "no_credential"


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("value", ["umbrella", "", f"{TENANT}, umbrella", f"{TENANT} ", CUSTOMER])
def test_a_forged_tenant_header(bench: Bench, spelling: str, value: str) -> None:
    """X-Tenant-Id may only repeat what the credential says, in any spelling."""
    event = authorizer_event(bench.good_header())
    event["headers"][spelling] = value
    assert refusal(bench, event) == "tenant_header"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_true_and_one_forged_tenant_header(bench: Bench, spelling: str) -> None:
    """A list with the right value in it is still a list."""
    event = authorizer_event(bench.good_header(), X_Tenant_Id=TENANT)
    event["multiValueHeaders"][spelling] = [TENANT, "umbrella"]
    assert refusal(bench, event) == "tenant_header"


def test_the_true_tenant_header_passes(bench: Bench) -> None:
    """Aforo's documented client header does no harm when it is right."""
    event = authorizer_event(bench.good_header(), X_Tenant_Id=TENANT)
    assert effect(bench.answer(event)) == "Allow"


@pytest.mark.parametrize("revocation", ["jti:blocked:jti-1", "jti:client:key-1"])
def test_a_revoked_token(bench: Bench, revocation: str) -> None:
    """Refused with the next request, although it was verified and remembered before."""
    event = authorizer_event(bench.good_header())
    assert effect(bench.answer(event)) == "Allow"
    bench.store.strings[revocation] = "1"
    assert refusal(bench, event) == "revoked"


def test_a_revoked_token_stays_refused_when_redis_is_lost(bench: Bench) -> None:
    """Also where the policy is to allow, and although its customer's state is known to be good."""
    bench.allow_when_unknown()
    event = authorizer_event(bench.good_header())
    bench.store.strings["jti:blocked:jti-1"] = "1"
    refusal(bench, event)
    del bench.store.strings["jti:blocked:jti-1"]
    other = authorizer_event(bench.good_header(jti="jti-2"))
    assert effect(bench.answer(other)) == "Allow"
    bench.store.fault = "timeout"
    assert effect(bench.answer(other)) == "Allow"
    assert refusal(bench, event) == "revoked"


def test_a_revoked_api_key_is_served_no_more_when_redis_is_lost(bench: Bench) -> None:
    """What was known of it before is forgotten, and not what a lost Redis is bridged with."""
    bench.allow_when_unknown()
    digest, event = sha256(b"sk_live_1").hexdigest(), authorizer_event("Bearer sk_live_1")
    bench.know_api_key(digest)
    assert effect(bench.answer(event)) == "Allow"
    bench.know_api_key(digest, revoked="1")
    bench.clock.advance(KNOWN_SECONDS + 1)
    assert refusal(bench, event) == "revoked"
    bench.store.fault = "timeout"
    bench.clock.advance(REFUSED_SECONDS + 1)
    assert effect(bench.answer(event)) == "Deny"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"revoked": "1"}, "revoked"),
        ({"revoked": "true"}, "revoked"),
        ({"tenant_id": "umbrella"}, "other_tenant"),
        ({"environment": "sandbox"}, "other_environment"),
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": "a b"}, "customer_id"),
    ],
)
def test_an_api_key_that_is_not_ours(bench: Bench, fields: dict[str, str], reason: str) -> None:
    """A stored identity is held to the same rules as a token."""
    bench.know_api_key(sha256(b"sk_live_1").hexdigest(), **fields)
    assert refusal(bench, authorizer_event("Bearer sk_live_1")) == reason


def test_no_credential_is_ever_logged(bench: Bench) -> None:
    """Neither a good one nor a bad one, whole or in part."""
    good, bad = bench.good_header(customer_id="broke"), "Bearer sk_live_very_secret"
    bench.answer(authorizer_event(good))
    refusal(bench, authorizer_event(bad))
    text = "\n".join(bench.lines)
    assert "very_secret" not in text
    assert good.rpartition(".")[2][:20] not in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
header_names = st.sampled_from(["Authorization", "authorization", "X-Tenant-Id", "traceparent"])
headers = st.dictionaries(header_names | st.text(), json_values, max_size=4)
events = st.fixed_dictionaries(
    {},
    optional={
        "methodArn": st.just(METHOD_ARN) | json_values,
        "headers": headers | json_values,
        "multiValueHeaders": headers | json_values,
        "requestContext": json_values,
    },
)


@given(event=events | json_values)
@settings(max_examples=300, deadline=None)
def test_no_event_gets_in_or_gets_an_exception_out(event: Any) -> None:
    """Whatever arrives: a Deny or Unauthorized, with both policies set to allow."""
    bench = make_bench()
    bench.allow_when_unknown()
    try:
        policy = bench.answer(event)
    except Unauthorized:
        return
    assert effect(policy) == "Deny"


@given(
    header=st.text()
    | st.text().map(lambda text: f"Bearer {text}")
    | st.from_regex(r"Bearer [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", fullmatch=True)
    | st.from_regex(r"[Bb]earer [A-Za-z0-9._~+/-]+=*", fullmatch=True),
    fault=st.sampled_from(["", "timeout", "unreachable"]),
)
@settings(max_examples=300, deadline=None)
def test_no_header_gets_in(header: str, fault: str) -> None:
    """No Authorization header that was not issued is allowed, with Redis or without."""
    bench = make_bench()
    bench.allow_when_unknown()
    bench.store.fault = fault
    try:
        policy = bench.answer(authorizer_event(header))
    except Unauthorized:
        return
    assert effect(policy) == "Deny"
    assert policy["context"]["code"] == "IDENTITY_UNKNOWN"


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_token_gets_in(data: st.DataObject) -> None:
    """A good token with any character changed is refused, unless it still says the same."""
    bench = make_bench()
    token = bench.issuer.token(bench.clock())
    place = data.draw(st.integers(0, len(token) - 1))
    changed = token[:place] + data.draw(st.sampled_from("Aa0_-.=")) + token[place + 1 :]
    try:
        policy = bench.answer(authorizer_event(f"Bearer {changed}"))
    except Unauthorized:
        return
    assert effect(policy) == "Allow"
    assert [_decoded(part) for part in changed.split(".")] == [
        _decoded(part) for part in token.split(".")
    ]


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4))
