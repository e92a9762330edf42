"""What metering costs, as ratios in one run: `python -m tests.bench.bench_metering [lines ...]`.

The floor is what no design avoids: base64, inflate, and reading the envelope and each line as JSON.
`short` and `long` are payload to message bodies, without the send, by the moulds and without them.
CPU time, best of many runs.
"""

import base64
import json
import random
import sys
import time
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.version import Configuration, default_configuration
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.metering.moulds import Moulds
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


class LongWay(AccessLogSource):
    """Every line through the facts, billing and the event."""

    def _moulds_for(self, configuration: Configuration, now_ms: int) -> Moulds | None:
        return None


def delivery(lines: int, since_ms: int = REQUEST_TIME_MS) -> dict[str, Any]:
    """Lines of 50 customers on 5 routes, one in ten answered 4xx or 5xx, as a stage writes them."""
    chance = random.Random(lines)
    return subscription_payload(
        [
            access_line(
                extendedRequestId=base64.b64encode(chance.randbytes(11)).decode(),
                requestId=str(UUID(int=chance.getrandbits(128))),
                requestTimeEpoch=str(since_ms + 7 * number),
                resourcePath=chance.choice(["/pets", "/pets/{id}", "/orders", "/a/{b}", "/a"]),
                status=chance.choice(["200"] * 18 + ["404", "500"]),
                customerId=f"cus_{chance.randrange(50)}",
                responseLength=str(chance.randrange(20, 20_000)),
                responseLatency=str(chance.randrange(5, 900)),
            )
            for number in range(lines)
        ]
    )


def floor(payload: dict[str, Any]) -> None:
    inflated = zlib.decompress(base64.b64decode(payload["awslogs"]["data"]), 31)
    for event in from_json(inflated)["logEvents"]:
        from_json(event["message"])


def bodies(source: AccessLogSource, payload: dict[str, Any], now_ms: int = NOW_MS) -> list[str]:
    found = read_delivery(payload)
    assert isinstance(found, LogDelivery)
    texts = source.sort(found, CONFIGURATION, now_ms).event_texts
    return list(usage_bodies(texts, METERED_AT))


def best_microseconds(work: Callable[[], object], lines: int) -> float:
    """CPU per line of the fastest of as many runs as fit in about a second."""
    best = float("inf")
    for _ in range(min(400, max(5, 60_000 // lines))):
        started = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - started)
    return best / lines / 1000


def main(sizes: list[int]) -> None:
    """One row per delivery size."""
    short, long = AccessLogSource(REGION), LongWay(REGION)
    print("lines   floor us  short us  long us   short/floor  long/floor  event bytes")
    for lines in sizes:
        payload = delivery(lines)
        made = bodies(short, payload)
        assert made == bodies(long, payload)
        base = best_microseconds(partial(floor, payload), lines)
        quick = best_microseconds(partial(bodies, short, payload), lines)
        slow = best_microseconds(partial(bodies, long, payload), lines)
        event_bytes = sum(map(len, made)) // sum(len(json.loads(body)["events"]) for body in made)
        print(
            f"{lines:<8}{base:<10.2f}{quick:<10.2f}{slow:<10.2f}"
            f"{quick / base:<13.2f}{slow / base:<12.2f}{event_bytes}"
        )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(LINES))
