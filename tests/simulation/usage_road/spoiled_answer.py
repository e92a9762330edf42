"""What a fault of the stand-in does to an answer, as httpx sees it; tests/local/aforo/sabotage.py
does the same on the wire.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import httpx

from functions.adapters.aforo_http import READ_SECONDS, RESPONSE_BYTES
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
from tests.local.aforo.sabotage import refusal
from tests.simulation.engine.process import Process

JSON = {"Content-Type": "application/json"}
PAGE = b"<html><body>Accepted</body></html>"


class Answer(NamedTuple):
    """What Aforo would say; the body is JSON."""

    status: int
    body: bytes


class CutOff(httpx.SyncByteStream):
    """The first half of a body, and then the connection is gone."""

    def __init__(self, body: bytes) -> None:
        self._half = body[: len(body) // 2]

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message")


def spoil(fault: AnyFault, answer: Answer | None, process: Process) -> httpx.Response:
    """`answer` is None where the fault comes before anything is taken."""
    match fault:
        case Status() | CommitThenStatus() | Unauthorized() | Redirect():
            return refusal_answer(refusal(fault))
        case ResetBefore() | ResetAfterCommit():
            raise httpx.ReadError("connection reset by peer")
        case Hang():
            process.sleep(READ_SECONDS)
            raise httpx.ReadTimeout("no answer")
        case Slow():
            process.sleep(fault.seconds)
    if answer is None:
        raise NotImplementedError(fault.kind)
    return _rewritten(fault, answer)


def _rewritten(fault: AnyFault, answer: Answer) -> httpx.Response:
    status, body = answer
    match fault:
        case Truncated():
            return httpx.Response(status, headers=JSON, stream=CutOff(body))
        case HugeBody():
            return response(status, b" " * RESPONSE_BYTES + body)
        case Empty2xx():
            return response(status, b"", {})
        case NotJson():
            return response(status, PAGE, {"Content-Type": "text/html"})
        case WrongCounts():
            counts = json.loads(body)
            counts["accepted"] += fault.off_by
            return response(status, json.dumps(counts).encode())
    return response(status, body)


def response(status: int, body: bytes, headers: Mapping[str, str] = JSON) -> httpx.Response:
    """Given as content, a body counts as read, and nobody could stream it."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


def refusal_answer(refused: RefusedError) -> httpx.Response:
    said = refused.response("simulated")
    body = said.body if isinstance(said.body, bytes) else b""
    return httpx.Response(
        said.status, headers=list(said.headers.items()), stream=httpx.ByteStream(body)
    )
