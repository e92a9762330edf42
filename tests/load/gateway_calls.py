"""Requests at a rate, as calls of our gateway; what it served is asked of its witness.

Open loop: a call goes when it is due, whatever became of those before it, up to a number of calls
under way. Where the gateway serves less than that, the rate is missed, and the report says so.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.kills.made_requests import key_of_request
from tests.load.load_cloud import LoadCloud
from tests.load.served_requests import Billable, ServedRequests
from tests.local.demo.accounting import FREE_PATH, NOT_BILLABLE
from tests.local.demo.depth import unwritten

UNDER_WAY = 64
TICK_SECONDS = 0.01
LOOK_SECONDS = 0.2
FREE_SHARE = 0.04  # of calls, which are not billed
WRITTEN_SECONDS = 60.0
_PAGE = 5_000


@dataclass(slots=True)
class GatewayCalls:
    cloud: LoadCloud
    requests: ServedRequests
    chance: random.Random
    _seen: int = 0

    async def drive(self, rate: float, seconds: float) -> float:
        """The seconds in which the calls went out; all lines are in the log when it returns."""
        limit = aiohttp.TCPConnector(limit=UNDER_WAY)
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(connector=limit, timeout=timeout) as http:
            looking = asyncio.create_task(self._look_on(http))
            took = await self._call(http, rate, seconds)
            await self._until_written()
            looking.cancel()
            await self._look(http)
        return took

    async def _call(self, http: aiohttp.ClientSession, rate: float, seconds: float) -> float:
        room = asyncio.Semaphore(UNDER_WAY)
        calls: set[asyncio.Task[None]] = set()
        began, made = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            if made >= passed * rate:
                await asyncio.sleep(TICK_SECONDS)
                continue
            await room.acquire()
            call = asyncio.create_task(self._one(http, room))
            calls.add(call)
            call.add_done_callback(calls.discard)
            made += 1
        took = time.monotonic() - began  # a gateway that is too slow has kept calls waiting by now
        await asyncio.gather(*calls)
        return took

    async def _one(self, http: aiohttp.ClientSession, room: asyncio.Semaphore) -> None:
        customer = self.chance.choice(self.cloud.endpoints.customers)
        path = FREE_PATH if self.chance.random() < FREE_SHARE else "/pets"
        url = f"{self.cloud.endpoints.api_url}{path}"
        try:
            async with http.get(url, headers=dict(customer.headers)) as answer:
                await answer.read()
        finally:
            room.release()

    async def _look_on(self, http: aiohttp.ClientSession) -> None:
        while True:
            await self._look(http)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, http: aiohttp.ClientSession) -> None:
        """What was served since the last look."""
        url = f"{self.cloud.endpoints.gateway_url}/_witness/requests"
        while True:
            asked = {"after": str(self._seen), "limit": str(_PAGE)}
            async with http.get(url, params=asked) as answer:
                page = await answer.json()
            found = page["requests"]
            if not found:
                return
            self._seen = page["next"]
            self._note(found)

    def _note(self, found: list[dict[str, Any]]) -> None:
        billable = [
            Billable(
                key_of_request(self.cloud.api, one["extended_request_id"]),
                one["customer_id"],
                one["request_time_epoch_ms"],
            )
            for one in found
            if one["status"] == HTTPStatus.OK and one["resource_path"] != FREE_PATH
        ]
        refused = sum(one["status"] in NOT_BILLABLE for one in found)
        failed = sum(one["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR for one in found)
        self.requests.add(len(found), billable, refused=refused, failed=failed)

    async def _until_written(self) -> None:
        deadline = time.monotonic() + WRITTEN_SECONDS
        while left := await asyncio.to_thread(unwritten, self.cloud.endpoints):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} lines of the gateway are not in the log")
            await asyncio.sleep(LOOK_SECONDS)
