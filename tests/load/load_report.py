"""The figures of a load come in; the tables that a person reads leave."""

from collections.abc import Iterator

from rich.table import Table

from tests.load.hop_times import WHOSE, HopTimes, Spread
from tests.load.load_figures import LoadFigures


def tables(figures: LoadFigures) -> Iterator[Table]:
    yield _requests(figures)
    yield _lags(figures)
    yield _hops(figures.times)
    yield _cpu(figures)


def _requests(figures: LoadFigures) -> Table:
    account, dollars = figures.account, figures.dollars
    table = _table(f"Requests, through: {figures.through}", "what", "")
    rows = {
        "asked, a second": f"{account.asked_rate:g}",
        "served, a second": f"{account.rate:.1f}",
        "seconds": f"{account.seconds:.0f}",
        "served": f"{account.served:,}",
        "of them before the measuring, to warm up": f"{account.warm_up:,}",
        "refused by the authorizer": f"{account.refused:,}",
        "served and billable": f"{account.billable:,}",
        "billed": f"{account.billed:,}",
        "billed twice": f"{account.billed_twice:,}",
        "counted": f"{account.used:,}",
        "all billed and counted, seconds after the last": f"{figures.drained_seconds:.1f}",
        f"$ a million by tests/cost, {dollars.lines_a_delivery} lines a delivery": (
            f"{dollars.without_authorizer:.3f}"
        ),
        "$ a million, the authorizer": f"{dollars.authorizer:.3f}",
    }
    for row in rows.items():
        table.add_row(*row)
    return table


def _lags(figures: LoadFigures) -> Table:
    table = _table("Freshness, seconds", "from the request to", "p50", "p99", "longest", "of")
    table.add_row("billed", *_cells(figures.times.to_billed))
    table.add_row("the counter", *_cells(figures.times.to_counted))
    for name, one in figures.metrics.items():
        table.add_row(f"{name}, as the dashboard shows it", *_cells(one))
    return table


def _hops(times: HopTimes) -> Table:
    table = _table("Hop by hop, seconds", "until", "p50", "p99", "longest", "of", "whose time")
    for moment, one in times.hops.items():
        table.add_row(moment.value, *_cells(one), WHOSE[moment])
    return table


def _cpu(figures: LoadFigures) -> Table:
    table = _table(
        f"CPU, {figures.cold_starts} cold starts included",
        *("process", "seconds", "us a request", "an invocation, s: p50", "p99", "of"),
    )
    requests = max(1, figures.account.served - figures.account.warm_up)
    for name, seconds in sorted(figures.cpu_seconds.items(), key=lambda one: -one[1]):
        ran = figures.runs.get(name)
        cells = [f"{ran.p50:.3f}", f"{ran.p99:.3f}", f"{ran.of:,}"] if ran else ["", "", ""]
        table.add_row(name, f"{seconds:.1f}", f"{1e6 * seconds / requests:,.0f}", *cells)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        is_text = number == 0 or name == "whose time"
        table.add_column(name, justify="left" if is_text else "right")
    return table


def _cells(one: Spread) -> list[str]:
    return [f"{one.p50:.2f}", f"{one.p99:.2f}", f"{one.longest:.2f}", f"{one.of:,}"]
