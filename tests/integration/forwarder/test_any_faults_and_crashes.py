"""Any script of faults, any batch, any crash between two effects: Aforo over real HTTP, its real
book, the whole forwarder, and queues and a ledger in memory (tests/contracts/ holds them to SQS
and S3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from functions.forwarder.ingest_api import IngestApi
from functions.usage.event import UsageEvent
from functions.usage.message import to_body
from functions.usage.outcome import SetAsideClass
from tests.fakes.forwarder_bench import Bench
from tests.fakes.forwarding import accepted, key, now_ms, usage_event, usage_message
from tests.fakes.fuse import Fuse, FusedPlaces, FusedQueue, fused
from tests.fakes.secret_store import SecretStore
from tests.fakes.settable_clock import SettableClock
from tests.fakes.settling import Crash
from tests.integration.forwarder.conftest import ingest_api
from tests.local.aforo.console import Console
from tests.local.aforo.settings import DEFAULT_API_KEY
from tests.local.aforo.standin import AforoStandIn

STATUSES = (301, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504)
OUTAGES: list[dict[str, Any]] = [
    *({"kind": "status", "status": status} for status in STATUSES),
    {"kind": "status", "status": 429, "retry_after": "30"},
    {"kind": "unauthorized"},
    {"kind": "redirect"},
    {"kind": "reset_before"},
    {"kind": "reset_after_commit"},
    {"kind": "hang", "seconds": 0.01},
    {"kind": "hang", "seconds": 0.01, "commit": True},
    {"kind": "slow", "seconds": 0.02},
    {"kind": "commit_then_status", "status": 500},
    {"kind": "commit_then_status", "status": 429},
    {"kind": "commit_then_status", "status": 401},
    {"kind": "empty_2xx"},
    {"kind": "wrong_counts"},
    {"kind": "wrong_counts", "off_by": -1},
    {"kind": "not_json"},
    {"kind": "huge_body", "bytes": 100_000},
    {"kind": "truncated"},
    {"kind": "status", "status": 413},
]
# Aforo refuses what it would take another time: then it is right to set it aside.
LIES: list[dict[str, Any]] = [
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 409},
    {"kind": "status", "status": 422},
    {"kind": "commit_then_status", "status": 400},
    {"kind": "per_event_errors", "indexes": [0]},
    {"kind": "poison", "match": {"metadata.n": 1}},
]
counted = st.builds(
    lambda fault, count: {**fault, "count": count},
    st.sampled_from([*OUTAGES, *LIES]),
    st.integers(1, 3),
)


@pytest.fixture(scope="module")
def aforo_api(shared_aforo: AforoStandIn) -> Iterator[IngestApi]:
    with ingest_api(shared_aforo.url, SecretStore(DEFAULT_API_KEY)) as api:
        yield api


@dataclass
class Trial:
    """What Hypothesis chose."""

    sizes: list[int]
    blank: set[int]  # events without a customer: poison
    unknown: set[int]  # events of a metric that Aforo has not got
    script: list[dict[str, Any]]
    crashes: list[int | None]
    parallel: int
    most_events: int

    def event(self, number: int, moment: int) -> UsageEvent:
        metric = "Petz" if number in self.unknown else "API Calls"
        customer = " " if number in self.blank else "cus_1"
        return usage_event(number, occurred_ms=moment, metric=metric, customer=customer)

    @property
    def numbers(self) -> range:
        return range(sum(self.sizes))

    @property
    def bad(self) -> set[int]:
        return (self.blank | self.unknown) & set(self.numbers)

    @property
    def is_honest(self) -> bool:
        """Whether every refusal of an event was for a fault of its own."""
        # A 413 for an event alone is a refusal of it; so is a commit that is then refused.
        kinds = {(one["kind"], one.get("status")) for one in self.script}
        lies = {(one["kind"], one.get("status")) for one in LIES} | {("status", 413)}
        return kinds.isdisjoint(lies)


class World:
    """A queue in virtual time, a forwarder that may die, and Aforo."""

    def __init__(self, trial: Trial, api: IngestApi) -> None:
        self.trial, self.fuse = trial, Fuse()
        moment = now_ms()
        clock = SettableClock(moment / 1000)
        self.queue = FusedQueue(clock, fuse=self.fuse)
        self.bench = Bench(
            accepted,
            clock=clock,
            places=FusedPlaces(fuse=self.fuse),
            post=fused(api.post, self.fuse),
            queue=self.queue,
            posts_at_once=trial.parallel,
            most_events=trial.most_events,
        )
        first = 0
        for size in trial.sizes:
            events = [trial.event(n, moment) for n in range(first, first + size)]
            self.queue.send(to_body(usage_message(events)))
            first += size

    def turn(self, steps: int | None) -> None:
        at = self.queue.next_visible()
        if at is None:
            return
        clock = self.bench.clock
        clock.advance(max(0.0, at - clock()) + 1)
        self.fuse.steps = steps
        records = self.queue.receive()
        try:
            staying = set(self.bench.forward(records))
            self.fuse.burn()
        except Crash:
            return  # nothing is acknowledged: all that was received is seen again
        finally:
            self.fuse.steps = None
        self.queue.delete(one["messageId"] for one in records if one["messageId"] not in staying)

    def run_out(self) -> None:
        for _ in range(400):
            if not self.queue.messages:
                return
            self.turn(None)
        raise AssertionError("a message waits for ever")

    def rows(self, outcome: str) -> set[str]:
        return {row["key"] for row in self.bench.ledger.rows if row["outcome"] == outcome}

    def aside(self) -> set[str]:
        bodies = self.bench.set_aside()
        for body in bodies:
            assert body["setAside"]["setAsideClass"] in set(SetAsideClass)
        return {event["idempotencyKey"] for body in bodies for event in body["events"]}

    def queued(self) -> set[str]:
        bodies = [from_json(one.body) for one in self.queue.messages.values()]
        return {event["idempotencyKey"] for body in bodies for event in body["events"]}

    def check(self, book: list[str]) -> None:
        """Nothing is in no place; what is billed is billed once, and nothing else is confirmed."""
        confirmed, aside = self.rows("confirmed"), self.aside()
        everything = {key(number) for number in self.trial.numbers}
        assert everything == confirmed | aside | self.queued()
        assert len(book) == len(set(book))
        assert confirmed <= set(book)
        assert self.rows("set_aside") <= aside
        if self.trial.is_honest:
            bad = {key(number) for number in self.trial.bad}
            assert aside <= bad
            assert confirmed.isdisjoint(bad)

    def check_end(self, book: list[str]) -> None:
        """Each event is in exactly one place, the counters know it, and all that is good is billed
        once.
        """
        self.check(book)
        everything = {key(number) for number in self.trial.numbers}
        assert set(self.bench.settled_keys()) == everything
        assert self.queue.redriven == []
        if self.trial.is_honest:
            bad = {key(number) for number in self.trial.bad}
            assert self.aside() == bad
            assert self.rows("confirmed") == set(book) == everything - bad


def booked(console: Console) -> list[str]:
    return [event["idempotencyKey"] for event in console.events()]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(
    trial=st.builds(
        Trial,
        sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4),
        blank=st.sets(st.integers(0, 23), max_size=2),
        unknown=st.sets(st.integers(0, 23), max_size=3),
        script=st.lists(counted, max_size=8),
        crashes=st.lists(st.none() | st.integers(0, 14), max_size=6),
        parallel=st.sampled_from([1, 3]),
        most_events=st.sampled_from([2, 5, 100]),
    )
)
def test_each_event_ends_in_one_place_and_is_billed_once(
    shared_aforo: AforoStandIn, aforo_api: IngestApi, trial: Trial
) -> None:
    """Confirmed and in the ledger, in the queue, or set aside with its class; and Aforo's book has
    each key once.
    """
    with Console(shared_aforo.url) as console:
        console.delete("_ledger")
        console.clear_faults()
        if trial.script:
            console.order_faults(*trial.script)
        world = World(trial, aforo_api)
        for steps in trial.crashes:
            world.turn(steps)
        world.check(booked(console))
        console.clear_faults()
        world.run_out()
        world.check_end(booked(console))
