"""Several clients drive one customer to its quota; beside them, how far counting has come.

The clients share a token bucket of the grant's rate and burst: on AWS the usage plan enforces it,
and the bound on overshoot speaks of enforced rates.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import httpx
from redis import Redis

from functions.authorizer.decision import DenyCode
from functions.authorizer.lag import lag_by
from functions.reconciliation.commands import USUAL_LAG_SECONDS
from functions.usage.quota import (
    headroom,
    overshoot_bound,
    read_state,
    state_fields,
    state_key,
    watermark_key,
)
from tests.local.customers import METER, Plan
from tests.local.endpoints import DemoCustomer, Endpoints
from tests.local.gateway.throttle import Throttle

CLIENTS = 3
DRIVE_SECONDS = 120.0
LOOK_SECONDS = 0.1
NEXT_TOKEN_SECONDS = 0.02


@dataclass(slots=True)
class Drive:
    """One customer's way to its quota. `before` of it was used when the drive began."""

    plan: Plan
    before: int
    started: list[float] = field(default_factory=list)  # of calls that were served
    codes: Counter[str] = field(default_factory=Counter)  # of calls that were not
    heartbeats: list[str] = field(default_factory=list)  # the watermark, as it was read last
    lag_seconds: float = 0.0  # by the watermark, for the last call that was served
    counted_after: float = 0.0  # seconds, of the call that waited longest
    is_stopped: bool = False

    @property
    def served(self) -> int:
        return self.before + len(self.started)

    @property
    def overshoot(self) -> int:
        """Calls served beyond the quota."""
        return max(0, self.served - self.plan.quota)

    @property
    def left(self) -> int:
        """Calls of the quota that the headroom held back."""
        return max(0, self.plan.quota - self.served)

    @property
    def headroom(self) -> int:
        """What the authorizer held back when it served the last call."""
        return headroom(
            self.plan.quota,
            rate_per_second=self.plan.rate_per_second,
            burst=self.plan.burst,
            exposure_seconds=self.lag_seconds,
        )

    @property
    def bound(self) -> int:
        """In whole calls; the demo's authorizer is asked for each call, so the ttl is 0."""
        bound = overshoot_bound(
            self.plan.quota,
            rate_per_second=self.plan.rate_per_second,
            burst=self.plan.burst,
            exposure_seconds=self.lag_seconds,
        )
        return math.floor(bound)

    @property
    def holds(self) -> bool:
        return self.is_stopped and self.overshoot <= self.bound

    def was_served(self, started: float, heartbeats: list[str], now: float) -> None:
        """Take note of a call that began at `started` (monotonic) and was answered at `now` (epoch
        seconds), by the watermark that was read before it: the authorizer saw no greater lag.
        """
        self.started.append(started)
        lag = lag_by(heartbeats, now)
        self.lag_seconds = USUAL_LAG_SECONDS if lag is None else lag  # as the grant says, so far

    def measure(self, used: int, now: float) -> None:
        """Take note of how long ago the oldest call was made that is not counted yet."""
        counted = used - self.before
        if 0 <= counted < len(self.started):
            self.counted_after = max(self.counted_after, now - sorted(self.started)[counted])


def drive(
    endpoints: Endpoints,
    driven: list[tuple[Drive, DemoCustomer]],
    progress: Callable[[str], None],
) -> None:
    """Until every client of every customer was answered QUOTA_EXCEEDED. TimeoutError when one was
    not.
    """
    asyncio.run(_drive(endpoints, driven, progress))


async def _drive(
    endpoints: Endpoints,
    driven: list[tuple[Drive, DemoCustomer]],
    progress: Callable[[str], None],
) -> None:
    client = Redis.from_url(endpoints.redis_url, decode_responses=True)
    for one, _ in driven:
        one.heartbeats = heartbeats(client, endpoints.tenant_id)
    watching = [asyncio.create_task(_watch(client, endpoints.tenant_id, one)) for one, _ in driven]
    async with httpx.AsyncClient(timeout=40, trust_env=False) as http:
        road = _Road(http, f"{endpoints.api_url}/pets", [one for one, _ in driven], progress)
        clients = [road.call(one, customer) for one, customer in driven for _ in range(CLIENTS)]
        await asyncio.wait_for(asyncio.gather(*clients), DRIVE_SECONDS)
    await asyncio.gather(*watching)


@dataclass(slots=True)
class _Road:
    http: httpx.AsyncClient
    url: str
    drives: list[Drive]
    progress: Callable[[str], None]
    throttle: Throttle = field(default_factory=Throttle)

    async def call(self, one: Drive, customer: DemoCustomer) -> None:
        """A client; it goes on until it is refused itself: what another was told is not enough."""
        rate, burst, key = one.plan.rate_per_second, one.plan.burst, (one.plan.customer_id,)
        while True:
            now, known = time.monotonic(), one.heartbeats
            if not self.throttle.admits(key, rate=rate, burst=burst, now=now):
                await asyncio.sleep(NEXT_TOKEN_SECONDS)
                continue
            answer = await self.http.get(self.url, headers=dict(customer.headers))
            self.progress(", ".join(f"{d.plan.customer_id} {d.served} served" for d in self.drives))
            if answer.is_success:
                one.was_served(now, known, time.time())
                continue
            code = answer.json()["error"]["code"]
            one.codes[code] += 1
            if code == DenyCode.QUOTA_EXCEEDED:
                one.is_stopped = True
                return


async def _watch(client: Redis, tenant: str, one: Drive) -> None:
    """Read the counter, and how far counting has come, until every served call is counted."""
    deadline = time.monotonic() + DRIVE_SECONDS
    while time.monotonic() < deadline:
        used = await asyncio.to_thread(used_by, client, tenant, one.plan.customer_id)
        one.heartbeats = await asyncio.to_thread(heartbeats, client, tenant)
        one.measure(used, time.monotonic())
        if one.is_stopped and used >= one.served:
            return
        await asyncio.sleep(LOOK_SECONDS)


def heartbeats(client: Redis, tenant: str) -> list[str]:
    """The newest that was counted of each log group, as the authorizer reads them."""
    return cast("list[str]", client.hvals(watermark_key(tenant)))


def used_by(client: Redis, tenant: str, customer_id: str) -> int:
    """What the counter has."""
    fields = state_fields(METER)
    values = cast("list[str | None]", client.hmget(state_key(tenant, customer_id), list(fields)))
    known = {name: value for name, value in zip(fields, values, strict=True) if value is not None}
    state = read_state(METER, known)
    return state.current.used if state.current else 0
