"""Whoever looks gets the newest glance; a thread gathers the next one, often while somebody looks
and seldom while nobody does.
"""

import asyncio
import time
from collections.abc import Callable

from tests.local.page.glance import Glance

LOOKED_AT_SECONDS = 1.5  # between two glances while a page is open, which renews itself each 2 s
SLOW_SECONDS = 60.0  # while nobody looks: some 50 ms of CPU a minute
LEFT_SECONDS = 8.0  # so long after the last page somebody is taken to look
STALE_SECONDS = 4.0
PATIENCE_SECONDS = 0.2  # a page is shown within 300 ms, with figures that are older if need be


def pause_after(unseen_seconds: float) -> float:
    """How long until the next glance, when the last page was asked for so long ago."""
    return LOOKED_AT_SECONDS if unseen_seconds < LEFT_SECONDS else SLOW_SECONDS


class Watching:
    """`look` is run in a thread, never twice at the same time."""

    def __init__(self, look: Callable[[], Glance]) -> None:
        self._look = look
        self._glance: Glance | None = None
        self._taken = 0.0
        self._looked_at = 0.0
        self._asked = asyncio.Event()
        self._renewed = asyncio.Condition()

    async def glance(self) -> Glance:
        """The newest; a stale one only where the next one is not there soon."""
        self._looked_at = time.monotonic()
        self._asked.set()
        if self._glance is None or time.monotonic() - self._taken > STALE_SECONDS:
            await self._next(PATIENCE_SECONDS if self._glance else None)
        assert self._glance
        return self._glance

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._asked.clear()
            glance = await asyncio.to_thread(self._look)
            async with self._renewed:
                self._glance, self._taken = glance, time.monotonic()
                self._renewed.notify_all()
            await self._pause()

    async def _pause(self) -> None:
        """A while; the first one who looks ends a long one."""
        seconds = pause_after(time.monotonic() - self._looked_at)
        if seconds == LOOKED_AT_SECONDS:
            await asyncio.sleep(seconds)
            return
        try:
            await asyncio.wait_for(self._asked.wait(), seconds)
        except TimeoutError:
            return

    async def _next(self, seconds: float | None) -> None:
        async with self._renewed:
            try:
                await asyncio.wait_for(self._renewed.wait(), seconds)
            except TimeoutError:
                return
