"""What metering takes of a delivery, payload to message bodies, without the send, beside its floor:
`python -m tests.bench.bench_metering`.

The floor is what no design avoids: base64, inflate, and reading the envelope and each line as JSON.
"""

import base64
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from pydantic_core import from_json

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import default_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.usage.message import usage_bodies
from tests.bench.alone import run_alone
from tests.bench.deliveries import Payload, declared_configuration, declared_delivery, delivery
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Scale, cpu_us, in_turns
from tests.fakes.access_log_lines import REGION, REQUEST_TIME_MS

STAGE, UNIT = "metering, nothing sent", "us a line"
LINES = (1, 10, 100, 1_000, 10_000)
ROUNDS, LINES_A_TURN = 11, 1_000
NOW_MS = REQUEST_TIME_MS + 600_000
METERED_AT = "2026-07-20T02:00:00.000Z"
CONFIGURATION = default_configuration()


def floor(payload: Payload) -> None:
    inflated = zlib.decompress(base64.b64decode(payload["awslogs"]["data"]), 31)
    for event in from_json(inflated)["logEvents"]:
        from_json(event["message"])


def bodies(
    source: AccessLogSource,
    payload: Payload,
    now_ms: int = NOW_MS,
    configuration: Configuration = CONFIGURATION,
) -> list[str]:
    found = read_delivery(payload)
    assert isinstance(found, LogDelivery)
    sorted_requests = source.sort(found, configuration, now_ms)
    assert sorted_requests.billed == len(found.log_events)
    return list(usage_bodies(sorted_requests.event_texts, METERED_AT))


def figures(scale: Scale) -> Iterator[Figure]:
    source, declared_source = AccessLogSource(REGION), AccessLogSource(REGION)
    declared = declared_configuration()
    for lines in scale.sizes(LINES):
        ours, theirs = delivery(lines), declared_delivery(lines)
        runs = max(1, LINES_A_TURN // lines)
        actions: dict[str, Callable[[], object]] = {
            "floor": partial(floor, ours),
            "our format": partial(bodies, source, ours),
            "a declared format": partial(bodies, declared_source, theirs, NOW_MS, declared),
        }
        works = {name: cpu_us(action, lines, runs) for name, action in actions.items()}
        yield from figures_of(STAGE, lines, UNIT, in_turns(works, scale, ROUNDS), "floor")


if __name__ == "__main__":
    run_alone(figures, __doc__)
