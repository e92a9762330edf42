"""Signing keys and the tokens they sign: RS256 with the claims of aforo-contract.md 1.5.

Tokens live by the machine's clock, not the stand-in's: who verifies them has no other.
"""

import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

from tests.local.aforo.accounts import Client
from tests.local.aforo.settings import Settings

KEY_BITS = 2048


class SigningKeys:
    """The newest key signs; the older ones stay published until they are withdrawn."""

    def __init__(self) -> None:
        self._keys: dict[str, RSAPrivateKey] = {}

    def newest(self) -> tuple[str, RSAPrivateKey]:
        """Made on first use: it takes some 100 ms, which most tests need not wait for."""
        if not self._keys:
            self.rotate()
        return next(reversed(self._keys.items()))

    def rotate(self) -> str:
        kid = uuid.uuid4().hex
        self._keys[kid] = generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
        return kid

    def withdraw(self, kid: str) -> bool:
        return self._keys.pop(kid, None) is not None

    def jwks(self) -> dict[str, Any]:
        self.newest()
        published = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}
            | {"use": "sig", "alg": "RS256"}
            for kid, key in self._keys.items()
        ]
        return {"keys": [{k: v for k, v in key.items() if k != "key_ops"} for key in published]}

    def export(self) -> dict[str, str]:
        """Private keys as PEM, for the state file."""
        return {
            kid: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            for kid, key in self._keys.items()
        }

    def restore(self, exported: dict[str, str]) -> None:
        for kid, pem in exported.items():
            key = load_pem_private_key(pem.encode(), password=None)
            if isinstance(key, RSAPrivateKey):
                self._keys[kid] = key


def mint(keys: SigningKeys, client_id: str, client: Client, settings: Settings) -> tuple[str, int]:
    """The token and its life in seconds."""
    ttl = client.ttl_seconds if client.ttl_seconds is not None else settings.token_ttl_seconds
    kid, key = keys.newest()
    claims = _claims(client_id, client, settings, ttl)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid}), ttl


def _claims(client_id: str, client: Client, settings: Settings, ttl: int) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": settings.token_issuer,
        "sub": client_id,
        "aud": settings.token_audience,
        "tenant_id": client.tenant_id or settings.default_tenant,
        "customer_id": client.customer_id,
        "key_id": client.key_id,
        "offering_ids": client.offering_ids,
        "subscription_ids": client.subscription_ids,
        "scopes": client.scopes,
        "environment": client.environment or settings.environment,
        "iat": now,
        "nbf": now,
        "exp": now + ttl,
        "jti": uuid.uuid4().hex,
        **client.claims,
    }
    return {name: value for name, value in claims.items() if value is not None}
