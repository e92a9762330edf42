"""Aforo's public keys by `kid`, as reconciliation keeps them in Redis (JWKS, RFC 7517).

Guaranteed: a caller cannot make us read them more than once in 30 s, whatever `kid` it invents.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from functions.authorizer.counter_read import Unknown
from functions.authorizer.identity import RefusedCredential, Unverifiable

FRESH_SECONDS = 300.0
UNKNOWN_KID_SECONDS = 30.0
# While Redis cannot answer, a key serves on for as long as a token of Aforo's lives: 15 min.
STALE_SECONDS = 900.0
_MIN_BITS = 2048

type ReadKeys = Callable[[float], str | Unknown | None]


class SigningKeys:
    """The process's copy of the key set. `read` takes a deadline (time.monotonic)."""

    def __init__(self, read: ReadKeys, clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._keys: dict[str, RSAPublicKey] = {}
        self._read_at: float | None = None

    def find(self, kid: str, deadline: float) -> RSAPublicKey | RefusedCredential | Unverifiable:
        """The key that `kid` names. RefusedCredential: a fresh key set does not have it."""
        if self._is_older_than(FRESH_SECONDS if kid in self._keys else UNKNOWN_KID_SECONDS):
            unknown = self._refresh(deadline)
            if unknown is not None and (
                kid not in self._keys or self._is_older_than(STALE_SECONDS)
            ):
                return Unverifiable(unknown.reason)
        return self._keys.get(kid) or RefusedCredential("unknown_kid")

    def _refresh(self, deadline: float) -> Unknown | None:
        found = self._read(deadline)
        if isinstance(found, Unknown):
            return found
        keys = _read_key_set(found)
        if keys is None:
            return Unknown("malformed_jwks")
        self._keys, self._read_at = keys, self._clock()
        return None

    def _is_older_than(self, seconds: float) -> bool:
        return self._read_at is None or not 0 <= self._clock() - self._read_at < seconds


def _read_key_set(text: str | None) -> dict[str, RSAPublicKey] | None:
    """The usable keys; none where there is no key set; None where it cannot be read."""
    if text is None:
        return {}
    try:
        entries = json.loads(text)["keys"]
        return dict(_usable_keys(entries))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _usable_keys(entries: list[object]) -> Iterator[tuple[str, RSAPublicKey]]:
    # One entry that we cannot use (another key type, a retired size) must not hide the others.
    for entry in entries:
        if not isinstance(entry, Mapping) or entry.get("kty") != "RSA":
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
            continue
        kid = entry.get("kid")
        key = _public_key(dict(entry))
        if isinstance(kid, str) and kid and key is not None:
            yield kid, key


def _public_key(entry: dict[str, object]) -> RSAPublicKey | None:
    try:
        key = PyJWK(entry, algorithm="RS256").key
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_BITS else None
