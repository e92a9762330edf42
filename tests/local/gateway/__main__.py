"""`python -m tests.local.gateway --stack NAME --port N`: serve an account's REST APIs.

Prints `gateway listening on http://127.0.0.1:PORT` when ready. SIGTERM and SIGINT: accept nothing
more, answer what is under way, write out the logs, exit. Exit status 1: log lines were lost.
"""

import argparse
import asyncio
import signal
import sys

import aiohttp
from aiohttp import web

from tests.local.gateway.account import Account, NoRestApiError
from tests.local.gateway.authorizer import Authorizers
from tests.local.gateway.gateway import Gateway
from tests.local.gateway.integration import Integrations
from tests.local.gateway.lambda_service import Functions
from tests.local.gateway.log_batch import LogEntry
from tests.local.gateway.log_writer import FLUSH_SECONDS, LogWriter
from tests.local.gateway.server import Server
from tests.local.gateway.watch import WATCH_SECONDS, Watch
from tests.local.gateway.witness import Served, Witness

CLOSE_SECONDS = 30.0


def main() -> int:
    """Run until a signal; answers the exit status."""
    parser = argparse.ArgumentParser(prog="tests.local.gateway", description=__doc__)
    parser.add_argument("--stack", required=True, help="whose stages have bare names")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free port")
    parser.add_argument("--log-streams", type=int, default=12, help="streams per log group")
    parser.add_argument(
        "--flush-seconds", type=float, default=FLUSH_SECONDS, help="how long lines are gathered"
    )
    parser.add_argument(
        "--watch-seconds", type=float, default=WATCH_SECONDS, help="how often APIs are looked at"
    )
    parser.add_argument("--workers", type=int, default=32, help="Lambda calls at the same time")
    options = parser.parse_args()
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    account = Account(options.stack)
    deployment = await asyncio.to_thread(account.read)
    if not deployment.apis:
        raise NoRestApiError("the account has no REST API: deploy a stack with one")
    functions, witness = Functions(options.workers), Witness()

    def accepted(entry: LogEntry) -> None:
        if isinstance(entry.owner, Served):
            witness.accepted(entry.owner)

    logs = LogWriter(options.log_streams, accepted, options.flush_seconds)
    async with aiohttp.ClientSession() as client:
        gateway = Gateway(
            deployment=deployment,
            authorizers=Authorizers(functions),
            integrations=Integrations(functions, client),
            logs=logs,
            witness=witness,
        )
        watch = Watch(account, gateway, functions.permissions, options.watch_seconds)
        watching = asyncio.create_task(watch.forever())
        await _serve_until_stopped(Server(gateway, watch), options.port)
        watching.cancel()
    lost = await logs.close(CLOSE_SECONDS)
    functions.close()
    if lost:
        print(f"gateway: the log lines of {lost} requests were not written", file=sys.stderr)
    return 1 if lost else 0


async def _serve_until_stopped(server: Server, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        server.application(),
        access_log=None,
        shutdown_timeout=CLOSE_SECONDS,
        handler_cancellation=False,
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=512)
    await site.start()
    print(f"gateway listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
