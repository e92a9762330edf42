"""`/_ledger`, `/_posts`, `/_faults`, `/_health`: what happened, and what is to go wrong.

For tests and operators, without credentials: the stand-in listens on loopback only.
"""

from typing import Any

from aiohttp import web

from tests.local.aforo.book import Entry
from tests.local.aforo.fault_list import Active
from tests.local.aforo.faults import Order
from tests.local.aforo.orders import read_order, whole_number
from tests.local.aforo.state import STATE, State

ROUTES = web.RouteTableDef()


@ROUTES.get("/_health")
async def health(request: web.Request) -> web.Response:
    environment = request.app[STATE].settings.environment
    return web.json_response({"status": "ok", "environment": environment})


@ROUTES.get("/_ledger")
async def show_ledger(request: web.Request) -> web.Response:
    return web.json_response(_summary(request.app[STATE]))


@ROUTES.delete("/_ledger")
async def empty_ledger(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.empty_book()
    return web.json_response(_summary(state))


@ROUTES.get("/_ledger/events")
async def show_events(request: web.Request) -> web.Response:
    """In the order accepted; `after` is how many to pass over, `next` where to go on."""
    state, query = request.app[STATE], request.query
    after = whole_number(request, "after", 0) or 0
    limit = whole_number(request, "limit")
    customer, key = query.get("customer_id"), query.get("idempotency_key")
    chosen = [entry for entry in state.book.entries if _is_asked(entry, customer, key)]
    end = len(chosen) if limit is None else after + limit
    page = chosen[after:end]
    return web.json_response(
        {
            "events": [entry.event for entry in page],
            "received_at": [round(entry.received_at * 1000) for entry in page],  # epoch ms
            "next": end if end < len(chosen) else None,
        }
    )


@ROUTES.get("/_posts")
async def show_posts(request: web.Request) -> web.Response:
    posts = request.app[STATE].posts
    last = posts.last(whole_number(request, "limit"))
    return web.json_response({"total": posts.total, "posts": [post.as_json() for post in last]})


@ROUTES.post("/_faults")
async def add_faults(request: web.Request) -> web.Response:
    state = request.app[STATE]
    state.faults.add(await read_order(request, Order))
    return web.json_response(_faults(state))


@ROUTES.get("/_faults")
async def show_faults(request: web.Request) -> web.Response:
    return web.json_response(_faults(request.app[STATE]))


@ROUTES.delete("/_faults")
async def clear_faults(request: web.Request) -> web.Response:
    """Answers what was active, with how often each was applied."""
    state = request.app[STATE]
    was = _faults(state)
    state.faults.active.clear()
    return web.json_response(was)


def _summary(state: State) -> dict[str, Any]:
    book = state.book
    return {
        "accepted": len(book.entries),
        "duplicates": book.duplicates,
        "rejected": len(book.rejected),
        "by_customer": dict(+book.by_customer),
        "by_metric": dict(+book.by_metric),
        "rejections": book.rejections,
        "conflicts": book.conflicts,
        "billed_again": book.billed_again,
        "late": book.late,
        "unrouted_sessions": book.unrouted_sessions,
        "posts": state.posts.total,
    }


def _is_asked(entry: Entry, customer: str | None, key: str | None) -> bool:
    event = entry.event
    return customer in (None, event["customerId"]) and key in (None, event["idempotencyKey"])


def _faults(state: State) -> dict[str, Any]:
    return {"faults": [_fault(active) for active in state.faults.active]}


def _fault(active: Active) -> dict[str, Any]:
    count = active.fault.count
    return {
        **active.fault.model_dump(exclude_none=True),
        "applied": active.applied,
        "applied_elsewhere": active.applied_elsewhere,
        "remaining": None if count is None else count - active.applied,
    }
