"""HTTP: a client's request comes in at `/{stage}/...`, the gateway's answer leaves.

Also the operator's routes: `/_witness`, `/_witness/requests`, `/_reload`, `/_health`, and
`/_api/{apiId}/{stage}/...` where two APIs have a stage of the same name.
"""

import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from tests.local.gateway.deployment import Api, Stage
from tests.local.gateway.exchange import Answer, Request
from tests.local.gateway.gateway import Gateway
from tests.local.gateway.watch import Watch

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway quotas, "Payload size"
TOO_LARGE = Answer(
    status=413,
    headers=(
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", "RequestTooLongException"),
    ),
    body=b'{"message":"Request Too Long"}',
)
NO_SUCH_STAGE = Answer(
    status=403,
    headers=(("Content-Type", "application/json"), ("x-amzn-ErrorType", "ForbiddenException")),
    body=b'{"message":"Forbidden"}',
)
DEFAULT_PAGE = 1000


@dataclass
class Server:
    """The HTTP face of a gateway."""

    gateway: Gateway
    watch: Watch

    def application(self) -> web.Application:
        """The aiohttp application; one byte more than the limit tells that a body is too large."""
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        router = application.router
        router.add_get("/_health", self._health)
        router.add_post("/_reload", self._reload)
        router.add_get("/_witness", self._counts)
        router.add_delete("/_witness", self._clear)
        router.add_get("/_witness/requests", self._requests)
        router.add_route("*", r"/{any:[\s\S]*}", self._serve)  # a path may hold line breaks
        return application

    async def _serve(self, incoming: web.Request) -> web.StreamResponse:
        path, _, query = incoming.raw_path.partition("?")
        owner = self._owner(path)
        if owner is None:
            return self._unlogged(incoming, NO_SUCH_STAGE)
        try:
            body = await incoming.read() if incoming.can_read_body else b""
        except web.HTTPRequestEntityTooLarge:
            return self._unlogged(incoming, TOO_LARGE)
        api, stage, rest = owner
        request = Request(
            verb=incoming.method,
            path=rest,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers=tuple(incoming.headers.items()),
            body=body,
            source_ip=incoming.remote or "127.0.0.1",
            protocol=f"HTTP/{incoming.version.major}.{incoming.version.minor}",
        )
        return _response(await self.gateway.serve(api, stage, request))

    def _owner(self, path: str) -> tuple[Api, Stage, str] | None:
        parts = path.split("/")[1:]
        if parts[0] == "_api" and len(parts) > 2:
            api = self.gateway.deployment.apis.get(parts[1])
            parts = parts[2:]
        else:
            api = self.gateway.deployment.stage_owner(parts[0])
        if api is None or parts[0] not in api.stages:
            return None
        return api, api.stages[parts[0]], "/" + "/".join(parts[1:])

    def _unlogged(self, incoming: web.Request, answer: Answer) -> web.Response:
        now = time.time_ns() // 1_000_000
        self.gateway.witness.saw_unlogged(incoming.method, incoming.raw_path, answer.status, now)
        response = _response(answer)
        response.force_close()  # a body that was not read must not be taken for the next request
        return response

    async def _health(self, _: web.Request) -> web.Response:
        apis = self.gateway.deployment.apis
        return web.json_response(
            {
                "status": "ok",
                "stack": self.watch.account.stack,
                "apis": {id_: sorted(api.stages) for id_, api in apis.items()},
                "pending_log_entries": self.gateway.logs.pending(),
            }
        )

    async def _reload(self, _: web.Request) -> web.Response:
        await self.watch.look(everything=True)
        self.gateway.authorizers.forget()
        apis = self.gateway.deployment.apis
        return web.json_response({"apis": {i: sorted(a.stages) for i, a in apis.items()}})

    async def _counts(self, _: web.Request) -> web.Response:
        return web.json_response(self.gateway.witness.counts())

    async def _clear(self, _: web.Request) -> web.Response:
        self.gateway.witness.clear()
        return web.Response(status=204)

    async def _requests(self, incoming: web.Request) -> web.Response:
        try:
            after = int(incoming.query.get("after", "0"))
            limit = int(incoming.query.get("limit", str(DEFAULT_PAGE)))
        except ValueError:
            reason = {"message": "after and limit must be whole numbers"}
            return web.Response(
                status=400, text=json.dumps(reason), content_type="application/json"
            )
        found = self.gateway.witness.requests(after=after, limit=limit)
        last = found[-1]["sequence"] if found else after
        return web.json_response({"requests": found, "next": last})


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body)
    response.headers.popall("Content-Type", None)
    for name, value in answer.headers:
        response.headers.add(name, value)
    return response
