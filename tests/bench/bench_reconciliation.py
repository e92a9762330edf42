"""What counting takes, from rows to counters, beside the cheapest counter there is, one HINCRBY an
event, which counts a repeated event twice: `python -m tests.bench.bench_reconciliation`.

CPU of this process; the server's own time is from its command statistics, its memory from itself.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

from redis import Redis

from functions.reconciliation.counters.redis_scripts import Script, connect, source
from functions.reconciliation.counters.usage_counters import CounterBatch, Counters
from functions.reconciliation.inbox import read_body
from functions.reconciliation.settling import EVENTS_PER_SCRIPT, sort_settled
from functions.usage.message import SettledUsage, to_body
from functions.usage.moment import HOUR_MS, iso_from_epoch_ms
from tests.bench.alone import run_alone
from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.rounds import Scale, Work, cpu_us, in_turns
from tests.local.valkey import start_valkey

STAGE, UNIT = "reconciliation", "us an event"
EVENTS, ROUNDS, EVENTS_A_BODY = 10_000, 9, 300
MEMORY_EVENTS = (100, 500, 2_000, 10_000, 100_000)
HORIZON = timedelta(days=35)
# The middle of an hour, recently.
NOW_MS = (time.time_ns() // 1_000_000) // HOUR_MS * HOUR_MS + HOUR_MS // 2
PLAIN, FRESH = "plain pipeline, no dedupe", "settle, all fresh"
SERVER = f"server, ms a script of {EVENTS_PER_SCRIPT}"


def figures(scale: Scale) -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory() as directory,
        start_valkey(Path(directory)) as server,
        connect(server.url) as client,
    ):
        counters = Counters(client, "tenant", HORIZON, lambda: NOW_MS)
        client.script_load(source(Script.SETTLE))
        yield from _time_per_event(client, counters, scale)
        for events in scale.sizes(MEMORY_EVENTS):
            used = Spread.exactly(_bytes_per_event(client, counters, events))
            yield Figure(STAGE, "memory of the server", events, "bytes an event", used)


def _time_per_event(client: Redis, counters: Counters, scale: Scale) -> Iterator[Figure]:
    events = scale.count(EVENTS)
    rows = settled_rows(events, spread_ms=HOUR_MS // 4)
    settlements = _settlements(rows)
    bodies = [
        to_body({"version": 1, "settled": rows[at : at + EVENTS_A_BODY]})
        for at in range(0, events, EVENTS_A_BODY)
    ]
    settling = cpu_us(lambda: counters.settle(settlements), events)
    server: list[float] = []
    works = {
        PLAIN: _emptied(client, cpu_us(lambda: _plain(client, events), events)),
        FRESH: _emptied(client, settling, lambda: server.append(_server_ms(client))),
        "settle, all counted before": settling,
        "reading the bodies": cpu_us(lambda: [read_body(body) for body in bodies], events),
        "sorting into settlements": cpu_us(lambda: _settlements(rows), events),
    }
    yield from figures_of(STAGE, events, UNIT, in_turns(works, scale, ROUNDS), PLAIN)
    yield Figure(STAGE, SERVER, events, "ms a script", Spread.of(server))


def _emptied(client: Redis, work: Work, then: Callable[[], None] = lambda: None) -> Work:
    def run() -> float:
        client.flushall()
        client.config_resetstat()
        found = work()
        then()
        return found

    return run


def _bytes_per_event(client: Redis, counters: Counters, events: int) -> float:
    settlements = _settlements(settled_rows(events, spread_ms=HOUR_MS // 2))
    client.flushall()
    before = int(client.info("memory")["used_memory"])
    counters.settle(settlements)
    return (int(client.info("memory")["used_memory"]) - before) / events


def settled_rows(events: int, spread_ms: int, customers: int = 1) -> list[SettledUsage]:
    return [
        {
            "key": f"apigw1-{i:040x}",
            "customerId": f"cust_{i % customers}",
            "meter": "api_calls",
            "quantity": 1,
            "occurredAt": iso_from_epoch_ms(NOW_MS - i * spread_ms // events),
        }
        for i in range(events)
    ]


def _settlements(rows: list[SettledUsage]) -> list[CounterBatch]:
    found = sort_settled([("message", rows)], NOW_MS, HORIZON)
    return [batch.settlement for batch in found.batches]


def _plain(client: Redis, events: int) -> None:
    for start in range(0, events, 100 * 20):
        pipeline = client.pipeline(transaction=False)
        for _ in range(start, min(start + 100 * 20, events)):
            pipeline.hincrby("plain", "used", 1)
        pipeline.execute()


def _server_ms(client: Redis) -> float:
    statistics = cast("dict[str, dict[str, float]]", client.info("commandstats"))
    return float(statistics["cmdstat_evalsha"]["usec_per_call"]) / 1000


if __name__ == "__main__":
    run_alone(figures, __doc__)
