"""Starting and stopping the stand-in: in an event loop, or in a thread for synchronous tests."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.local.aforo import snapshot
from tests.local.aforo.server import build
from tests.local.aforo.settings import Settings
from tests.local.aforo.state import State

HOST = "127.0.0.1"  # never wider: the /_ routes ask for no credentials
# Hanging answers are woken at once; this is for a client that does not read what it is sent.
SHUTDOWN_SECONDS = 0.5
START_SECONDS = 60


class AforoStandIn:
    """`async with AforoStandIn(settings) as aforo: ... aforo.url ...`; port 0 takes a free one.

    With a state file, the book and the registers are read from it at the start and written back
    at the stop. With a book file, the book is on disk before a post is answered (journal.py).
    `state` may be read by tests in the same process.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        port: int = 0,
        state_file: Path | None = None,
        book_file: Path | None = None,
    ) -> None:
        self.state = State(settings or Settings())
        self._port = port
        self._state_file = state_file
        self._book_file = book_file
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        if self._state_file and self._state_file.exists():
            snapshot.restore(self.state, self._state_file)
        if self._book_file:
            self.state.keep_book(self._book_file)
        runner = web.AppRunner(
            build(self.state),
            access_log=None,
            handler_cancellation=True,  # a client that gave up frees its hanging answer
            shutdown_timeout=SHUTDOWN_SECONDS,
            auto_decompress=False,
        )
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, self._port).start()
        self.url = f"http://{HOST}:{runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._runner:
            await self._runner.cleanup()
        if self._state_file:
            snapshot.save(self.state, self._state_file)
        if self.state.journal:
            self.state.journal.close()


@contextmanager
def running_standin(settings: Settings | None = None, *, port: int = 0) -> Iterator[AforoStandIn]:
    """A stand-in in a thread of its own, for tests that are not asynchronous."""
    started: Future[tuple[AforoStandIn, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        try:
            async with AforoStandIn(settings, port=port) as standin:
                stop = asyncio.Event()
                started.set_result((standin, asyncio.get_running_loop(), stop))
                await stop.wait()
        except OSError as error:  # a port that is taken: the caller's to hear
            started.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="aforo-stand-in")
    thread.start()
    standin, loop, stop = started.result(START_SECONDS)
    try:
        yield standin
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
