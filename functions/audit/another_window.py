"""How much time an invocation has left comes in; whether it may begin another window leaves."""

from collections.abc import Callable

# What a window found is still to be told, and a repair to be started.
LAST_WINDOW_MS = 60_000
# Than the slowest up to now: of two hours of a day the busier one may come next.
_SLOWER = 3, 2


class AnotherWindow:
    """Asked before each window: one that Lambda cuts has cost its time, and fails all."""

    def __init__(self, remaining_ms: Callable[[], int]) -> None:
        self._remaining_ms = remaining_ms
        self._before = remaining_ms()
        self._longest_ms = 0

    def has_time(self) -> bool:
        """For one that is half as slow again as the slowest."""
        left = self._remaining_ms()
        self._longest_ms = max(self._longest_ms, self._before - left)
        self._before = left
        slower, than = _SLOWER
        return left > max(LAST_WINDOW_MS, self._longest_ms * slower // than)
