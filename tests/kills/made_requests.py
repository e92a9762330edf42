"""A seed comes in; requests to the demo API leave as lines of its access log, in deliveries of one
line or of hundreds, with what has to become of each: its key and its payer, or nothing.

The key is made here by the rule of docs/explanation/architecture.md, and not by the product.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from tests.fakes.access_log_lines import access_line
from tests.local.customers import METER

# What is not billed (docs/explanation/architecture.md, The access log): one in 25.
_FREE: tuple[Mapping[str, str], ...] = (
    {"status": "401", "customerId": "-"},
    {"status": "403"},
    {"status": "429"},
    {"resourcePath": "/health"},
)
_FREE_SHARE = 0.04
_LARGE_SHARE = 0.3
_SMALL = 20  # lines at most; in practice a delivery has 1 to 10


class Api(NamedTuple):
    """The demo API as it was deployed."""

    account_id: str
    region: str
    api_id: str
    stage: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class MadeRequest:
    """One line of the log. `payer` is None where nobody is to be billed."""

    line: str
    key: str
    payer: str | None


@dataclass(frozen=True, slots=True)
class MadeDelivery:
    """Lines of one stream that CloudWatch Logs delivers together. `is_repeated`: and once more."""

    number: int
    requests: tuple[MadeRequest, ...]
    is_repeated: bool

    @property
    def billable(self) -> int:
        return sum(request.payer is not None for request in self.requests)


def made_deliveries(
    seed: int, api: Api, payers: list[str], most_lines: int, now_ms: Callable[[], int]
) -> Iterator[MadeDelivery]:
    """Without an end. The lines of a delivery are of when it is made."""
    chance, number = random.Random(seed), 0
    while True:
        is_large = chance.random() < _LARGE_SHARE
        lines = chance.randint(most_lines // 3, most_lines) if is_large else None
        requests = tuple(
            made_request(chance, api, payers, now_ms())
            for _ in range(lines or chance.randint(1, _SMALL))
        )
        yield MadeDelivery(number, requests, is_repeated=chance.random() < 0.08)
        number += 1


def key_of_request(api: Api, extended_id: str) -> str:
    """The rule of architecture.md, What is one request, and who pays."""
    named = [api.account_id, api.region, api.api_id, api.stage, extended_id, METER, 0]
    return "apigw1-" + sha256(json.dumps(named, separators=(",", ":")).encode()).hexdigest()[:40]


def made_request(chance: random.Random, api: Api, payers: list[str], at_ms: int) -> MadeRequest:
    """One of that time; one in 25 is not billable."""
    payer, extended_id = chance.choice(payers), f"{chance.getrandbits(84):021x}="
    free = chance.choice(_FREE) if chance.random() < _FREE_SHARE else {}
    said = {
        "extendedRequestId": extended_id,
        "requestId": f"{chance.getrandbits(64):016x}",
        "accountId": api.account_id,
        "apiId": api.api_id,
        "stage": api.stage,
        "tenantId": api.tenant_id,
        "customerId": payer,
        "principalId": payer,
        "requestTimeEpoch": str(at_ms),
        "resourcePath": "/pets",
    }
    line = access_line(**{**said, **free})
    return MadeRequest(line, key_of_request(api, extended_id), None if free else payer)
