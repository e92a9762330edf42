"""After three failures in a row Redis is left alone for a second: a decision then costs nothing.

`now` is in seconds, of any clock; one that goes backwards closes the breaker.
"""

FAILURES = 3
OPEN_SECONDS = 1.0


class Breaker:
    """One per process. After the pause a single failure opens it again."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at = 0.0

    def is_open(self, now: float) -> bool:
        return self._failures >= FAILURES and 0 <= now - self._opened_at < OPEN_SECONDS

    def failed(self, now: float) -> None:
        self._failures += 1
        self._opened_at = now

    def succeeded(self) -> None:
        self._failures = 0
