"""Where a browser comes in: who may, and what is shown until the local cloud can be asked.

Guaranteed: only this machine's browser, by the page's own buttons (same_origin.py), gets further.
It starts light: the page is there before the cloud is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.local.page.same_origin import why_host_refused, why_press_refused

STATIC = Path(__file__).parent / "static"
STARTING = STATIC / "starting.html"
LONGEST_FORM = 4096  # bytes
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

type Answer = Callable[[web.Request], Awaitable[web.Response]]


@dataclass
class FrontDoor:
    """`port` is known once it is bound, `inside` once the cloud is up."""

    port: int = 0
    inside: Answer | None = None

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._guarded], client_max_size=LONGEST_FORM)
        app.router.add_static("/static", STATIC)
        app.router.add_route("*", "/{path:.*}", self._answer)
        app.on_response_prepare.append(_add_headers)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = why_host_refused(request.headers, self.port)
        if not refused and request.method not in {"GET", "HEAD"}:
            refused = why_press_refused(request.headers, self.port)
        if refused:
            return web.Response(status=403, text=f"{refused}\n")
        return await handler(request)

    async def _answer(self, request: web.Request) -> web.Response:
        if self.inside:
            return await self.inside(request)
        return web.Response(text=STARTING.read_text(), content_type="text/html")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
