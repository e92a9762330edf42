"""A proxy function's answer: its JSON comes in, an HTTP answer leaves. Pure.

Shape: developer guide, set-up-lambda-proxy-integrations ("Output format"). Anything else is
malformed, which API Gateway answers with 502.
"""

import base64
import binascii
import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.local.gateway.exchange import Answer

KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
# Headers that API Gateway keeps for itself: the backend's value goes out under another name.
REMAPPED = frozenset({"connection", "content-length", "date", "server", "www-authenticate"})
DROPPED = frozenset({"transfer-encoding", "keep-alive", "upgrade", "te", "trailer"})


class MalformedAnswerError(ValueError):
    """Not a proxy answer."""


def read_proxy_answer(payload: bytes, *, accept: str, binary_types: Sequence[str]) -> Answer:
    """The answer in a function's payload. Raises MalformedAnswerError."""
    try:
        described = json.loads(payload)
    except ValueError as error:
        raise MalformedAnswerError("not JSON") from error
    if not isinstance(described, dict) or not described.keys() <= KEYS:
        raise MalformedAnswerError("not an object with statusCode, headers and body")
    headers = _headers(described)
    if "content-type" not in {name.lower() for name, _ in headers}:
        headers.append(("Content-Type", "application/json"))
    return Answer(
        status=_status(described),
        headers=tuple(headers),
        body=_body(described, accept, binary_types),
    )


def _status(described: Mapping[str, Any]) -> int:
    text = str(described.get("statusCode"))
    if not re.fullmatch(r"[1-5][0-9]{2}", text):
        raise MalformedAnswerError("statusCode is not an HTTP status")
    return int(text)


def _headers(described: Mapping[str, Any]) -> list[tuple[str, str]]:
    single, several = (_map(described, name) for name in ("headers", "multiValueHeaders"))
    pairs = [(name, value) for name, values in several.items() for value in _list(values)]
    # Both maps are merged; a pair that stands in both goes out once.
    known = {(name.lower(), _text(value)) for name, value in pairs}
    pairs += [pair for pair in single.items() if (pair[0].lower(), _text(pair[1])) not in known]
    return [
        (f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name, _text(value))
        for name, value in pairs
        if name.lower() not in DROPPED
    ]


def _map(described: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = described.get(name)
    if value is not None and not isinstance(value, dict):
        raise MalformedAnswerError(f"{name} is not an object")
    return value or {}


def _list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise MalformedAnswerError("multiValueHeaders holds something that is not a list")
    return values


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise MalformedAnswerError("a header's value is not a text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    # A line break would end the header: API Gateway never lets one out.
    return text.replace("\r", " ").replace("\n", " ")


def _body(described: Mapping[str, Any], accept: str, binary_types: Sequence[str]) -> bytes:
    body = described.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswerError("body is not a text")
    wanted = re.split("[,;]", accept, maxsplit=1)[0].strip() or "*/*"
    decodes = any(fnmatch.fnmatch(wanted, kind) or kind == "*/*" for kind in binary_types)
    if not described.get("isBase64Encoded") or not decodes:
        return body.encode(errors="replace")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedAnswerError("body is not base64") from error
