"""What execution logs cost, as ratios in one run: `python -m tests.bench.bench_execution_log`.

The floor is what no design avoids: base64, inflate, and the envelope as JSON. `metered` is payload
to event texts. A hostile megabyte is compared with a plain one. CPU time, best of many runs.
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

from functions.metering.configuration.document_reading import default_configuration
from functions.metering.execution.source import ExecutionLogSource
from functions.metering.log_delivery import LogDelivery, read_delivery
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS, subscription_payload
from tests.fakes.execution_log_lines import (
    GROUP,
    authorizer_texts,
    cut,
    delivery_of,
    events_of,
    prefixed,
    request_texts,
)

CONFIGURATION = default_configuration()
NOW_MS = REQUEST_TIME_MS + 600_000
REQUESTS = (1, 10, 100, 400)
MEGABYTE = 1 << 20
HOSTILE = {
    "headers": "(a) Method request headers: {" + "X-Tenant-Id=a, " * (MEGABYTE // 15),
    "commas": "(a) Method request headers: {X-Tenant-Id=" + ", " * (MEGABYTE // 2),
    "JSON": '{"payload":' + "[" * MEGABYTE,
    "result": "(a) Authorizer result body before parsing: " + '"' * MEGABYTE,
    "columns": "arn:aws:x:/restapis/a/stages/b" + " GET (" * (MEGABYTE // 6),
}


def payload(requests: int) -> dict[str, Any]:
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


def floor(content: dict[str, Any]) -> int:
    raw = zlib.decompress(base64.b64decode(content["awslogs"]["data"]), 31)
    return len(from_json(raw)["logEvents"])


def metered(content: dict[str, Any], source: ExecutionLogSource) -> int:
    delivery = read_delivery(content)
    assert isinstance(delivery, LogDelivery)
    return source.sort(delivery, CONFIGURATION, NOW_MS).billed


def sorted_line(line: str, source: ExecutionLogSource) -> int:
    return source.sort(delivery_of(events_of([line])), CONFIGURATION, NOW_MS).billed


def best(run: Callable[[], object], seconds: float = 0.6) -> float:
    """Microseconds of CPU of the fastest run."""
    fastest, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.process_time_ns()
        run()
        fastest = min(fastest, time.process_time_ns() - start)
    return fastest / 1000


def main() -> None:
    out = sys.stdout.write
    source = ExecutionLogSource(REGION)
    out("requests  lines   floor us/request  metered us/request  ratio\n")
    for requests in REQUESTS:
        content = payload(requests)
        assert metered(content, source) == requests
        least = best(partial(floor, content)) / requests
        cost = best(partial(metered, content, source)) / requests
        lines = floor(content)
        out(f"{requests:8}  {lines:5}  {least:17.1f}  {cost:18.1f}  {cost / least:5.2f}\n")
    declared = ExecutionLogSource(REGION, "X-Tenant-Id")
    body = "(a) Method request body before transformations: " + "a" * MEGABYTE
    wrapped = json.dumps({"payload": body})
    for name, line in HOSTILE.items():
        like = wrapped if line.startswith("{") else body
        plain = best(partial(sorted_line, like, declared), 0.2)
        hostile = best(partial(sorted_line, line, declared), 0.2)
        out(f"1 MB {name:8} {hostile:9.0f} us, plain {plain:9.0f} us, {hostile / plain:6.2f}\n")


if __name__ == "__main__":
    main()
