"""How much time an invocation has left comes in; whether it may begin another window leaves.

A window in which something is missing is read twice, and Lambda gives 15 minutes. None is begun
that would keep the runs that come after it from what is theirs.
"""

from collections.abc import Callable

# What a window found is still to be told, and a repair to be started.
LAST_WINDOW_MS = 60_000
# Than the slowest up to now: of two hours of a day the busier one may come next.
_SLOWER = 3, 2
# Until the next run begins. Where windows are divided that one has others to look at, and there are
# never more than two at work that begin any, which takes 80 % of the quotas at most.
_RUN_MS, _RUN_OF_SHARD_MS = 300_000, 600_000


class AnotherWindow:
    """Asked before each window: one that Lambda cuts has cost its time, and fails all."""

    def __init__(self, remaining_ms: Callable[[], int], shards: int = 1) -> None:
        self._remaining_ms = remaining_ms
        self._before = remaining_ms()
        run_ms = _RUN_MS if shards == 1 else _RUN_OF_SHARD_MS
        self._kept_back = max(0, self._before - run_ms)
        self._longest_ms = 0

    def has_time(self) -> bool:
        """For one that is half as slow again as the slowest."""
        left = self._remaining_ms()
        self._longest_ms = max(self._longest_ms, self._before - left)
        self._before = left
        slower, than = _SLOWER
        return left - self._kept_back > max(LAST_WINDOW_MS, self._longest_ms * slower // than)
