"""What a fault does on the wire.

In: the request and the answer it would have had; out: the answer the client gets, if any.
Nothing here decides whether events are committed: that is over before.
"""

import asyncio
import contextlib
import json
import socket
import struct

from aiohttp import web

from tests.local.aforo.faults import (
    AnyFault,
    CommitThenStatus,
    Empty2xx,
    Hang,
    HugeBody,
    NotJson,
    Redirect,
    ResetAfterCommit,
    ResetBefore,
    Slow,
    Status,
    Truncated,
    Unauthorized,
    WrongCounts,
)
from tests.local.aforo.problem import RefusedError

STOPPING = web.AppKey("stopping", asyncio.Event)
REQUEST_ID = web.RequestKey("request_id", str)
DRIPS = 20  # pieces of a slow answer: small enough that a read timeout per piece never fires
FILLER = b" " * 65_536


async def perform(
    fault: AnyFault, request: web.Request, answer: web.Response
) -> web.StreamResponse:
    """Answers as the fault says; a fault that only chooses events leaves the answer alone."""
    match fault:
        case Status() | CommitThenStatus() | Unauthorized() | Redirect():
            return refusal(fault).response(request[REQUEST_ID])
        case ResetBefore() | ResetAfterCommit():
            return reset(request)
        case Hang():
            await _wait(request, fault.seconds)
            return reset(request)
        case Slow() | HugeBody() | Truncated():
            return await _trickle(fault, request, answer)
        case _:
            return _rewrite(fault, answer)


async def _trickle(
    fault: Slow | HugeBody | Truncated, request: web.Request, answer: web.Response
) -> web.StreamResponse:
    match fault:
        case Slow():
            return await _drip(request, answer, fault.seconds)
        case HugeBody():
            return await _swell(request, answer, fault.bytes)
        case Truncated():
            return await _truncate(request, answer)


def _rewrite(fault: AnyFault, answer: web.Response) -> web.Response:
    match fault:
        case Empty2xx():
            return web.Response(status=answer.status)
        case NotJson():
            page = b"<html><body>Accepted</body></html>"
            return web.Response(status=answer.status, body=page, content_type="text/html")
        case WrongCounts():
            return _miscount(answer, fault.off_by)
        case _:
            return answer


def answered_status(fault: AnyFault, answer: web.Response) -> int | None:
    """The status the client will see, None where it sees none: for GET /_posts."""
    match fault:
        case Status() | CommitThenStatus() | Redirect():
            return fault.status
        case Unauthorized():
            return 401
        case ResetBefore() | ResetAfterCommit() | Hang():
            return None
        case _:
            return answer.status


def refusal(fault: Status | CommitThenStatus | Unauthorized | Redirect) -> RefusedError:
    if isinstance(fault, Unauthorized):
        return RefusedError(401, "INVALID_API_KEY", "the API key is unknown or revoked")
    if isinstance(fault, Redirect):
        headers = {"Location": fault.location}
        return RefusedError(fault.status, "MOVED", "ordered by a fault", headers=headers)
    # Verbatim: seconds, an HTTP date or nonsense, as ordered.
    told = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    return RefusedError(fault.status, f"FAULT_{fault.status}", "ordered by a fault", headers=told)


def reset(request: web.Request) -> web.Response:
    """Ends the connection with a TCP reset; what is returned is never sent."""
    if transport := request.transport:
        # A linger time of 0 makes close() send RST instead of FIN: the client sees ECONNRESET.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def _wait(request: web.Request, seconds: float | None) -> None:
    """Until the time is over, the client gives up or the stand-in stops."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(request.app[STOPPING].wait(), seconds)


async def _drip(request: web.Request, answer: web.Response, seconds: float) -> web.StreamResponse:
    body = _bytes(answer)
    stream = await _start(request, answer, len(body))
    size = max(1, -(-len(body) // DRIPS))
    for start in range(0, len(body), size):
        await _wait(request, seconds * size / len(body))
        await stream.write(body[start : start + size])
    await stream.write_eof()
    return stream


def _miscount(answer: web.Response, off_by: int) -> web.Response:
    body = json.loads(_bytes(answer))
    counts = body.get("data", body)
    counts["accepted"] += off_by
    return web.json_response(body, status=answer.status)


async def _swell(request: web.Request, answer: web.Response, size: int) -> web.StreamResponse:
    """A right answer with enough white space before it that no client should read it whole."""
    body = _bytes(answer)
    stream = await _start(request, answer, size + len(body))
    for start in range(0, size, len(FILLER)):
        await stream.write(FILLER[: size - start])
    await stream.write(body)
    return stream


async def _truncate(request: web.Request, answer: web.Response) -> web.StreamResponse:
    body = _bytes(answer)
    stream = await _start(request, answer, len(body))
    await stream.write(body[: len(body) // 2])
    stream.force_close()
    if request.transport:
        request.transport.close()
    return stream


async def _start(request: web.Request, answer: web.Response, length: int) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    stream.content_length = length
    await stream.prepare(request)
    return stream


def _bytes(answer: web.Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"{}"
