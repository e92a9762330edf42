"""Log deliveries as CloudWatch sends them, made up: lines of our format, lines of a format that was
declared, and execution logs. Each is the same for the same words.
"""

import base64
import json
import random
from typing import Any
from uuid import UUID

from functions.metering.configuration.document_reading import read_configuration
from functions.metering.configuration.version import Configuration
from tests.fakes.access_log_lines import (
    LOG_GROUP,
    REQUEST_TIME_MS,
    access_line,
    subscription_payload,
)
from tests.fakes.execution_log_lines import (
    GROUP,
    authorizer_texts,
    cut,
    events_of,
    prefixed,
    request_texts,
)

ROUTES = ("/pets", "/pets/{id}", "/orders", "/a/{b}", "/a")
# One in ten is answered 4xx or 5xx.
STATUSES = ("200",) * 18 + ("404", "500")
# Their key of what our format has; nested, as people write theirs.
DECLARED = {
    "extendedRequestId": "request.xid",
    "requestId": "request.id",
    "requestTimeEpoch": "request.at",
    "httpMethod": "request.verb",
    "resourcePath": "request.path_template",
    "status": "reply.code",
    "responseLength": "reply.size",
    "responseLatency": "reply.took",
    "accountId": "owner.account",
    "apiId": "owner.api",
    "stage": "owner.deployment",
    "customerId": "auth.customer",
}

type Payload = dict[str, Any]


def delivery(
    lines: int, since_ms: int = REQUEST_TIME_MS, *, customers: int = 50, shapes: int = 0
) -> Payload:
    """Lines as a stage writes them: of so many customers, on 5 routes or in so many shapes."""
    chance = random.Random(lines + since_ms)
    return subscription_payload(
        [
            access_line(**_facts(chance, number, since_ms, customers, shapes))
            for number in range(lines)
        ]
    )


def declared_delivery(lines: int, since_ms: int = REQUEST_TIME_MS) -> Payload:
    """The same facts under the keys of `DECLARED`."""
    chance = random.Random(lines + since_ms)
    return subscription_payload(
        [
            _declared_line(json.loads(access_line(**_facts(chance, number, since_ms, 50, 0))))
            for number in range(lines)
        ]
    )


def declared_configuration() -> Configuration:
    meter = {"id": "api_calls", "metricName": "API Calls", "quantity": "1"}
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [meter],
        "accessLogs": {LOG_GROUP: {"fields": DECLARED}},
    }
    return read_configuration(json.dumps({"versions": [version]}).encode())


def execution_delivery(requests: int) -> Payload:
    """Requests with data trace as a stage writes them, header and body lines near the cut."""
    chance = random.Random(requests)
    lines = []
    for _ in range(requests):
        filling = base64.b64encode(chance.randbytes(450)).decode()
        texts = request_texts(
            extended_id=base64.b64encode(chance.randbytes(11)).decode(),
            authorizer=authorizer_texts(f"cus_{chance.randrange(50):06}"),
            headers=f"{{Accept=*/*, Host=a, X-Filling={filling}}}",
        )
        texts.insert(20, f"Endpoint request headers: {{Authorization={filling * 2}}}")
        texts.insert(22, f"Endpoint request body after transformations: {filling * 2}")
        lines += [cut(line) for line in prefixed(texts, str(UUID(int=chance.getrandbits(128))))]
    return subscription_payload(lines, logGroup=GROUP, logEvents=events_of(lines))


def _facts(
    chance: random.Random, number: int, since_ms: int, customers: int, shapes: int
) -> dict[str, str]:
    return {
        "extendedRequestId": base64.b64encode(chance.randbytes(11)).decode(),
        "requestId": str(UUID(int=chance.getrandbits(128))),
        "requestTimeEpoch": str(since_ms + 7 * number),
        "customerId": f"cus_{chance.randrange(customers)}",
        "responseLength": str(chance.randrange(20, 20_000)),
        "responseLatency": str(chance.randrange(5, 900)),
        **(_shape(chance.randrange(shapes)) if shapes else _ordinary(chance)),
    }


def _ordinary(chance: random.Random) -> dict[str, str]:
    return {"resourcePath": chance.choice(ROUTES), "status": chance.choice(STATUSES)}


def _shape(number: int) -> dict[str, str]:
    """One of many combinations of what a deployment has few of."""
    rest, status = divmod(number, 5)
    rest, method = divmod(rest, 4)
    route, stage = divmod(rest, 5)
    return {
        "apiId": f"api{number % 10:07}",
        "stage": f"stage{stage}",
        "httpMethod": ("GET", "PUT", "POST", "DELETE")[method],
        "resourcePath": f"/resource/{route}/{{id}}",
        "status": str(200 + status),
    }


def _declared_line(facts: dict[str, str]) -> str:
    line: dict[str, dict[str, str]] = {}
    for field, path in DECLARED.items():
        group, _, key = path.partition(".")
        line.setdefault(group, {})[key] = facts[field]
    return json.dumps(line, separators=(",", ":"))
