"""POST /oauth/token (client_credentials, RFC 6749 4.4) and the JWKS that verifies its tokens."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from tests.local.aforo.state import STATE
from tests.local.aforo.tokens import mint

ROUTES = web.RouteTableDef()
TOKEN_PATH = "/oauth/token"
JWKS_PATH = "/.well-known/jwks.json"


@ROUTES.post(TOKEN_PATH)
async def issue_token(request: web.Request) -> web.Response:
    """Credentials by Basic or in the body; the body is a form or JSON."""
    state = request.app[STATE]
    form = _form(await request.read(), request.content_type)
    if form.get("grant_type") != "client_credentials":
        return _refuse(400, "unsupported_grant_type", "grant_type must be client_credentials")
    client_id, secret = _credentials(request.headers, form)
    client = state.accounts.clients.get(client_id)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        return _refuse(401, "invalid_client", "client_id or client_secret is wrong")
    token, seconds = mint(state.signing_keys, client_id, client, state.settings)
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
    headers = {"Cache-Control": "no-store"}
    return web.json_response({**answer, "scope": client.scopes}, headers=headers)


@ROUTES.get(JWKS_PATH)
async def publish_keys(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].signing_keys.jwks())


def _form(body: bytes, content_type: str) -> dict[str, Any]:
    """An unreadable body is an empty form: its grant_type is missing then."""
    try:
        if content_type == "application/json":
            document = json.loads(body)
            return document if isinstance(document, dict) else {}
        return dict(parse_qsl(body.decode()))
    except ValueError:
        return {}


def _credentials(headers: Mapping[str, str], form: Mapping[str, Any]) -> tuple[str, str]:
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return str(form.get("client_id", "")), str(form.get("client_secret", ""))
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(user), unquote_plus(password)  # RFC 6749 2.3.1: form-encoded first


def _refuse(status: int, error: str, description: str) -> web.Response:
    body = {"error": error, "error_description": description}
    challenge = {"WWW-Authenticate": 'Basic realm="aforo"'} if status == 401 else None
    return web.json_response(body, status=status, headers=challenge)
