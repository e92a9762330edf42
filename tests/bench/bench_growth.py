"""What a unit takes where there is ten and a hundred times as much of something, beside the least:
`python -m tests.bench.bench_growth`.

CPU of this process alone. Each size has its own state, and all sizes take turns.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle

from functions.metering.access.source import AccessLogSource
from functions.metering.billing.decide import Rules
from functions.metering.billing.exclusions import EXCLUSIONS
from functions.metering.billing.request_event import EventWriter
from functions.metering.configuration.document_reading import read_configuration
from functions.metering.configuration.version import Configuration
from functions.metering.declared_source import DeclaredSource
from functions.metering.log_delivery import LogDelivery, read_delivery
from functions.reconciliation.inbox import read_body
from functions.reconciliation.settling import sort_settled
from functions.usage.message import SettledUsage, to_body
from functions.usage.moment import HOUR_MS
from tests.bench.alone import run_alone
from tests.bench.bench_ledger import ledger_of, look_up, sum_up
from tests.bench.bench_metering import NOW_MS, bodies
from tests.bench.bench_reconciliation import HORIZON, settled_rows
from tests.bench.bench_reconciliation import NOW_MS as SETTLED_NOW_MS
from tests.bench.bench_replay import billing, replayed
from tests.bench.deliveries import Payload, delivery
from tests.bench.figure import Figure, figures_of
from tests.bench.rounds import Scale, Work, cpu_us, in_turns
from tests.fakes.access_log_lines import LOG_GROUP, REGION, REQUEST_TIME_MS
from tests.fakes.served_window import SOURCE, ServedWindow
from tests.fakes.set_aside_messages import ledger_row

ROUNDS, UNITS_A_TURN = 5, 10_000
GROWN_LINES, TURNS = 1_000, 25
CUSTOMERS = (10_000, 100_000, 1_000_000)
SHAPES = (50, 500, 5_000, 1_000_000)  # the last: no shape ever comes twice
SOURCES = (1, 10, 100)
OBJECTS, ROWS_AN_OBJECT, WANTED = (10, 100, 1_000), 20, 50
EVENTS = (1_000, 10_000, 100_000)
LINES_OF_A_WINDOW = (200, 2_000, 20_000)


class Grown:
    """A thing that grows, and what is measured of it at each size."""

    def __init__(self, case: str, unit: str, sizes: tuple[int, ...]) -> None:
        self.case, self.unit, self.sizes = case, unit, sizes

    def figures(self, scale: Scale, work_at: Callable[[int], Work]) -> Iterator[Figure]:
        works = {f"{size:,}": work_at(size) for size in scale.sizes(self.sizes)}
        rounds = in_turns(works, scale, ROUNDS)
        first = next(iter(works))
        for one in figures_of("growth", 0, self.unit, rounds, first):
            yield one._replace(case=self.case, size=int(one.case.replace(",", "")))


def figures(scale: Scale) -> Iterator[Figure]:
    logging.disable(logging.CRITICAL)
    yield from Grown("metering: customers", "us a line", CUSTOMERS).figures(
        scale, lambda size: _metering(scale, customers=size)
    )
    yield from Grown("metering: shapes of request", "us a line", SHAPES).figures(
        scale, lambda size: _metering(scale, shapes=size)
    )
    yield from Grown("metering: sources", "us a line", SOURCES).figures(scale, _of_sources)
    yield from Grown("lookup: objects of an hour", "us an object", OBJECTS).figures(
        scale, _looked_up
    )
    yield from Grown("repair: objects of an hour", "us a row", OBJECTS).figures(scale, _summed)
    yield from Grown("repair: rows of an hour", "us a row", EVENTS).figures(scale, _summed_rows)
    yield from Grown("reconciliation: events", "us an event", EVENTS).figures(scale, _sorted)
    yield from Grown("reconciliation: customers", "us an event", EVENTS).figures(
        scale, lambda size: _sorted(EVENTS[-1] if not scale.is_small else size, size)
    )
    yield from Grown("replay: events", "us an event", EVENTS).figures(scale, _billed)
    yield from Grown("audit: lines of a window", "us a line", LINES_OF_A_WINDOW).figures(
        scale, _audited
    )


def _metering(scale: Scale, **of: int) -> Work:
    """Deliveries each unlike the others: as many that everything occurs."""
    source, turns = AccessLogSource(REGION, Rules(EXCLUSIONS, EventWriter())), scale.count(TURNS)
    payloads = cycle(
        [delivery(GROWN_LINES, REQUEST_TIME_MS + number, **of) for number in range(turns)]
    )
    return cpu_us(lambda: bodies(source, next(payloads)), GROWN_LINES, runs=3)


def _of_sources(sources: int) -> Work:
    source, configuration = DeclaredSource(REGION), _configuration(sources)
    payload = delivery(GROWN_LINES)
    return cpu_us(partial(_sorted_by, source, payload, configuration), GROWN_LINES, runs=3)


def _sorted_by(source: DeclaredSource, payload: Payload, configuration: Configuration) -> None:
    found = read_delivery(payload)
    assert isinstance(found, LogDelivery)
    assert source.sort(found, configuration, NOW_MS).billed == GROWN_LINES


def _configuration(sources: int) -> Configuration:
    declared: list[Mapping[str, str]] = [
        {"name": f"s{number}", "kind": "access", "logGroup": f"/g/{number}"}
        for number in range(sources - 1)
    ]
    version = {
        "effectiveFrom": "1970-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls", "quantity": "1"}],
    }
    ours = {"name": "ours", "kind": "access", "logGroup": LOG_GROUP}
    document = {"versions": [version], "sources": [*declared, ours]}
    return read_configuration(json.dumps(document).encode())


def _looked_up(objects: int) -> Work:
    """Keys of one object: the names of the others say that they have none."""
    rows = [ledger_row(number) for number in range(objects * ROWS_AN_OBJECT)]
    ledger, _ = ledger_of(rows, objects)
    wanted = {row["key"] for row in rows[::objects]}
    return cpu_us(look_up(ledger, wanted), objects, _runs(len(rows)))


def _summed(objects: int) -> Work:
    rows = objects * ROWS_AN_OBJECT
    ledger, _ = ledger_of([ledger_row(number) for number in range(rows)], objects)
    return cpu_us(sum_up(ledger, rows), rows, _runs(rows))


def _summed_rows(rows: int) -> Work:
    ledger, _ = ledger_of([ledger_row(number) for number in range(rows)])
    return cpu_us(sum_up(ledger, rows), rows, _runs(rows))


def _runs(units: int) -> int:
    """Of a small size as many that it is warm, as a large one is of itself."""
    return max(1, UNITS_A_TURN // units)


def _sorted(events: int, customers: int = 50) -> Work:
    """Bodies read and sorted into settlements: what the counters' server does is its own."""
    rows = settled_rows(events, HOUR_MS // 4, customers)
    texts = [
        to_body({"version": 1, "settled": rows[at : at + 300]}) for at in range(0, events, 300)
    ]

    def run() -> None:
        read = [(str(place), _settled(text)) for place, text in enumerate(texts)]
        assert sort_settled(read, SETTLED_NOW_MS, HORIZON).batches

    return cpu_us(run, events, _runs(events))


def _settled(text: str) -> list[SettledUsage]:
    found = read_body(text)
    assert isinstance(found, list)
    return found


def _billed(events: int) -> Work:
    return cpu_us(billing(*replayed(events)), events, _runs(events))


def _audited(lines: int) -> Work:
    """Log, metering, ledger and comparison, all in this process."""
    served = ServedWindow(lines)
    served.settle()

    def run() -> None:
        found = served.comparing().compare(SOURCE, served.window, with_lines=True)
        assert found.record.equation == served.served()

    return cpu_us(run, lines, _runs(10 * lines))


if __name__ == "__main__":
    run_alone(figures, __doc__)
