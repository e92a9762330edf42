"""The ingest rate limit: a fixed window of one minute per key or tenant. Pure."""

import math
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    is_allowed: bool
    limit: int
    remaining: int
    resets_at: int  # seconds since the epoch
    retry_after: int  # seconds

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.resets_at),
            "X-RateLimit-Window": str(WINDOW_SECONDS),
        }


class FixedWindow:
    def __init__(self) -> None:
        self._used: dict[str, tuple[int, int]] = {}

    def take(self, scope: str, amount: int, *, limit: int, now: float) -> Allowance:
        """Counts `amount` unless it does not fit; a post that does not fit consumes nothing."""
        window = int(now // WINDOW_SECONDS)
        since, used = self._used.get(scope, (window, 0))
        if since != window:
            used = 0
        fits = used + amount <= limit
        used += amount if fits else 0
        self._used[scope] = (window, used)
        resets_at = (window + 1) * WINDOW_SECONDS
        wait = max(1, math.ceil(resets_at - now))
        return Allowance(fits, limit, limit - used, resets_at, wait)
