"""What forwarding takes, from SQS records to the outcomes of real HTTP posts to the stand-in (a
process of its own): `python -m tests.bench.bench_forwarder`.

CPU of this process alone. The floor is a bare post of 100 ready-made events by the same client:
what no design with this client avoids.
"""

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
from tests.bench.alone import run_alone
from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.rounds import Scale, cpu_us, in_turns
from tests.fakes.forwarding import keyed_events, now_ms, sqs_record, usage_event, usage_message
from tests.fakes.ledger_reading import by_reading, ever
from tests.fakes.secret_store import SecretStore
from tests.local.aforo.settings import DEFAULT_API_KEY, DEFAULT_TENANT
from tests.local.foreground_server import foreground_server

STAGE, UNIT = "forwarder, its posts alone", "us an event"
EVENTS, ROUNDS = 1_000, 9
EVENTS_PER_MESSAGE = 5  # the common delivery has 1 to 10 lines
EVENTS_PER_POST = 100  # Aforo's limit
FLOOR = "bare post of 100 ready-made events"


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


def bare_post(client: httpx.Client, posts: int) -> Callable[[], object]:
    body = body_of(keyed_events(EVENTS_PER_POST, occurred_ms=now_ms()))
    headers = Caller(DEFAULT_TENANT).headers(DEFAULT_API_KEY)

    def run() -> None:
        for _ in range(posts):
            with client.stream("POST", BATCH_PATH, content=body, headers=headers) as response:
                read_capped(response)

    return run


def figures(scale: Scale) -> Iterator[Figure]:
    events = scale.count(EVENTS, EVENTS_PER_POST)
    given = records(events)
    with standin() as url, aforo_client(url, set()) as client:
        post = _api(client).post
        actions: dict[str, Callable[[], object]] = {
            FLOOR: bare_post(client, events // EVENTS_PER_POST),
            "reading the messages alone": lambda: list(read_inbox(given)),
        }
        for most in (EVENTS_PER_POST, 50, EVENTS_PER_MESSAGE, 1):
            actions[f"{most} a post"] = partial(forward, posting(post, most), given)
        at_once = posting(post, EVENTS_PER_POST, parallel=4)
        actions["100 a post, 4 at once"] = partial(forward, at_once, given)
        works = {name: cpu_us(action, events) for name, action in actions.items()}
        yield from figures_of(STAGE, events, UNIT, in_turns(works, scale, ROUNDS), FLOOR)
        posts = Spread.exactly(forward(posting(post, EVENTS_PER_POST), given))
        yield Figure(STAGE, "posts", events, "", posts)


def _api(client: httpx.Client) -> IngestApi:
    credential = AforoCredential(SecretStore(DEFAULT_API_KEY), "arn", lambda: 0.0)  # type: ignore[arg-type]
    return IngestApi(
        client, credential, Caller(DEFAULT_TENANT), lambda: datetime.now(UTC), Telemetry("bench")
    )


if __name__ == "__main__":
    run_alone(figures, __doc__)
