"""A JWT -> a verified identity, a refusal, or "nobody can say now".

RS256 only, whatever the token's header says; keys come from our key set alone (`jku`, `x5u` and
`jwk` in a header are the caller's and are not read). PyJWT checks the signature, `claims` the rest.
"""

import json
from collections.abc import Callable, Mapping

from jwt import PyJWS, PyJWTError, get_unverified_header

from functions.authorizer.bounded_cache import BoundedCache
from functions.authorizer.claims import TokenRules, read_claims
from functions.authorizer.credential import Token
from functions.authorizer.identity import Identity, RefusedCredential, Unverifiable, Verdict
from functions.authorizer.signing_key import SigningKeys

ALGORITHM = "RS256"
# A verified token is not verified again for a minute: 50 us of CPU, and its key may be withdrawn.
VERIFIED_SECONDS = 60.0
_JWS = PyJWS(algorithms=[ALGORITHM])


class TokenVerifier:
    """Verifies tokens and remembers those that were good, by their digest."""

    def __init__(self, rules: TokenRules, keys: SigningKeys, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._keys = keys
        self._clock = clock
        self._verified: BoundedCache[Identity] = BoundedCache()

    def verify(self, token: Token, deadline: float) -> Verdict:
        """Who signed in. `deadline` (time.monotonic) bounds a refresh of the key set."""
        now = self._clock()
        known = self._verified.get(token.sha256, now, VERIFIED_SECONDS)
        if known is not None and now < known.expires_at:
            return known
        verdict = self._verify(token.text, now, deadline)
        if isinstance(verdict, Identity):
            self._verified.put(token.sha256, verdict, now)
        return verdict

    def _verify(self, text: str, now: float, deadline: float) -> Verdict:
        kid = _kid(text)
        if isinstance(kid, RefusedCredential):
            return kid
        key = self._keys.find(kid, deadline)
        if isinstance(key, RefusedCredential | Unverifiable):
            return key
        try:
            payload = _JWS.decode(text, key, algorithms=[ALGORITHM])
            claims = json.loads(payload)
        except (PyJWTError, ValueError, RecursionError):
            return RefusedCredential("signature")
        if not isinstance(claims, Mapping):
            return RefusedCredential("claims")
        return read_claims(claims, self._rules, now)


def _kid(text: str) -> str | RefusedCredential:
    """The `kid` of a header that asks for nothing unusual."""
    try:
        header = get_unverified_header(text)
    except (PyJWTError, ValueError, RecursionError):
        return RefusedCredential("malformed_token")
    if header.get("alg") != ALGORITHM:
        return RefusedCredential("algorithm")
    # RFC 7515, 4.1.11: an extension that is not understood must be refused; we understand none.
    if "crit" in header or "b64" in header:
        return RefusedCredential("critical_header")
    kid = header.get("kid")
    return kid if isinstance(kid, str) and kid else RefusedCredential("no_kid")
