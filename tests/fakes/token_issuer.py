"""An issuer of tokens as Aforo is one: RS256 keys, their public set, signed claims."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TENANT = "acme"
CUSTOMER = "cust-1"


@cache
def _private_key(name: str) -> rsa.RSAPrivateKey:
    """One key per name and process: making one takes 50 ms."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class TokenIssuer:
    """Signs with the key that `kid` names."""

    kid: str = "k1"

    def key_set(self) -> str:
        """The JWKS, as reconciliation writes it."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key().public_key()))
        return json.dumps({"keys": [public | {"kid": self.kid, "use": "sig", "alg": "RS256"}]})

    def token(self, now: float, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A good token of 15 minutes; a claim given as None is left out."""
        everything = good_claims(now) | claims
        present = {name: value for name, value in everything.items() if value is not None}
        return jwt.encode(
            present, self._key(), algorithm="RS256", headers={"kid": self.kid} | (header or {})
        )

    def confused_token(self, now: float) -> str:
        """HS256 with the public key as its secret: what a careless verifier takes."""
        secret = (
            self._key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        signed = f"{_part({'alg': 'HS256', 'kid': self.kid})}.{_part(good_claims(now))}"
        digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_encoded(digest)}"

    def unsigned_token(self, now: float, algorithm: str, signature: str, **header: Any) -> str:
        """Any header over good claims, with a signature that is none."""
        asked = {"alg": algorithm, "kid": self.kid} | header
        return f"{_part(asked)}.{_part(good_claims(now))}.{signature}"

    def _key(self) -> rsa.RSAPrivateKey:
        return _private_key(self.kid)


def good_claims(now: float) -> dict[str, Any]:
    """What Aforo's tokens say (aforo-contract.md 1.5)."""
    return {
        "sub": CUSTOMER,
        "iss": "https://auth.aforo.ai",
        "aud": "api",
        "tenant_id": TENANT,
        "customer_id": CUSTOMER,
        "key_id": "key-1",
        "offering_ids": ["off-1", "off-2"],
        "subscription_ids": ["sub-1"],
        "scopes": "read write",
        "environment": "live",
        "jti": "jti-1",
        "nbf": int(now) - 10,
        "exp": int(now) + 900,
    }


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
