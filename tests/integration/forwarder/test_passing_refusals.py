"""An Aforo that refuses for a while what it takes later: real HTTP, its real book, the whole
forwarder, and a queue in virtual time. Nobody replays anything.
"""

import random
from typing import Any

import pytest

from functions.forwarder.ingest_api import IngestApi
from functions.usage.message import to_body
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import accepted, key, now_ms, usage_event, usage_message
from tests.fakes.model_queue import ModelQueue
from tests.fakes.settable_clock import SettableClock
from tests.local.aforo.console import Console

EVENTS, EVENTS_PER_MESSAGE = 5_400, 12
MOST_MESSAGES = 100  # in a batch of UsageQueue's
# Each once: what is asked again minutes later meets another, or none.
PASSING: list[dict[str, Any]] = [
    {"kind": "status", "status": 413, "count": 9},  # halved down to single events, and those too
    {"kind": "per_event_errors", "indexes": [0, 7], "error": "INTERNAL: try later", "count": 2},
    {"kind": "per_event_errors", "indexes": list(range(100)), "error": "DB_TIMEOUT", "count": 1},
    {"kind": "per_event_errors", "indexes": [3], "error": "UNAVAILABLE", "count": 3},
    {"kind": "per_event_errors", "indexes": [1], "error": "NEWER_THAN_US: no", "count": 1},
]
OUTAGES: list[dict[str, Any]] = [
    {"kind": "status", "status": 503, "count": 1},
    {"kind": "status", "status": 429, "retry_after": "7", "count": 1},
    {"kind": "commit_then_status", "status": 500, "count": 1},
    {"kind": "reset_after_commit", "count": 1},
    {"kind": "empty_2xx", "count": 1},
]


@pytest.mark.parametrize("seed", [1, 2])
def test_refusals_that_pass_leave_nothing_to_replay(
    api: IngestApi, console: Console, seed: int
) -> None:
    """Every event is billed once, none is in UsageDeadLetterQueue, and most did not wait."""
    moment, rng = now_ms(), random.Random(seed)
    clock = SettableClock(moment / 1000)
    queue = ModelQueue(clock)
    bench = Bench(accepted, clock=clock, queue=queue, post=api.post, jitter=rng.random)
    for first in range(0, EVENTS, EVENTS_PER_MESSAGE):
        numbers = range(first, first + EVENTS_PER_MESSAGE)
        queue.send(to_body(usage_message(usage_event(n, occurred_ms=moment) for n in numbers)))
    faults = [*PASSING, *rng.sample(OUTAGES, 3)]
    rng.shuffle(faults)
    waited = 0
    while (at := queue.next_visible()) is not None:
        clock.advance(max(0.0, at - clock()) + 1)
        console.clear_faults()
        if faults:
            console.order_faults(faults.pop())
        records = queue.receive(MOST_MESSAGES)
        staying = set(bench.forward(records))
        queue.delete(one["messageId"] for one in records if one["messageId"] not in staying)
        waited += sum('"refused"' in one["body"] for one in records)
    assert bench.set_aside() == []
    assert queue.redriven == []
    book = [event["idempotencyKey"] for event in console.events()]
    assert sorted(book) == sorted(key(n) for n in range(EVENTS))
    assert {row["outcome"] for row in bench.ledger.rows} == {"confirmed"}
    assert 0 < waited < EVENTS / EVENTS_PER_MESSAGE / 2
    assert clock() - moment / 1000 < 3_600
