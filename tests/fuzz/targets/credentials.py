"""Requests for the authorizer: headers, tokens with any header, claims and signature, key sets.

The oracle verifies a signature by itself: whoever is allowed has one, of a key of the set.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from functions.authorizer.authorize import Unauthorized
from functions.authorizer.handler import answer
from functions.authorizer.policy import Policy
from functions.usage.quota import tenant_key
from tests.fakes.authorizer_event import METHOD_ARN, authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT, TokenIssuer, good_claims
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.target import Target, must
from tests.unit.authorizer.conftest import Bench, make_bench

STRANGER = TokenIssuer("stranger")
OURS = TokenIssuer()
TOKEN = "<token>"
_RS256 = PKCS1v15(), SHA256()
# An hour's allowance of the bench is around its clock.
_SKEW = 30.0


def check(data: bytes) -> None:
    """Nobody passes without a signature of a key of the set, over claims of this tenant."""
    fuzzed = FuzzedInput(data)
    bench = make_bench()
    if fuzzed.one_of((False, True)):
        bench.allow_when_unknown()
    event = fuzzed.one_of((_header, _signed, _strangers, _unsigned, _event, _key_set))(
        fuzzed.rest, bench
    )
    policy = _answer(bench, event)
    if policy is None:
        return
    json.dumps(policy, ensure_ascii=False).encode()
    statement: Any = policy["policyDocument"]["Statement"]
    if statement[0]["Effect"] == "Allow":
        _is_verified(bench, event, policy)
    elif _is_on_a_stage(event):
        code = policy["context"]["code"]
        must(code != "AUTHORIZER_ERROR", "no credential is a bug of the authorizer", bench.lines)


def _answer(bench: Bench, event: Mapping[str, Any]) -> Policy | None:
    """None: 401."""
    try:
        return answer(event, lambda: bench.authorizer)
    except Unauthorized:
        return None


def _header(text: str, bench: Bench) -> Mapping[str, Any]:
    return authorizer_event(text.replace(TOKEN, _good_token(bench.clock())))


def _signed(text: str, bench: Bench) -> Mapping[str, Any]:
    return authorizer_event(f"Bearer {_token(text, OURS)}")


def _strangers(text: str, bench: Bench) -> Mapping[str, Any]:
    return authorizer_event(f"Bearer {_token(text, STRANGER)}")


def _unsigned(text: str, bench: Bench) -> Mapping[str, Any]:
    head, claims, signature, *_ = [*text.split("\n"), "", ""]
    return authorizer_event(f"Bearer {_part(head)}.{_part(claims)}.{signature}")


def _event(text: str, bench: Bench) -> Mapping[str, Any]:
    try:
        found = json.loads(text.replace(TOKEN, _good_token(bench.clock())))
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def _key_set(text: str, bench: Bench) -> Mapping[str, Any]:
    bench.store.strings[tenant_key(TENANT, "jwks")] = text
    return authorizer_event(f"Bearer {_good_token(bench.clock())}")


@cache  # to sign takes longer than all the rest
def _good_token(now: float) -> str:
    return OURS.token(now)


def _token(text: str, issuer: TokenIssuer) -> str:
    """Any header over any claims, well signed."""
    head, claims, *_ = [*text.split("\n"), ""]
    signed = f"{_part(head)}.{_part(claims)}"
    signature = issuer._key().sign(signed.encode(), *_RS256)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _is_on_a_stage(event: Mapping[str, Any]) -> bool:
    return event.get("methodArn") == METHOD_ARN


def _is_verified(bench: Bench, event: Mapping[str, Any], policy: Policy) -> None:
    tokens = {one.strip(" ")[7:] for one in _values(event, "authorization")}
    must(len(tokens) == 1, "one credential", tokens)
    head, body, signature = tokens.pop().split(".")
    asked = json.loads(_raw(head))
    must(asked["alg"] == "RS256" and asked["kid"] == OURS.kid, "our algorithm and key", asked)
    try:
        OURS._key().public_key().verify(_raw(signature), f"{head}.{body}".encode(), *_RS256)
    except InvalidSignature:
        must(False, "a signature of a key of the set", event)  # noqa: FBT003
    must(_has_our_key(bench.store.strings[tenant_key(TENANT, "jwks")]), "a key of the set")
    claims, now = json.loads(_raw(body)), bench.clock()
    must(claims["exp"] > now - _SKEW and claims.get("nbf", 0) <= now + _SKEW, "in time", claims)
    must((claims["tenant_id"], claims["environment"]) == (TENANT, "live"), "of us", claims)
    must(claims["customer_id"] == policy["context"]["customerId"], "whom it names", claims)
    must(set(_values(event, "x-tenant-id")) <= {TENANT}, "no other X-Tenant-Id", event)


def _values(event: Mapping[str, Any], name: str) -> list[str]:
    """A header's, in any spelling, as a backend might read it."""
    found = []
    for source in ("headers", "multiValueHeaders"):
        headers = event.get(source)
        for key, value in headers.items() if isinstance(headers, dict) else ():
            if key.strip().lower().replace("_", "-") == name and value is not None:
                found += [str(one) for one in (value if isinstance(value, list) else [value])]
    return found


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _has_our_key(key_set: str) -> bool:
    ours = json.loads(OURS.key_set())["keys"][0]
    keys = json.loads(key_set)["keys"]
    return any(_raw(one["n"]) == _raw(ours["n"]) for one in keys if isinstance(one.get("n"), str))


