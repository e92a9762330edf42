"""Refusals, and how they look on the wire: RFC 7807 problem+json (aforo-contract.md 1.1.4)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

CONTENT_TYPE = "application/problem+json"


class RefusedError(Exception):
    """The service says no. `code` is a constant, `detail` names the field and the fix."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        findings: tuple[str, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.findings = findings  # for GET /_posts: more than the client is told

    def response(self, request_id: str) -> web.Response:
        body = {
            "type": f"https://errors.aforo.ai/{self.code.lower().replace('_', '-')}",
            "title": title_of(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "instance": request_id,
            **self.extra,
        }
        return web.Response(
            status=self.status,
            body=json.dumps(body).encode(),
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


def title_of(status: int) -> str:
    """The reason phrase; some statuses a fault may name have none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
