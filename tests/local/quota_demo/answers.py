"""What a customer is told: one call at a time, and again and again until it changes."""

import asyncio
import time
from collections.abc import Mapping

import httpx

from tests.local.demo.stage import Stage
from tests.local.endpoints import DemoCustomer, Endpoints

SERVED = "200"
# As many at once as there may be processes of the authorizer: each must have seen the customer.
PROCESSES, ROUNDS = 6, 3


def ask(endpoints: Endpoints, customer: DemoCustomer) -> str:
    """`200`, or the code of the refusal."""
    answer = httpx.get(
        f"{endpoints.api_url}/pets", headers=dict(customer.headers), timeout=40, trust_env=False
    )
    return SERVED if answer.is_success else str(answer.json()["error"]["code"])


def make_known(endpoints: Endpoints, customers: Mapping[str, DemoCustomer]) -> None:
    """Let every process of the authorizer see every customer."""
    asyncio.run(_make_known(endpoints, customers))


async def _make_known(endpoints: Endpoints, customers: Mapping[str, DemoCustomer]) -> None:
    async with httpx.AsyncClient(timeout=40, trust_env=False) as http:
        for customer in [*customers.values()] * ROUNDS:
            calls = [
                http.get(f"{endpoints.api_url}/pets", headers=dict(customer.headers))
                for _ in range(PROCESSES)
            ]
            await asyncio.gather(*calls)


class Answers:
    """The customers' latest answers; a change is said, with its second."""

    def __init__(
        self, stage: Stage, endpoints: Endpoints, customers: Mapping[str, DemoCustomer]
    ) -> None:
        self._stage = stage
        self._endpoints = endpoints
        self._customers = customers
        self._began = time.monotonic()
        self.latest: dict[str, str] = {}
        self.seen: set[tuple[str, str]] = set()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def ask(self) -> str:
        """Ask for every customer once; what was answered, in a line."""
        answers = {
            name: ask(self._endpoints, customer) for name, customer in self._customers.items()
        }
        line = ", ".join(f"{name} {answer}" for name, answer in answers.items())
        if answers != self.latest:
            self._stage.say(f"after {self.seconds:4.1f} s: {line}")
        self.latest = answers
        self.seen |= set(answers.items())
        return f"{self.seconds:.0f} s, {line}"
