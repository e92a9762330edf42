"""What forwarding costs, as ratios in one run: `python -m tests.bench.bench_forwarder [events]`.

CPU of this process alone, per event, from SQS records to the outcomes of real HTTP posts to the
stand-in (a process of its own), best of several runs. The unit is one bare post of 100 ready-made
events by the same client, divided by 100: what no design with this client avoids.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from functions.adapters.aforo_credential import AforoCredential
from functions.adapters.aforo_http import Caller, aforo_client, read_capped
from functions.adapters.telemetry import Telemetry
from functions.forwarder.aforo_breaker import Breaker
from functions.forwarder.gate import Post
from functions.forwarder.inbox import Received, read_inbox
from functions.forwarder.ingest_api import BATCH_PATH, IngestApi
from functions.forwarder.packing import body_of
from functions.forwarder.parallel import Parallel
from functions.forwarder.posting import Posting
from functions.forwarder.rate_share import RateShare
from functions.forwarder.screening import Screening
from functions.forwarder.tries import Doubts
from functions.usage.outcome import Confirmed
from tests.fakes.forwarding import keyed_events, now_ms, sqs_record, usage_event, usage_message
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.foreground_server import foreground_server

EVENTS_PER_MESSAGE = 5  # the common delivery has 1 to 10 lines
RUNS = 7


@contextmanager
def standin() -> Iterator[str]:
    with foreground_server("tests.local.aforo") as (_, line):
        url = line.split()[-1]
        httpx.patch(f"{url}/_settings", json={"rate_limit_per_minute": 0}).raise_for_status()
        yield url


def records(count: int) -> list[dict[str, Any]]:
    moment = now_ms()
    return [
        sqs_record(
            usage_message(
                usage_event(n, occurred_ms=moment)
                for n in range(first, min(first + EVENTS_PER_MESSAGE, count))
            ),
            message_id=str(first),
            sent_ms=moment,
        )
        for first in range(0, count, EVENTS_PER_MESSAGE)
    ]


def posting(post: Post, most_events: int, parallel: int = 1) -> Posting:
    return Posting(
        screening=Screening(by_reading(lambda _: ()), ever, 86_400),
        breaker=Breaker(time.monotonic, 50_400),
        post=post,
        share=RateShare(1e9, time.monotonic),
        parallel=Parallel(parallel),
        most_events=most_events,
        most_bytes=1_048_576,
    )


def forward(way: Posting, given: list[dict[str, Any]]) -> int:
    """The posts that it took."""
    messages = [one for one in read_inbox(given) if isinstance(one, Received)]
    found = way.run(
        (event for message in messages for event in message.events),
        doubts=Doubts(),
        now_ms=now_ms(),
        spare_seconds=lambda: 60.0,
    )
    assert all(isinstance(outcome, Confirmed) for outcome in found.outcomes.values())
    return found.posts


def best_us(action: Callable[[], object], events: int) -> float:
    """CPU microseconds per event."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        action()
        times.append(time.process_time() - begun)
    return min(times) / events * 1e6


def bare_post(client: httpx.Client, posts: int) -> Callable[[], object]:
    body = body_of(keyed_events(100, occurred_ms=now_ms()))
    headers = Caller(DEFAULT_TENANT).headers(DEFAULT_API_KEY)

    def run() -> None:
        for _ in range(posts):
            with client.stream("POST", BATCH_PATH, content=body, headers=headers) as response:
                read_capped(response)

    return run


def tell(what: str, cost: float, floor: float) -> None:
    print(f"{what:36} {cost:7.2f} us/event {cost / floor:6.1f}")


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    given = records(events)
    with standin() as url, aforo_client(url, set()) as client:
        credential = AforoCredential(SecretStore(DEFAULT_API_KEY), "arn", lambda: 0.0)  # type: ignore[arg-type]
        api = IngestApi(
            client,
            credential,
            Caller(DEFAULT_TENANT),
            lambda: datetime.now(UTC),
            Telemetry("bench"),
        )
        floor = best_us(bare_post(client, events // 100), events)
        tell("bare post of 100 ready-made events", floor, floor)
        for most in (100, 50, EVENTS_PER_MESSAGE, 1):
            cost = best_us(partial(forward, posting(api.post, most), given), events)
            tell(f"forward, {most} events per post", cost, floor)
        way = posting(api.post, 100, parallel=4)
        tell(
            "forward, 100 per post, 4 at once", best_us(partial(forward, way, given), events), floor
        )
        print(f"{'posts per event':36} {forward(way, given) / events:7.4f}")
        without = best_us(lambda: list(read_inbox(given)), events)
        tell("reading the messages alone", without, floor)


if __name__ == "__main__":
    main()
