"""Tokens and the keys that verify them (aforo-contract.md 1.5), checked with a JWT library."""

from typing import Any

import httpx
import jwt
import pytest

from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_TENANT

CLIENT = {
    "secret": "s3cret",
    "customer_id": "cus_1",
    "key_id": "key_1",
    "offering_ids": ["off_1"],
    "subscription_ids": ["sub_1"],
}
GRANT = {"grant_type": "client_credentials"}
IN_BODY = {**GRANT, "client_id": "client_1", "client_secret": "s3cret"}


def verified(client: httpx.Client, token: str, **options: Any) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(client.get("/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], **options)
    return claims


@pytest.mark.parametrize(
    "how",
    [{"data": IN_BODY}, {"json": IN_BODY}, {"data": GRANT, "auth": ("client_1", "s3cret")}],
    ids=["form", "json", "basic"],
)
def test_a_token_has_every_claim_and_verifies(
    client: httpx.Client, console: Console, how: dict[str, Any]
) -> None:
    """RS256 with a kid of the JWKS, 15 minutes, and the claims the authorizer relies on."""
    console.put("_clients/client_1", CLIENT)
    del client.headers["Authorization"]
    answer = client.post("/oauth/token", **how).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    claims = verified(client, answer["access_token"], issuer="https://auth.aforo.ai")
    assert (
        claims.items()
        >= {
            "sub": "client_1",
            "tenant_id": DEFAULT_TENANT,
            "customer_id": "cus_1",
            "key_id": "key_1",
            "offering_ids": ["off_1"],
            "subscription_ids": ["sub_1"],
            "scopes": "api",
            "environment": "sandbox",
        }.items()
    )
    assert claims["exp"] - claims["iat"] == 900
    assert claims["nbf"] == claims["iat"]
    assert len(claims["jti"]) == 32
    assert "aud" not in claims


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "unsupported_grant_type"),
        ({**IN_BODY, "grant_type": "password"}, 400, "unsupported_grant_type"),
        ({**IN_BODY, "client_secret": "wrong"}, 401, "invalid_client"),
        ({**IN_BODY, "client_id": "nobody"}, 401, "invalid_client"),
        (GRANT, 401, "invalid_client"),
    ],
)
def test_bad_token_requests(
    client: httpx.Client, console: Console, form: dict[str, str], status: int, error: str
) -> None:
    """Errors are those of OAuth 2, not problems."""
    console.put("_clients/client_1", CLIENT)
    answer = client.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_tokens_can_be_made_wrong_on_purpose(client: httpx.Client, console: Console) -> None:
    """A client's settings bend its tokens: expired, for another audience, without a claim."""
    changes = {"ttl_seconds": -60, "environment": "live", "claims": {"jti": None, "aud": "api"}}
    console.put("_clients/client_1", {**CLIENT, **changes})
    token = client.post("/oauth/token", data=IN_BODY).json()["access_token"]
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(client, token, audience="api")
    claims = verified(client, token, audience="api", options={"verify_exp": False})
    assert "jti" not in claims
    assert claims["environment"] == "live"


def test_signing_keys_rotate(client: httpx.Client, console: Console) -> None:
    """A rotation adds a key that signs from now on; old tokens verify until theirs is withdrawn."""
    console.put("_clients/client_1", CLIENT)

    def token() -> str:
        issued: str = client.post("/oauth/token", data=IN_BODY).json()["access_token"]
        return issued

    old = token()
    kid = client.post("/_keys/rotate").json()["kid"]
    new = token()
    assert jwt.get_unverified_header(new)["kid"] == kid
    assert verified(client, old)["customer_id"] == verified(client, new)["customer_id"]
    console.delete(f"_keys/{jwt.get_unverified_header(old)['kid']}")
    assert verified(client, new)
    with pytest.raises(KeyError):
        verified(client, old)


def test_the_jwks_holds_public_parts_only(client: httpx.Client) -> None:
    """What is published verifies and cannot sign."""
    keys = client.get("/.well-known/jwks.json").json()["keys"]
    assert all({*key} == {"kty", "n", "e", "kid", "use", "alg"} for key in keys)
