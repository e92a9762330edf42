"""The demo's clients: real HTTP calls against the API, several at once, nothing assumed of the
answers but that there is one for each call.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from tests.local.endpoints import Endpoints

CLIENTS = 6  # calls under way at once: enough to keep two cores busy
# Clients arrive one after the other: each new call at once starts two more Lambda processes.
ARRIVAL_SECONDS = 0.4
FIXED_REQUEST_ID = (
    "5d1f9a54-0000-4000-8000-000000000000"  # what a caller may set; never an identity
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a client of the API."""

    kind: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""


# A refused credential ends the authorizer's process on ministack, as any exception does there; the
# next one starts from nothing, so they are few.
SHARES_PER_BAD_CREDENTIAL = 4


def mixed_calls(endpoints: Endpoints, share: int) -> list[Call]:
    """A day's mix, `share` times over: 20 calls each, 18 of them billable, and bad credentials."""
    token, api_key, _ = endpoints.customers
    pets, zero_touch = f"{endpoints.api_url}/pets", f"{endpoints.zero_touch_url}/pets"
    fixed = {**api_key.headers, "x-amzn-RequestId": FIXED_REQUEST_ID}
    one_share = [
        *(Call("token", f"{pets}/{pet}", token.headers) for pet in range(5)),
        *(Call("token, zero-touch stage", f"{zero_touch}/{pet}", token.headers) for pet in "12"),
        *(Call("API key", pets, api_key.headers) for _ in range(4)),
        Call("API key", pets, api_key.headers, "POST"),
        Call("API key, zero-touch stage", zero_touch, api_key.headers),
        *(Call("one request id for all", pets, fixed) for _ in range(3)),
        *(Call("backend error", f"{endpoints.api_url}/broken", token.headers) for _ in range(2)),
        Call("health path", f"{endpoints.api_url}/health"),
        Call("no credential", pets),
    ]
    stranger = {"Authorization": "Bearer demo_nobody_has_this_key"}
    bad = Call("bad credential", pets, stranger)
    return one_share * share + [bad] * (share // SHARES_PER_BAD_CREDENTIAL)


def send(calls: Sequence[Call], progress: Callable[[str], None]) -> Counter[tuple[str, int]]:
    """Send every call once; how often each kind was answered with each status."""
    return asyncio.run(_send(calls, progress))


async def _send(calls: Sequence[Call], progress: Callable[[str], None]) -> Counter[tuple[str, int]]:
    answered: Counter[tuple[str, int]] = Counter()
    waiting = iter(calls)
    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=40, trust_env=False) as http:
        client = _Client(http, answered, progress, len(calls))
        await asyncio.gather(
            *(client.work(waiting, arrives=number * ARRIVAL_SECONDS) for number in range(CLIENTS))
        )
    return answered


@dataclass(slots=True)
class _Client:
    http: httpx.AsyncClient
    answered: Counter[tuple[str, int]]
    progress: Callable[[str], None]
    total: int

    async def work(self, waiting: Iterator[Call], arrives: float) -> None:
        await asyncio.sleep(arrives)
        for call in waiting:
            answer = await self.http.request(
                call.method, call.url, headers=dict(call.headers), content=call.body
            )
            self.answered[call.kind, answer.status_code] += 1
            self.progress(f"{self.answered.total()} of {self.total} calls")


def until_stopped(
    api_url: str, headers: Mapping[str, str], limit: int, progress: Callable[[str], None]
) -> Counter[int]:
    """One client, one call after the other, until it is answered 429 or has made `limit` calls."""
    statuses: Counter[int] = Counter()
    with httpx.Client(timeout=40, trust_env=False) as http:
        for number in range(1, limit + 1):
            status = http.get(f"{api_url}/pets", headers=dict(headers)).status_code
            statuses[status] += 1
            progress(f"{number} calls, the last answered {status}")
            if status == httpx.codes.TOO_MANY_REQUESTS:
                break
    return statuses
