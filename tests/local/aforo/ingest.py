"""POST /v1/ingest and /v1/ingest/batch: the order of things for one post.

1 the body is read, and its signature verified where one is wanted; 2 a fault is chosen; 3 the
service receives or refuses: accepted events are in the book now, whatever the client gets to hear;
4 the fault, if any, spoils the answer.
"""

from aiohttp import web

from tests.local.aforo.aws_door import refusal
from tests.local.aforo.credentials import authenticate
from tests.local.aforo.envelope import Parcel, open_parcel
from tests.local.aforo.fault_list import Active
from tests.local.aforo.posts import Post, key_ending, without_secrets
from tests.local.aforo.problem import RefusedError
from tests.local.aforo.receiving import Receipt, admit, receive
from tests.local.aforo.sabotage import REQUEST_ID, answered_status, perform
from tests.local.aforo.state import STATE, State

ROUTES = web.RouteTableDef()
CHUNK_BYTES = 65_536
NOTHING = web.Response()


@ROUTES.post("/v1/ingest/batch")
async def post_batch(request: web.Request) -> web.StreamResponse:
    return await _ingest(request, single=False)


@ROUTES.post("/v1/ingest")
async def post_event(request: web.Request) -> web.StreamResponse:
    return await _ingest(request, single=True)


async def _ingest(request: web.Request, *, single: bool) -> web.StreamResponse:
    state = request.app[STATE]
    body = await _read(request, state.settings.max_body_bytes)
    shut = refusal(request, body or b"", state.settings.sigv4, state.clock.now())
    if shut is not None:  # AWS refuses: nothing of Aforo's has seen it
        return shut
    keyed = open_parcel(body, single=single)
    active = state.faults.for_post(keyed.events)
    post = state.posts.add(_record(state, request, body, keyed, active))
    if active and not active.fault.is_committing:
        post.status = answered_status(active.fault, NOTHING)
        return await perform(active.fault, request, NOTHING)
    try:
        answer = _answer(state, request, keyed, active, post)
    except RefusedError as refused:
        _note_refusal(refused, active, post)
        raise
    post.status = answered_status(active.fault, answer) if active else answer.status
    return await perform(active.fault, request, answer) if active else answer


def _answer(
    state: State, request: web.Request, keyed: Parcel, active: Active | None, post: Post
) -> web.Response:
    caller = authenticate(request.headers, state.accounts.tenants_by_key, state.settings)
    _check_content(request)
    allowance = admit(state, caller, keyed)
    receipt = receive(state, caller, keyed.events, active.fault if active else None)
    _note_receipt(receipt, post)
    return web.json_response(
        receipt.as_json(state.settings),
        status=state.settings.success_status,
        headers=allowance.headers() if state.settings.rate_limit_per_minute else None,
    )


def _check_content(request: web.Request) -> None:
    if request.content_type != "application/json":
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusedError(415, "UNSUPPORTED_ENCODING", "Content-Encoding: send plain JSON")


async def _read(request: web.Request, limit: int) -> bytes | None:
    """The body, or None when it is over the limit (read to its end, so the answer is heard)."""
    pieces, size = [], 0
    async for piece in request.content.iter_chunked(CHUNK_BYTES):
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
    return b"".join(pieces) if size <= limit else None


def _record(
    state: State, request: web.Request, body: bytes | None, keyed: Parcel, active: Active | None
) -> Post:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return Post(
        at=state.clock.now(),
        request_id=request[REQUEST_ID],
        path=request.path,
        peer=f"{peer[0]}:{peer[1]}" if peer else "",
        key_ending=key_ending(request.headers),
        headers=without_secrets(request.headers),
        body_bytes=len(body) if body is not None else request.content.total_bytes,
        events=len(keyed.events),
        fault=active.fault.kind if active else None,
    )


def _note_receipt(receipt: Receipt, post: Post) -> None:
    post.accepted, post.duplicates = receipt.accepted, receipt.duplicates
    post.failed = len(receipt.errors)
    post.findings = [f"events[{index}].{text}" for index, text in receipt.errors]


def _note_refusal(refused: RefusedError, active: Active | None, post: Post) -> None:
    post.status = refused.status
    post.findings = list(refused.findings) or [refused.detail]
    if active and not active.is_cause(refused.findings):
        active.give_back()
        post.fault = None
