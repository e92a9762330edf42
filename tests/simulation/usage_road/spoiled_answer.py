"""What a fault of the stand-in does to an answer, as httpx sees it; tests/local/aforo/sabotage.py
does the same on the wire.
"""

import json
from collections.abc import Iterator
from typing import Any

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

PAGE = b"<html><body>Accepted</body></html>"


class CutOff(httpx.SyncByteStream):
    """The first half of a body, and then the connection is gone."""

    def __init__(self, body: bytes) -> None:
        self._half = body[: len(body) // 2]

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message")


def spoil(fault: AnyFault, answer: httpx.Response | None, process: Process) -> httpx.Response:
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


def _rewritten(fault: AnyFault, answer: httpx.Response) -> httpx.Response:
    status, body = answer.status_code, answer.content
    match fault:
        case Truncated():
            return httpx.Response(status, headers=_json_type(), stream=CutOff(body))
        case HugeBody():
            return httpx.Response(
                status, headers=_json_type(), content=b" " * RESPONSE_BYTES + body
            )
        case Empty2xx():
            return httpx.Response(status)
        case NotJson():
            return httpx.Response(status, headers={"Content-Type": "text/html"}, content=PAGE)
        case WrongCounts():
            counts = json.loads(body)
            counts["accepted"] += fault.off_by
            return json_answer(status, counts)
    return answer


def json_answer(status: int, body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(status, headers=_json_type(), content=json.dumps(body).encode())


def refusal_answer(refused: RefusedError) -> httpx.Response:
    said = refused.response("simulated")
    body = said.body if isinstance(said.body, bytes) else b""
    return httpx.Response(said.status, headers=list(said.headers.items()), content=body)


def _json_type() -> dict[str, str]:
    return {"Content-Type": "application/json"}