def seeds() -> Iterable[bytes]:
    """Good ones of each kind, and near misses."""
    bench = make_bench()
    head = json.dumps({"alg": "RS256", "typ": "JWT", "kid": OURS.kid})
    claims = json.dumps(good_claims(bench.clock()))
    for text in (f"Bearer {TOKEN}", "Bearer sk_live_1", f"bearer  {TOKEN}", "Basic x", ""):
        yield input_of("00", text)
    yield input_of("01", f"{head}\n{claims}".replace("\n", "\x1e")).replace(b"\x1e", b"\n")
    for mode in "123":
        yield b"0" + mode.encode() + f"\n{head}\n{claims}\nAAAA".encode()
    for alg in ("none", "HS256", "RS512", "PS256"):
        yield f"03\n{json.dumps({'alg': alg, 'kid': OURS.kid})}\n{claims}\n".encode()
    event = authorizer_event(f"Bearer {TOKEN}", X_Tenant_Id=TENANT)
    yield input_of("04", json.dumps(event))
    for spelling in ("X-Tenant-Id", "x_tenant_id", "X-TENANT_ID"):
        other = {**event, "headers": {**event["headers"], spelling: "umbrella"}}
        yield input_of("04", json.dumps(other))
    yield input_of("14", json.dumps({"methodArn": METHOD_ARN, "headers": {"x_tenant_id": "b"}}))
    key_set = json.loads(OURS.key_set())
    yield input_of("05", json.dumps(key_set))
    others = [*key_set["keys"], *json.loads(STRANGER.key_set())["keys"], {"kty": "EC"}]
    yield input_of("15", json.dumps({"keys": others}))


WORDS = (
    *("alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "none", "HS256", "RS256", "k1"),
    *("sub", "iss", "aud", "tenant_id", "customer_id", "key_id", "offering_ids", "scopes"),
    *("environment", "jti", "nbf", "exp", "live", "acme", "cust-1", "cust-2", "api"),
    *("allow_when_unknown", "allow", "keys", "kty", "RSA", "n", "e", "AQAB", "use", "sig"),
    *("headers", "multiValueHeaders", "Authorization", "authorization", "X-Tenant-Id", TOKEN),
    *("x_tenant_id", "methodArn", "requestContext", "Bearer ", CUSTOMER, "traceparent", "d"),
)
TARGET = Target("credentials", check, seeds, WORDS)
