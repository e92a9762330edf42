"""The answers of the local page, once its cloud is up: pages from what was gathered before, and
what a button orders, done in a thread.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import TargetError
from functions.usage.errors import UsageError
from tests.local.endpoints import ROOT
from tests.local.page.alarm_section import section_text
from tests.local.page.buttons import BadPressError, Buttons
from tests.local.page.places import Places
from tests.local.page.request_trace import traced_requests
from tests.local.page.views import Views
from tests.local.page.watching import Watching

# What is quick is done when the page shows again; the rest goes on behind it.
PRESS_SECONDS = 1.0
NOWHERE = "No metered log has a request of this id; a line takes a moment to be written."
SILENT = "The local cloud did not answer"


@dataclass
class PageServer:
    """Of one cloud."""

    places: Places
    watching: Watching
    buttons: Buttons
    views: Views = field(default_factory=Views)
    _pressed: set[asyncio.Task[None]] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        """Every request that may come in."""
        try:
            return await self._handler(request)(request)
        except (BadPressError, TargetError) as error:
            return self._words(400, "Not done", str(error))
        except (BotoCoreError, ClientError) as error:
            return self._words(502, SILENT, in_plain_words(error))
        except (UsageError, httpx.HTTPError) as error:
            return self._words(502, SILENT, str(error))

    def _handler(self, request: web.Request) -> Callable[[web.Request], Awaitable[web.Response]]:
        pages = {"/": self._page, "/trace": self._trace, "/alarm": self._alarm}
        if request.method == "POST" and request.path.strip("/") in self.buttons.names:
            return self._press
        if request.method in {"GET", "HEAD"} and request.path in pages:
            return pages[request.path]
        return self._nothing

    async def _page(self, _: web.Request) -> web.Response:
        glance = await self.watching.glance()
        names = [one.customer_id for one in self.places.endpoints.customers]
        return _html(self.views.page(glance, names, self.buttons.said))

    async def _press(self, request: web.Request) -> web.Response:
        """Back to the page; what comes of it is said there."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        action = self.buttons.action(request.path.strip("/"), form)
        pressed = asyncio.create_task(asyncio.to_thread(self.buttons.do, action))
        self._pressed.add(pressed)
        pressed.add_done_callback(self._pressed.discard)
        await asyncio.wait({pressed}, timeout=PRESS_SECONDS)
        return web.Response(status=303, headers={"Location": "/"})

    async def _trace(self, request: web.Request) -> web.Response:
        asked = request.query
        traced = await asyncio.to_thread(
            traced_requests, self.places, asked.get("request", ""), asked.get("at")
        )
        return _html(self.views.trace(traced, NOWHERE))

    async def _alarm(self, request: web.Request) -> web.Response:
        name = request.query.get("name", "")
        glance = await self.watching.glance()
        alarm = next((one for one in glance.alarms if one.name == name), None)
        if alarm is None:
            return self._words(404, "No such alarm", "The stack has no alarm of this name.")
        text = await asyncio.to_thread(section_text, alarm.section, ROOT)
        return _html(self.views.alarm(alarm, text))

    async def _nothing(self, request: web.Request) -> web.Response:
        return self._words(404, "No such page", f"{request.method} {request.path}")

    def _words(self, status: int, title: str, says: str) -> web.Response:
        return _html(self.views.words(title, says), status)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")
