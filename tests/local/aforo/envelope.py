"""From the bytes of a post to its events (aforo-contract.md 1.1.2). Pure.

Guarantee: never raises for what a client sent; the refusal waits in the keyed until it is its
turn, because a bad key is said before a bad body.
"""

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tests.local.aforo.problem import RefusedError


@dataclass(frozen=True, slots=True)
class Parcel:
    events: list[Any] = field(default_factory=list)
    refusal: RefusedError | None = None


def open_parcel(body: bytes | None, *, single: bool) -> Parcel:
    """`body` is None when it was larger than the limit."""
    if body is None:
        return Parcel(refusal=RefusedError(413, "PAYLOAD_TOO_LARGE", "the body is over the limit"))
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Parcel(refusal=_malformed("the body must be JSON in UTF-8"))
    if not isinstance(document, dict):
        return Parcel(refusal=_malformed("the body must be a JSON object, not a bare array"))
    return _single(document) if single else _batch(document)


def _single(document: dict[str, Any]) -> Parcel:
    if "events" in document:
        return Parcel(refusal=_malformed("events: this route takes one event, without a wrapper"))
    return Parcel([document])


def _batch(document: dict[str, Any]) -> Parcel:
    events = document.get("events")
    if not isinstance(events, list) or not events:
        return Parcel(refusal=_malformed("events must be a list and not empty"))
    return Parcel(events)


def _malformed(detail: str) -> RefusedError:
    return RefusedError(400, "MALFORMED_REQUEST", detail)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
