"""`python -m tests.local.page --directory .local --port 0`: the page of a local cloud.

Prints `page listening on http://127.0.0.1:PORT` when ready, and ends with SIGTERM or SIGINT. It may
be started before its cloud: until then it says so.
"""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local.endpoints import FILE_NAME, LOCAL
from tests.local.page.front_door import FrontDoor

if TYPE_CHECKING:
    from tests.local.page.server import PageServer

LOOK_EVERY_SECONDS = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.local.page", description=__doc__)
    parser.add_argument("--directory", type=Path, default=LOCAL, help="of the cloud it shows")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free port")
    options = parser.parse_args()
    asyncio.run(_run(options.directory, options.port))
    return 0


async def _run(directory: Path, port: int) -> None:
    door = FrontDoor()
    watching = asyncio.create_task(_watch(door, directory))
    try:
        await _serve_until_stopped(door, port, watching)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(door: FrontDoor, directory: Path) -> None:
    """Once the cloud is up, for ever."""
    while not (directory / FILE_NAME).exists():  # noqa: ASYNC110 - a file has no event
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    # boto3 and the models of metering and the audit take seconds to import.
    opened = await asyncio.to_thread(_opened, directory)
    door.inside = opened.answer
    await opened.watching.run()


def _opened(directory: Path) -> "PageServer":
    from tests.local.page.opening import opened_page  # noqa: PLC0415 - see above

    return opened_page(directory)


async def _serve_until_stopped(door: FrontDoor, port: int, watching: asyncio.Task[None]) -> None:
    """A page that could not be opened, or watches no more, ends: it would show old figures."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching.add_done_callback(lambda _: stop.set())
    runner = web.AppRunner(door.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    door.port = runner.addresses[0][1]
    print(f"page listening on http://127.0.0.1:{door.port}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
