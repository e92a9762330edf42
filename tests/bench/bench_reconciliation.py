"""What counting costs, as ratios in one run: `python -m tests.bench.bench_reconciliation`.

The plain pipeline is one HINCRBY per event, the cheapest counter there is, which counts a repeated
event twice. Wall time is per event, from rows to counters, best of several runs; the server's own
time is from its command statistics. Goals: docs/explanation/decisions/0005-cost-goals.md.
"""

import tempfile
import time
from collections.abc import Callable
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
from tests.local.valkey import start_valkey

EVENTS = 20_000
ROUNDS = 7
HORIZON = timedelta(days=35)
# The middle of an hour, recently.
NOW_MS = (time.time_ns() // 1_000_000) // HOUR_MS * HOUR_MS + HOUR_MS // 2


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        start_valkey(Path(directory)) as server,
        connect(server.url) as client,
    ):
        counters = Counters(client, "tenant", HORIZON, lambda: NOW_MS)
        client.script_load(source(Script.SETTLE))
        _time_per_event(client, counters)
        for events in (100, 500, 2_000, 10_000, 100_000):
            _bytes_per_event(client, counters, events)


def _time_per_event(client: Redis, counters: Counters) -> None:
    rows = _rows(EVENTS, spread_ms=HOUR_MS // 4)
    settlements = _settlements(rows)
    plain = _best(client, lambda: _plain(client, EVENTS))
    fresh = _best(client, lambda: counters.settle(settlements))
    server_us = _server_us(client)
    repeated = _best(None, lambda: counters.settle(settlements))
    bodies = [to_body({"version": 1, "settled": rows[i : i + 300]}) for i in range(0, EVENTS, 300)]
    rows_of = _best(None, lambda: [read_body(body) for body in bodies])
    sorting = _best(None, lambda: _settlements(rows))
    print(f"{EVENTS} events of one customer in 15 minutes, {EVENTS_PER_SCRIPT} per script")
    _line("plain pipeline, no dedupe", plain, plain)
    _line("settle, all fresh", fresh, plain)
    _line("settle, all counted before", repeated, plain)
    _line("reading the bodies", rows_of, plain)
    _line("sorting into settlements", sorting, plain)
    print(f"  server per script of {EVENTS_PER_SCRIPT}: {server_us / 1000:.3f} ms")


def _bytes_per_event(client: Redis, counters: Counters, events: int) -> None:
    settlements = _settlements(_rows(events, spread_ms=HOUR_MS // 2))
    client.flushall()
    before = int(client.info("memory")["used_memory"])
    counters.settle(settlements)
    used = int(client.info("memory")["used_memory"]) - before
    print(f"  memory at {events:>6} events in half an hour: {used / events:6.1f} bytes/event")


def _rows(events: int, spread_ms: int) -> list[SettledUsage]:
    return [
        {
            "key": f"apigw1-{i:040x}",
            "customerId": "cust_1",
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


def _best(emptied: Redis | None, work: Callable[[], object]) -> float:
    """Microseconds per event; `emptied` before each round."""
    best = float("inf")
    for _ in range(ROUNDS):
        if emptied is not None:
            emptied.flushall()
            emptied.config_resetstat()
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best / EVENTS * 1e6


def _server_us(client: Redis) -> float:
    statistics = cast("dict[str, dict[str, float]]", client.info("commandstats"))
    return float(statistics["cmdstat_evalsha"]["usec_per_call"])


def _line(what: str, microseconds: float, plain: float) -> None:
    print(f"  {what:<28} {microseconds:6.2f} us/event  {microseconds / plain:5.2f} x plain")


if __name__ == "__main__":
    main()
