"""A million requests of ours beside a million of other forwarders of the same log, in dollars.

Theirs: what tests.bench measured of one delivery (CPU, posts, bytes posted, bytes of log) and the
list prices. What had to be assumed is a named constant here, and cost.md prints it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.bench.bench_walk import PEER_STAGE
from tests.bench.bench_walk import STAGE as WALK
from tests.bench.figure import Figure
from tests.bench.peers.peer import AFORO, DATADOG
from tests.cost.price_list import (
    AFORO_POST_MS,
    GB,
    MONTH_SECONDS,
    Measured,
    PriceList,
    Rate,
    total,
)

# What the templates of theirs give their functions.
MEMORY_MB: Mapping[str, int] = {AFORO: 256, DATADOG: 1_024}
# START, END and REPORT, as text: neither of them switches Lambda's own lines off.
PLAIN_PLATFORM_LOG_BYTES = 300


def _rate(per_second: int, lines_a_delivery: int) -> Rate:
    return Rate(per_second * MONTH_SECONDS, lines_a_delivery)


INTERNET = "over the internet"
BESIDE_AFORO = "**ours beside Aforo's, the log included, x**"
# Lines of a delivery as in `RATES` of tests.cost.price_list.
SECONDLY: Mapping[int, Rate] = {1: _rate(1, 1), 100: _rate(100, 10), 10_000: _rate(10_000, 200)}


class Peer(NamedTuple):
    """One of them. It posts one batch after the other, and waits for each."""

    name: str
    memory_mb: int
    measured: Measured

    def per_million(self, costs: PriceList, rate: Rate) -> dict[str, float]:
        one = self.measured.at(self.name, rate.lines_a_delivery)
        deliveries = 1e6 / rate.lines_a_delivery
        waits_ms = one.calls["post"] * AFORO_POST_MS
        log_bytes = deliveries * (one.log_bytes + PLAIN_PLATFORM_LOG_BYTES)
        return {
            "Lambda": costs.function(deliveries, one.cpu_ms, waits_ms, self.memory_mb),
            "its log": costs.of("logsGb", log_bytes / GB),
            INTERNET: costs.of("egressGb", deliveries * one.sent["post"] / GB),
        }


def peers(figures: Iterable[Figure]) -> list[Peer]:
    """Those that the bench was run with."""
    known = list(figures)
    found = {name: _rows(name, known) for name in MEMORY_MB}
    return [
        Peer(name, MEMORY_MB[name], Measured({name: rows})) for name, rows in found.items() if rows
    ]


def _rows(name: str, figures: Sequence[Figure]) -> list[Any]:
    """As `Measured` has them: lines, ms of CPU, bytes of log, calls, bytes sent."""
    counted = {(one.case, one.size): one.value.middle for one in figures if one.stage == PEER_STAGE}
    used = {one.size: one.value.middle for one in figures if one[:2] == (WALK, name)}
    return [
        [
            lines,
            us_an_event * lines / 1_000,
            counted[f"{name}: bytes of log", lines],
            {"post": counted[f"{name}: calls", lines]},
            {"post": counted[f"{name}: bytes", lines]},
        ]
        for lines, us_an_event in sorted(used.items())
    ]


def ours(costs: PriceList, rate: Rate) -> dict[str, float]:
    """What of our bill does what they do: from the log to Aforo, and kept until it is there."""
    each, logs = costs.per_million(rate), costs.own_logs(rate)
    return {
        "Lambda, metering and forwarder": each["metering: Lambda"] + each["forwarder: Lambda"],
        "UsageQueue": each["UsageQueue"],
        "ledger: PUT and storage": each["ledger: PUT and storage"],
        "their log": logs["metering"] + logs["forwarder"],
        INTERNET: each["to Aforo, over the internet"],
    }


def beside(costs: PriceList, figures: Iterable[Figure]) -> dict[str, list[float]]:
    """Rows of dollars by what they are for, at each of `SECONDLY`; the last is a ratio."""
    rates = SECONDLY.values()
    rows: dict[str, list[float]] = {}
    sums = {"ours": _added(rows, "ours", [ours(costs, rate) for rate in rates])}
    for one in peers(figures):
        found = [one.per_million(costs, rate) for rate in rates]
        sums[one.name] = _added(rows, one.name, found)
    log = costs.log_itself()
    rows["the access log itself, the same for all"] = [log] * len(rates)
    if AFORO in sums:
        rows[BESIDE_AFORO] = [
            (own + log) / (other + log)
            for own, other in zip(sums["ours"], sums[AFORO], strict=True)
        ]
    return rows


def _added(
    rows: dict[str, list[float]], whose: str, found: Sequence[Mapping[str, float]]
) -> list[float]:
    for name in found[0]:
        rows[f"{whose}: {name}"] = [one[name] for one in found]
    sums = [total(one) for one in found]
    rows[f"**{whose}**"] = sums
    return sums
