"""What may be asked of Aforo: quota, margin guard, events, revocation (aforo-contract.md 1.4)."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.local.aforo.credentials import Caller, authenticate
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.quota import answer_quota
from tests.local.aforo.state import STATE, State

ROUTES = web.RouteTableDef()
QUOTA_PATH = "/api/v1/quota/check"
MARGIN_GUARD_PATH = "/internal/v1/margin-guard/quick-check"
TOKEN_CHECK_PATH = "/internal/v1/auth/token-check"
EVENTS_PATH = "/v1/events"
EVENTS_LIMIT, EVENTS_MOST = 100, 1_000


@ROUTES.post(QUOTA_PATH)
async def check_quota(request: web.Request) -> web.Response:
    state, caller = _admitted(request)
    question = await _object(request)
    customer, metric = _text(question, "customerId"), question.get("metricName")
    wanted = question.get("estimatedQuantity", 1)
    if not isinstance(metric, str | None):
        raise _invalid("metricName must be a string")
    if type(wanted) not in (int, float) or wanted < 0:
        raise _invalid("estimatedQuantity must be a number, 0 or more")
    answer = answer_quota(state, caller.tenant, customer, metric, wanted)
    return web.json_response(
        {"success": True, "data": answer} if state.settings.quota_wrapped else answer
    )


@ROUTES.get(MARGIN_GUARD_PATH)
async def check_margin_guard(request: web.Request) -> web.Response:
    """Authentication of this internal route is unknown; the stand-in asks for the usual key."""
    state, caller = _admitted(request)
    _same_tenant(state, caller, _query(request, "tenantId"))
    if _query(request, "scopeType") != "CUSTOMER":
        raise _invalid("scopeType must be CUSTOMER")
    guard = state.accounts.customer(_query(request, "scopeId")).margin_guard
    blocked = guard.level == "L3_BLOCK"
    waits = {"L2_THROTTLE": 60, "L3_BLOCK": 1800}  # 1.4: what Aforo's gateways tell callers
    return web.json_response(
        {
            "allowed": not blocked,
            "level": guard.level,
            "throttleRate": guard.throttle_rate,
            "retryAfterSeconds": guard.retry_after_seconds or waits.get(guard.level, 0),
            "message": guard.message,
        }
    )


@ROUTES.get(EVENTS_PATH)
async def read_back(request: web.Request) -> web.Response:
    """Newest first; `tenant_id` required, `limit` 1 to 1000, `customer_id` to choose."""
    state, caller = _admitted(request)
    _same_tenant(state, caller, _query(request, "tenant_id"))
    limit, customer = _limit(request), request.query.get("customer_id")
    before = state.clock.now() - state.settings.read_back_lag_seconds
    entries = (
        entry
        for entry in state.book.newest_first(caller.tenant, before=before)
        if customer in (None, entry.event["customerId"])
    )
    rows = [
        {**entry.event, "tenantId": entry.tenant, "receivedAt": _iso(entry.received_at)}
        for entry in itertools.islice(entries, limit)
    ]
    return web.json_response({"events": rows})


@ROUTES.get(TOKEN_CHECK_PATH)
async def check_token(request: web.Request) -> web.Response:
    """`jti` or `keyId`, or both; revoked when either is."""
    state, _ = _admitted(request)
    asked = {request.query.get("jti"), request.query.get("keyId")} - {None, ""}
    if not asked:
        raise _invalid("jti or keyId is required")
    return web.json_response({"revoked": bool(asked & state.accounts.revoked)})


def _admitted(request: web.Request) -> tuple[State, Caller]:
    state = request.app[STATE]
    return state, authenticate(request.headers, state.accounts.tenants_by_key, state.settings)


def _same_tenant(state: State, caller: Caller, tenant: str) -> None:
    if tenant != caller.tenant:
        status = state.settings.tenant_mismatch_status
        raise RefusedError(
            status, "TENANT_MISMATCH", "the tenant asked for is not the key's tenant"
        )


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        document = json.loads(await request.read())
    except ValueError:
        raise _invalid("the body must be JSON") from None
    if not isinstance(document, dict):
        raise _invalid("the body must be a JSON object")
    return document


def _text(document: dict[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _invalid(f"{field} must be a string and not blank")
    return value


def _query(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise _invalid(f"{name} is required in the query")
    return value


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(EVENTS_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= EVENTS_MOST:
        raise _invalid(f"limit must be 1 to {EVENTS_MOST}")
    return int(text)


def _invalid(detail: str) -> RefusedError:
    return RefusedError(400, "VALIDATION_FAILED", detail)


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
