"""`/_customers`, `/_clients`, `/_metrics`, `/_api_keys`, `/_keys`, `/_revocations`, `/_clock`,
`/_settings`, `/_reset`: what the stand-in knows, and its knobs, changed while it runs.
"""

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from tests.local.aforo.accounts import Aggregation, Client, Customer
from tests.local.aforo.orders import explain, read_object, read_order
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.state import STATE

ROUTES = web.RouteTableDef()


class _Metric(BaseModel):
    model_config = ConfigDict(extra="forbid")
    aggregation: Aggregation = "SUM"


class _ApiKey(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tenant: str | None = None


class _Advance(BaseModel):
    model_config = ConfigDict(extra="forbid")
    advance_seconds: float


@ROUTES.put("/_customers/{name}")
async def put_customer(request: web.Request) -> web.Response:
    """Fields that are not named keep their values."""
    customers, name = request.app[STATE].accounts.customers, request.match_info["name"]
    order = await read_order(request, Customer)
    changes = {field: getattr(order, field) for field in order.model_fields_set}
    customers[name] = customers.get(name, Customer()).model_copy(update=changes)
    return _shown(customers[name])


@ROUTES.get("/_customers")
async def show_customers(request: web.Request) -> web.Response:
    customers = request.app[STATE].accounts.customers
    return web.json_response(
        {name: one.model_dump(by_alias=True) for name, one in customers.items()}
    )


@ROUTES.put("/_clients/{name}")
async def put_client(request: web.Request) -> web.Response:
    client = await read_order(request, Client)
    request.app[STATE].accounts.clients[request.match_info["name"]] = client
    return web.json_response(client.model_dump(exclude={"secret"}))


@ROUTES.put("/_metrics/{name}")
async def put_metric(request: web.Request) -> web.Response:
    """The body may be empty: `SUM` then."""
    metrics = request.app[STATE].accounts.metrics
    order = await read_order(request, _Metric) if request.can_read_body else _Metric()
    metrics[request.match_info["name"]] = order.aggregation
    return web.json_response(metrics)


@ROUTES.delete("/_metrics/{name}")
async def drop_metric(request: web.Request) -> web.Response:
    metrics = request.app[STATE].accounts.metrics
    metrics.pop(request.match_info["name"], None)
    return web.json_response(metrics)


@ROUTES.put("/_api_keys/{name}")
async def put_api_key(request: web.Request) -> web.Response:
    """A key more, for rotation; the body may name its `tenant`."""
    state = request.app[STATE]
    order = await read_order(request, _ApiKey) if request.can_read_body else _ApiKey()
    tenant = order.tenant or state.settings.default_tenant
    state.accounts.tenants_by_key[request.match_info["name"]] = tenant
    return web.json_response({"tenant": tenant})


@ROUTES.delete("/_api_keys/{name}")
async def revoke_api_key(request: web.Request) -> web.Response:
    tenant = request.app[STATE].accounts.tenants_by_key.pop(request.match_info["name"], None)
    return web.json_response({"revoked": tenant is not None})


@ROUTES.post("/_keys/rotate")
async def rotate_signing_key(request: web.Request) -> web.Response:
    """The old key stays in the JWKS until it is deleted."""
    keys = request.app[STATE].signing_keys
    keys.newest()
    return web.json_response({"kid": keys.rotate()})


@ROUTES.delete("/_keys/{name}")
async def withdraw_signing_key(request: web.Request) -> web.Response:
    withdrawn = request.app[STATE].signing_keys.withdraw(request.match_info["name"])
    return web.json_response({"withdrawn": withdrawn})


@ROUTES.put("/_revocations/{name}")
async def revoke_token(request: web.Request) -> web.Response:
    """`name` is a jti or a key id."""
    request.app[STATE].accounts.revoked.add(request.match_info["name"])
    return web.json_response({"revoked": True})


@ROUTES.delete("/_revocations/{name}")
async def restore_token(request: web.Request) -> web.Response:
    request.app[STATE].accounts.revoked.discard(request.match_info["name"])
    return web.json_response({"revoked": False})


@ROUTES.post("/_clock")
async def advance_clock(request: web.Request) -> web.Response:
    clock = request.app[STATE].clock
    clock.advance((await read_order(request, _Advance)).advance_seconds)
    return web.json_response({"ahead_seconds": clock.ahead_seconds, "now": clock.now()})


@ROUTES.get("/_settings")
async def show_settings(request: web.Request) -> web.Response:
    return web.json_response(_knobs(request))


@ROUTES.patch("/_settings")
async def change_settings(request: web.Request) -> web.Response:
    """Knobs only: keys, metrics, customers and clients have routes of their own."""
    state, changes = request.app[STATE], await read_object(request)
    if mine := _REGISTERS & changes.keys():
        raise RefusedError(400, "BAD_ORDER", f"{min(mine)}: use PUT /_{min(mine)}/... instead")
    try:
        state.settings = state.settings.changed(changes)
    except ValidationError as error:
        raise RefusedError(400, "BAD_ORDER", explain(error)) from None
    return web.json_response(_knobs(request))


@ROUTES.post("/_reset")
async def reset(request: web.Request) -> web.Response:
    """Everything back to the start but the signing keys."""
    request.app[STATE].reset()
    return web.json_response({"reset": True})


_REGISTERS = frozenset({"api_keys", "metrics", "customers", "clients"})


def _knobs(request: web.Request) -> dict[str, Any]:
    return request.app[STATE].settings.model_dump(mode="json", exclude=set(_REGISTERS))


def _shown(customer: Customer) -> web.Response:
    return web.json_response(customer.model_dump(by_alias=True))
