"""What metering costs, as ratios in one run: `python -m tests.bench.bench_metering [lines ...]`.

The floor is what no design avoids: base64, inflate, and reading the envelope and each line as JSON.
`metering` is payload to message bodies, without the send. Then how it grows: a million customers,
5,000 shapes of request (API, stage, method, route, status), and never the same shape twice, beside
the ordinary delivery. CPU time, best of many runs that take turns.
"""

import base64
import json
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from functions.metering.access.source import AccessLogSource
from functions.metering.billing.decide import Rules
from functions.metering.billing.exclusions import EXCLUSIONS
from functions.metering.billing.request_event import EventWriter
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.usage.message import usage_bodies
from tests.fakes.access_log_lines import (
    REGION,
    REQUEST_TIME_MS,
    access_line,
    subscription_payload,
)

CONFIGURATION = default_configuration()
NOW_MS = REQUEST_TIME_MS + 600_000
LINES = (1, 10, 100, 1_000, 10_000)
METERED_AT = "2026-07-20T02:00:00.000Z"
ROUTES = ("/pets", "/pets/{id}", "/orders", "/a/{b}", "/a")
# One in ten is answered 4xx or 5xx.
STATUSES = ("200",) * 18 + ("404", "500")
GROWN_LINES = 1_000
CUSTOMERS = 1_000_000
SHAPES = 5_000
TURNS = 25

type Payload = dict[str, Any]


def delivery(
    lines: int, since_ms: int = REQUEST_TIME_MS, *, customers: int = 50, shapes: int = 0
) -> Payload:
    """Lines as a stage writes them: of so many customers, on 5 routes or in so many shapes."""
    chance = random.Random(lines + since_ms)
    return subscription_payload(
        [
            access_line(
                extendedRequestId=base64.b64encode(chance.randbytes(11)).decode(),
                requestId=str(UUID(int=chance.getrandbits(128))),
                requestTimeEpoch=str(since_ms + 7 * number),
                customerId=f"cus_{chance.randrange(customers)}",
                responseLength=str(chance.randrange(20, 20_000)),
                responseLatency=str(chance.randrange(5, 900)),
                **(_shape(chance.randrange(shapes)) if shapes else _ordinary(chance)),
            )
            for number in range(lines)
        ]
    )


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


def floor(payload: Payload) -> None:
    inflated = zlib.decompress(base64.b64decode(payload["awslogs"]["data"]), 31)
    for event in from_json(inflated)["logEvents"]:
        from_json(event["message"])


def bodies(source: AccessLogSource, payload: Payload, now_ms: int = NOW_MS) -> list[str]:
    found = read_delivery(payload)
    assert isinstance(found, LogDelivery)
    texts = source.sort(found, CONFIGURATION, now_ms).event_texts
    return list(usage_bodies(texts, METERED_AT))


def best_microseconds(work: Callable[[], object], lines: int, runs: int = 0) -> float:
    """CPU per line of the fastest of so many runs, or of as many as fit in about a second."""
    best = float("inf")
    for _ in range(runs or min(400, max(5, 60_000 // lines))):
        started = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - started)
    return best / lines / 1000


def sizes(lines: list[int]) -> None:
    """One row per delivery size."""
    source = AccessLogSource(REGION)
    print("lines   floor us  metering us  metering/floor  event bytes")
    for count in lines:
        payload = delivery(count)
        made = bodies(source, payload)
        base = best_microseconds(partial(floor, payload), count)
        ours = best_microseconds(partial(bodies, source, payload), count)
        event_bytes = sum(map(len, made)) // sum(len(json.loads(body)["events"]) for body in made)
        print(f"{count:<8}{base:<10.2f}{ours:<13.2f}{ours / base:<16.2f}{event_bytes}")


def growth() -> None:
    """Deliveries of the grown kind, each another one, beside ordinary ones: they take turns. Each
    kind has a process of its own, as far as what is remembered goes.
    """
    kinds = {
        "ordinary": {},
        f"{CUSTOMERS:,} customers": {"customers": CUSTOMERS},
        f"{SHAPES:,} shapes": {"shapes": SHAPES},
        "each line a new shape": {"shapes": 1 << 40},
    }
    # As many deliveries of each kind that all shapes occur, and nothing is seen by every run.
    payloads: dict[str, Iterator[Payload]] = {
        kind: cycle([delivery(GROWN_LINES, REQUEST_TIME_MS + n, **of) for n in range(TURNS)])
        for kind, of in kinds.items()
    }
    sources = {kind: AccessLogSource(REGION, Rules(EXCLUSIONS, EventWriter())) for kind in kinds}
    best = dict.fromkeys(kinds, float("inf"))
    for _ in range(2 * TURNS):
        for kind in kinds:
            work = partial(bodies, sources[kind], next(payloads[kind]))
            best[kind] = min(best[kind], best_microseconds(work, GROWN_LINES, runs=1))
    print(f"\n{GROWN_LINES:,} lines a delivery   metering us  beside ordinary")
    for kind, micros in best.items():
        print(f"{kind:<23}{micros:<13.2f}{micros / best['ordinary']:.2f}")


if __name__ == "__main__":
    asked = [int(size) for size in sys.argv[1:]]
    sizes(asked or list(LINES))
    growth()
