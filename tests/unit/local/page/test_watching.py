"""How often the local cloud is asked for figures."""

import asyncio
from itertools import count

import pytest

from tests.local.page import watching
from tests.local.page.glance import Glance
from tests.local.page.watching import Watching, pause_after


def test_it_rests_while_nobody_looks() -> None:
    """A page renews itself each 2 s: whoever has one open is asked for, and no one else."""
    assert pause_after(2.5) < 2
    assert pause_after(10) >= 30


def test_who_looks_sees_new_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that stays open goes on, and one that is opened ends the rest at once."""
    monkeypatch.setattr(watching, "LOOKED_AT_SECONDS", 0.01)
    numbers = count(1)

    async def story() -> int:
        shown = Watching(lambda: Glance(str(next(numbers))))
        running = asyncio.create_task(shown.run())
        seen = 0
        while seen < 5:
            seen = int((await shown.glance()).taken_at)
            await asyncio.sleep(0)
        running.cancel()
        return seen

    assert asyncio.run(story()) >= 5


def test_a_slow_look_keeps_no_page_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is shown, as old as it is."""
    monkeypatch.setattr(watching, "STALE_SECONDS", 0.0)

    async def story() -> str:
        go_on = asyncio.Event()
        loop = asyncio.get_running_loop()
        texts = iter(["first"])

        def look() -> Glance:
            text = next(texts, None)
            if text is None:
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
            return Glance(text or "second")

        shown = Watching(look)
        running = asyncio.create_task(shown.run())
        await shown.glance()
        found = (await shown.glance()).taken_at
        go_on.set()
        running.cancel()
        return found

    assert asyncio.run(story()) == "first"
