"""The web application: routes, request ids, problems as RFC 7807, outages of other routes."""

import asyncio
import uuid

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.local.aforo import fetches, ingest, ledger_console, oauth, register_console
from tests.local.aforo.aws_door import refusal
from tests.local.aforo.faults import Group
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.sabotage import REQUEST_ID, STOPPING, perform
from tests.local.aforo.state import STATE, State

GROUPS: dict[str, Group] = {
    fetches.QUOTA_PATH: "service",
    fetches.MARGIN_GUARD_PATH: "service",
    fetches.TOKEN_CHECK_PATH: "service",
    fetches.EVENTS_PATH: "service",
    oauth.TOKEN_PATH: "identity",
    oauth.JWKS_PATH: "identity",
}


def build(state: State) -> web.Application:
    app = web.Application(middlewares=[_as_problems, _behind_iam, _in_outages])
    app[STATE] = state
    app[STOPPING] = asyncio.Event()
    for module in (ingest, fetches, oauth, ledger_console, register_console):
        app.add_routes(module.ROUTES)
    app.on_response_prepare.append(_name_request)
    app.on_shutdown.append(_wake_hanging)
    return app


@web.middleware
async def _as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[REQUEST_ID] = f"req_{uuid.uuid4().hex}"
    try:
        return await handler(request)
    except RefusedError as refused:
        return refused.response(request[REQUEST_ID])
    except web.HTTPException as error:
        code = "NOT_FOUND" if error.status == 404 else "BAD_REQUEST"
        allowed = {name: value for name, value in error.headers.items() if name == "Allow"}
        detail = f"{request.method} {request.path}"
        problem = RefusedError(error.status, code, detail, headers=allowed)
        return problem.response(request[REQUEST_ID])


@web.middleware
async def _behind_iam(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The quota check stands behind the door of the ingest; ingest looks at its own body."""
    door = request.app[STATE].settings.sigv4
    if door is not None and request.path == fetches.QUOTA_PATH:
        shut = refusal(request, await request.read(), door, request.app[STATE].clock.now())
        if shut is not None:
            return shut
    return await handler(request)


@web.middleware
async def _in_outages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """An outage also silences what is not ingest; ingest chooses its own faults."""
    group = GROUPS.get(request.path)
    active = request.app[STATE].faults.for_route(group) if group else None
    if active is None:
        return await handler(request)
    # Read first: a reset in the middle of the client's own sending looks like an end to it.
    await request.read()
    answer = await handler(request) if active.fault.is_committing else web.Response()
    if not isinstance(answer, web.Response):
        return answer
    return await perform(active.fault, request, answer)


async def _name_request(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Request-Id"] = request[REQUEST_ID]


async def _wake_hanging(app: web.Application) -> None:
    app[STOPPING].set()
