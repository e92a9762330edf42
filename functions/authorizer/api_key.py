"""The digest of an API key -> whose it is, as reconciliation keeps it in Redis.

Kept in process for 30 s, an unknown key for 5 s: so long a new or a changed identity may take to
be seen. (A revocation does not wait: it is read with every decision.)
"""

from collections.abc import Callable, Mapping

from functions.authorizer.bounded_cache import BoundedCache
from functions.authorizer.counter_read import Unknown
from functions.authorizer.credential import ApiKey
from functions.authorizer.identity import (
    Identity,
    RefusedCredential,
    Unverifiable,
    Verdict,
    fault_of,
)

KNOWN_SECONDS = 30.0
REFUSED_SECONDS = 5.0
# While Redis cannot answer, a known key serves on for as long as a token of Aforo's would: 15 min.
STALE_SECONDS = 900.0

type ReadIdentity = Callable[[str, float], Mapping[str, str] | Unknown]


class ApiKeys:
    """The process's copy of identities. `read` takes the digest and a deadline."""

    def __init__(
        self, read: ReadIdentity, *, tenant: str, environment: str, clock: Callable[[], float]
    ) -> None:
        self._read = read
        self._tenant = tenant
        self._environment = environment
        self._clock = clock
        self._known: BoundedCache[Identity] = BoundedCache()
        # Apart, so that a flood of invented keys cannot push out the real ones.
        self._refused: BoundedCache[RefusedCredential] = BoundedCache()

    def verify(self, key: ApiKey, deadline: float) -> Verdict:
        """Whose key it is. `deadline` (time.monotonic) bounds the read."""
        now = self._clock()
        kept = self._known.get(key.sha256, now, KNOWN_SECONDS)
        kept_refusal = self._refused.get(key.sha256, now, REFUSED_SECONDS)
        return kept or kept_refusal or self._look_up(key.sha256, now, deadline)

    def _look_up(self, digest: str, now: float, deadline: float) -> Verdict:
        found = self._read(digest, deadline)
        if isinstance(found, Unknown):
            stale = self._known.get(digest, now, STALE_SECONDS)
            return stale or Unverifiable(found.reason)
        verdict = self._identity(found)
        if isinstance(verdict, RefusedCredential):
            self._known.forget(digest)
            self._refused.put(digest, verdict, now)
        else:
            self._known.put(digest, verdict, now)
        return verdict

    def _identity(self, found: Mapping[str, str]) -> Identity | RefusedCredential:
        if not found:
            return RefusedCredential("unknown_key")
        if found.get("revoked", "0") not in ("", "0", "false"):
            return RefusedCredential("revoked")
        identity = Identity(
            customer_id=found.get("customer_id", ""),
            tenant_id=found.get("tenant_id", ""),
            environment=found.get("environment", ""),
            key_id=found.get("key_id", ""),
            scopes=found.get("scopes", ""),
            usage_identifier=found.get("usage_identifier", ""),
        )
        return fault_of(identity, tenant=self._tenant, environment=self._environment) or identity
