"""Token buckets: a key, its limits and the time come in, whether a request may pass leaves. Pure.

A bucket holds at most `burst` tokens and gains `rate` a second; AWS calls its own throttling best
effort, this one is exact (API Gateway developer guide, "Throttle requests to your REST APIs").
"""

from dataclasses import dataclass, field


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class Throttle:
    """Buckets by key. Times are seconds of one monotonic clock."""

    _buckets: dict[tuple[str, ...], _Bucket] = field(default_factory=dict)

    def admits(self, key: tuple[str, ...], *, rate: float, burst: int, now: float) -> bool:
        """Take one token of the key's bucket, if there is one."""
        bucket = self._buckets.setdefault(key, _Bucket(tokens=burst, at=now))
        elapsed = max(0.0, now - bucket.at)
        bucket.tokens, bucket.at = min(burst, bucket.tokens + elapsed * rate), now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
