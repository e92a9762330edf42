"""Several deliveries at once: an action and its items come in, what it makes of each leaves, in
their order.

Threads, not asyncio: half the CPU a post and a tenth of the import (architecture.md, 2
forwarder). Guaranteed: nothing still runs when `run` returns or raises, so that no post is made
behind the back of what follows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field


@dataclass(slots=True)
class Parallel:
    """At most `most` at once. The threads are started when first needed, and kept."""

    most: int
    _pool: ThreadPoolExecutor | None = field(default=None)

    def run[T, R](self, action: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """The common invocation has one post: it is made here, without a thread."""
        if self.most == 1 or len(items) < 2:  # noqa: PLR2004 - nothing to do at once
            return [action(item) for item in items]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.most, thread_name_prefix="post")
        running = [self._pool.submit(action, item) for item in items]
        wait(running)
        return [one.result() for one in running]
