"""What each customer may use in a run, and how it is stated: grants and API keys on their way to
the counters, recorded in the register as an operator's commands are.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from functions.operator.counter_commands.register import Register
from functions.reconciliation.commands import (
    CredentialCommand,
    GrantCommand,
    OpenCommand,
    StandingCommand,
    body_of,
)
from functions.usage.period import Period

QUOTA_METER = "api_calls"
PLENTY = 10**9


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """`rate` and `burst` are what API Gateway enforces, and what the grant says."""

    customer: str
    limit: int
    rate: float
    burst: int
    period: Period = Period.MONTH

    @property
    def api_key(self) -> str:
        return f"key-of-{self.customer}"

    def commands(self, version: int) -> Iterator[StandingCommand]:
        """As an operator states them."""
        yield GrantCommand(
            customer_id=self.customer,
            meter=QUOTA_METER,
            limit=self.limit,
            period=self.period,
            rate_per_second=self.rate,
            burst=self.burst,
            version=version,
        )
        yield CredentialCommand(
            api_key_sha256=sha256(self.api_key.encode()).hexdigest(),
            customer_id=self.customer,
            key_id=f"id-of-{self.customer}",
            environment="live",
            version=version,
        )


def drawn_plans(chance: random.Random, customers: Sequence[str], calls: int) -> list[QuotaPlan]:
    """Half of the customers come to their limit in a run in which each makes so many `calls`."""
    plans = []
    for customer in customers:
        share = chance.choice([0.3, 0.6, 0.9, 0, 0, 0])
        limit = max(20, int(share * calls)) if share else PLENTY
        rate, burst = chance.choice([(0.5, 20), (2.0, 60), (20.0, 100)])
        period = Period.MONTH if share else chance.choice(list(Period))
        plans.append(QuotaPlan(customer, limit, rate, burst, period))
    return plans


def state_all(
    plans: Sequence[QuotaPlan], s3: Any, bucket: str, send: Callable[[str], object], now_ms: int
) -> None:
    """Each command recorded first, then sent; the counters are opened last."""
    register = Register(s3, bucket)
    for plan in plans:
        for command in plan.commands(now_ms):
            register.record(command)
            send(body_of(command))
    send(body_of(OpenCommand(version=now_ms)))
