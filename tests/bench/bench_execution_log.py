"""What execution logs take, payload to event texts, beside their floor, and what a hostile line of
a megabyte takes beside a plain one: `python -m tests.bench.bench_execution_log`.

The floor is what no design avoids: base64, inflate, and the envelope as JSON.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from functools import partial

from pydantic_core import from_json

from functions.metering.configuration.document_reading import default_configuration
from functions.metering.execution.source import ExecutionLogSource
from functions.metering.log_delivery import LogDelivery, read_delivery
from tests.bench.alone import run_alone
from tests.bench.deliveries import Payload, execution_delivery
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Scale, cpu_us, in_turns
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS
from tests.fakes.execution_log_lines import delivery_of, events_of

STAGE, UNIT = "metering execution logs, nothing sent", "us a request of 25 lines"
HOSTILE_STAGE, HOSTILE_UNIT = "a hostile line of an execution log", "ms a line of 1 MB"
CONFIGURATION = default_configuration()
NOW_MS = REQUEST_TIME_MS + 600_000
REQUESTS = (1, 10, 100, 400)
ROUNDS, REQUESTS_A_TURN = 15, 400
MEGABYTE = 1 << 20
HOSTILE = {
    "headers": "(a) Method request headers: {" + "X-Tenant-Id=a, " * (MEGABYTE // 15),
    "commas": "(a) Method request headers: {X-Tenant-Id=" + ", " * (MEGABYTE // 2),
    "JSON": '{"payload":' + "[" * MEGABYTE,
    "result": "(a) Authorizer result body before parsing: " + '"' * MEGABYTE,
    "columns": "arn:aws:x:/restapis/a/stages/b" + " GET (" * (MEGABYTE // 6),
}
PLAIN = "(a) Method request body before transformations: " + "a" * MEGABYTE


def floor(payload: Payload) -> int:
    raw = zlib.decompress(base64.b64decode(payload["awslogs"]["data"]), 31)
    return len(from_json(raw)["logEvents"])


def metered(payload: Payload, source: ExecutionLogSource, requests: int) -> None:
    delivery = read_delivery(payload)
    assert isinstance(delivery, LogDelivery)
    assert source.sort(delivery, CONFIGURATION, NOW_MS).billed == requests


def sorted_line(line: str, source: ExecutionLogSource) -> int:
    return source.sort(delivery_of(events_of([line])), CONFIGURATION, NOW_MS).billed


def figures(scale: Scale) -> Iterator[Figure]:
    source = ExecutionLogSource(REGION)
    for requests in scale.sizes(REQUESTS):
        payload = execution_delivery(requests)
        runs = max(1, REQUESTS_A_TURN // requests)
        works = {
            "floor": cpu_us(partial(floor, payload), requests, runs),
            "metered": cpu_us(partial(metered, payload, source, requests), requests, runs),
        }
        yield from figures_of(STAGE, requests, UNIT, in_turns(works, scale, ROUNDS), "floor")
    yield from _hostile(scale)


def _hostile(scale: Scale) -> Iterator[Figure]:
    source = ExecutionLogSource(REGION, "X-Tenant-Id")
    lines = {"plain": PLAIN, "plain JSON": json.dumps({"payload": PLAIN}), **HOSTILE}
    works = {
        name: cpu_us(partial(sorted_line, line, source), 1_000) for name, line in lines.items()
    }
    rounds = in_turns(works, scale, ROUNDS)
    yield from figures_of(HOSTILE_STAGE, 1, HOSTILE_UNIT, rounds, "plain")


if __name__ == "__main__":
    run_alone(figures, __doc__)
