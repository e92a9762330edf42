"""What this process knew last of its customers: used only while Redis cannot say.

Guaranteed: numbers older than 30 s decide nothing (architecture.md 4); a credential that was seen
revoked stays so, even for a customer whose other credentials are good.
"""

from collections.abc import Iterable

from functions.authorizer.bounded_cache import BoundedCache
from functions.authorizer.identity import Identity
from functions.usage.quota import QuotaState, revocation_keys

NUMBERS_SECONDS = 30.0
# A token of Aforo's lives for 15 min: after that a revoked one is refused as expired.
STANDING_SECONDS = 900.0


class LastKnown:
    """Times are epoch seconds."""

    def __init__(self) -> None:
        self._states: BoundedCache[QuotaState] = BoundedCache()
        self._revoked: BoundedCache[bool] = BoundedCache()

    def remember(self, customer_id: str, state: QuotaState, now: float) -> None:
        self._states.put(customer_id, state, now)

    def remember_revoked(self, revocations: Iterable[str], now: float) -> None:
        for key in revocations:
            self._revoked.put(key, value=True, now=now)

    def is_revoked(self, identity: Identity, now: float) -> bool:
        return any(
            self._revoked.get(key, now, STANDING_SECONDS)
            for key in revocation_keys(identity.jti, identity.key_id)
        )

    def numbers(self, customer_id: str, now: float) -> tuple[QuotaState, float] | None:
        """A state that may still decide, and its age in seconds."""
        return self._states.get_with_age(customer_id, now, NUMBERS_SECONDS)

    def standing(self, customer_id: str, now: float) -> QuotaState | None:
        """A state good for nothing but its status and its plan's policy."""
        return self._states.get(customer_id, now, STANDING_SECONDS)
