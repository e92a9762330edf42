"""The API is called; the id that API Gateway gave the request leaves, or why it has none."""

from collections.abc import Callable
from typing import NamedTuple

import httpx

from functions.operator.verify.hop import Stopped
from functions.operator.verify.refusal_advice import (
    REFUSALS,
    STATE_UNKNOWN,
    WhoCalls,
    code_of,
    refusal,
)

# API Gateway's longest integration, and a little for the way.
_PATIENCE_SECONDS = 35
_FIRST_FAULT = 400
_SHOWN_CHARACTERS = 200


class CalledRequest(NamedTuple):
    """What the caller was told."""

    extended_id: str
    detail: str


def call(caller: WhoCalls, headers: dict[str, str], say: Callable[[str], None]) -> CalledRequest:
    """A second time where the authorizer did not know the quota: its process may have been cold.
    Stopped says why the request is not billed.
    """
    answer = _get(caller.url, headers)
    if code_of(answer.text) == STATE_UNKNOWN:
        say(f"HTTP {answer.status_code} {STATE_UNKNOWN}: it may be a cold start; calling once more")
        answer = _get(caller.url, headers)
    if answer.status_code in REFUSALS:
        raise refusal(answer.status_code, answer.text, caller)
    extended_id = answer.headers.get("x-amz-apigw-id", "")
    if not extended_id:
        check = "that the URL is an API Gateway stage: its x-amz-apigw-id header is missing."
        raise Stopped("answered", f"HTTP {answer.status_code}, no request id", check)
    told = f"HTTP {answer.status_code}, extended request id {extended_id}"
    if answer.status_code >= _FIRST_FAULT:  # it may be billed all the same: the log tells
        told += f": {' '.join(answer.text[:_SHOWN_CHARACTERS].split())}"
    return CalledRequest(extended_id, told)


def _get(url: str, headers: dict[str, str]) -> httpx.Response:
    try:
        return httpx.get(url, headers=headers, timeout=_PATIENCE_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        check = "that the URL is right and reachable from here."
        raise Stopped("answered", f"no answer: {error}", check) from None
