"""The price list as docs/explanation/cost.md prints it: `python -m tests.cost.page`.

The page's prose is written by hand; each table stands between two marks and is written from here.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.published import published
from tests.cost import audit_cost, beside_peers, price_list
from tests.cost.beside_peers import MEMORY_MB, SECONDLY
from tests.cost.measure import MEASURED
from tests.cost.price_list import RATES, Measured, PriceList, Rate, total
from tests.cost.stack import stack
from tests.local.endpoints import ROOT
from tests.template.written_page import table_text, with_tables, write_page

LONGEST_WINDOW = 60  # that the template takes for ForwarderWindowSeconds
PAGE = ROOT / "docs" / "explanation" / "cost.md"


def written(page: str) -> str:
    """The page with each of its tables as the price list has it today."""
    return with_tables(page, tables())


def tables() -> Mapping[str, str]:
    """Every table of the page, by its mark."""
    costs = price_list_of()
    return {
        "month": _month(costs),
        "least": _least(costs),
        "idle": _idle(costs),
        "per-million": _per_million(costs),
        "beside": _beside(costs),
        "peers": beside_peers_table(costs),
        "prices": _list(),
        "assumed": _assumed(),
    }


def price_list_of() -> PriceList:
    """As measured last, at list prices, of the template as it is."""
    return PriceList(_prices()["prices"], Measured(json.loads(MEASURED.read_text())), stack())


def _prices() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(price_list.__file__).with_name("list_prices.json").read_text()
    )
    return found


def month_of(costs: PriceList, rate: Rate) -> float:
    """A month of requests, with everything that the stack has."""
    beside = costs.cache_month() + costs.dashboard_month() + costs.metrics_month()
    each = total(costs.per_million(rate))
    return total(costs.idle_month()) + beside + each * rate.requests_a_month / 1e6


def least(costs: PriceList) -> Mapping[str, float]:
    """A month of a million requests: as deployed, then with less and less of it."""
    rate, cache = RATES[0], costs.cache_month()
    without = costs.deployed_with(dashboards=0)
    plain = without.deployed_with(composite_alarms=0)
    slow = plain.deployed_with(forwarder_window=LONGEST_WINDOW)
    return {
        "as deployed": month_of(costs, rate),
        "`Dashboard=false`, or one of the account's first three": month_of(without, rate),
        "and `ComposedAlarms=false`": month_of(plain, rate),
        f"and `ForwarderWindowSeconds={LONGEST_WINDOW}`": month_of(slow, rate),
        "and a Redis of your own, which costs nothing here": month_of(slow, rate) - cache,
    }


def _least(costs: PriceList) -> str:
    rows = [(name, _dollars(value)) for name, value in least(costs).items()]
    return table_text(("the month of 1 M requests, all in", "$"), rows)


def _month(costs: PriceList) -> str:
    rows = []
    for rate in RATES:
        each = total(costs.per_million(rate))
        whole = month_of(costs, rate)
        rows.append(
            (
                _rate(rate),
                _dollars(each),
                _dollars(whole),
                _dollars(whole * 1e6 / rate.requests_a_month),
            )
        )
    head = ("requests a month", "$ a million", "the month, all in, $", "of it a million, $")
    return table_text(head, rows)


def _idle(costs: PriceList) -> str:
    found = costs.idle_month()
    rows = [(name, _dollars(value)) for name, value in found.items()]
    rows.append(("**without the cache and the dashboard**", f"**{_dollars(total(found))}**"))
    rows.append(
        ("the dashboard (0 for an account's first three)", _dollars(costs.dashboard_month()))
    )
    rows.append(
        ("custom metrics that come with the first requests", _dollars(costs.metrics_month()))
    )
    rows.append(("ElastiCache Serverless at its least (0.1 GB)", _dollars(costs.cache_month())))
    return table_text(("a month without a request", "$"), rows)


def _per_million(costs: PriceList) -> str:
    found = [costs.per_million(rate) for rate in RATES]
    rows = [(name, *(_dollars(one[name]) for one in found)) for name in found[0]]
    rows.append(("**sum**", *(f"**{_dollars(total(one))}**" for one in found)))
    return table_text(("$ for a million requests", *map(_rate, RATES)), rows)


def _beside(costs: PriceList) -> str:
    queue = [_dollars(costs.per_million(rate)["UsageQueue"]) for rate in RATES]
    single = [_dollars(costs.one_message_an_event(rate)) for rate in RATES]
    same = len(RATES)
    rows = [
        ("UsageQueue, packed as it is", *queue),
        ("SQS with one message an event", *single),
        ("the access log in CloudWatch Logs", *[_dollars(costs.log_itself())] * same),
        ("the access log into Firehose instead", *[_dollars(costs.firehose())] * same),
        ("API Gateway, REST", *["3.50"] * same),
    ]
    return table_text(("$ for a million requests", *map(_rate, RATES)), rows)


def beside_peers_table(costs: PriceList) -> str:
    """Of docs/explanation/performance.md too."""
    found = beside_peers.beside(costs, published())
    rows = [(name, *map(_dollars_of(name), values)) for name, values in found.items()]
    return table_text(
        ("$ for a million requests", *(f"{one:,} a second" for one in SECONDLY)), rows
    )


def _dollars_of(name: str) -> Callable[[float], str]:
    is_sum = name.startswith("**")
    return lambda value: f"**{_dollars(value)}**" if is_sum else _dollars(value)


def _list() -> str:
    prices = _prices()
    rows = [
        (one["unit"], f"{one['dollars']:.10g}", f"{one['per']:,}", f"[page]({one['page']})")
        for one in prices["prices"].values()
    ]
    return table_text(("what", "$", "for", "from"), rows)


def _assumed() -> str:
    names = {
        "POLLERS": "pollers with which Lambda begins on a queue",
        "AWS_CALL_MS": "ms that a call to SQS or S3 takes",
        "AFORO_POST_MS": "ms that a post to Aforo takes",
        "AUTHORIZER_WAIT_MS": "ms that a decision waits for Redis",
        "RUNTIME_MS": "ms of Lambda's own an invocation",
        "LINE_BYTES": "bytes of a line of the access log",
        "PLATFORM_LOG_BYTES": "bytes of Lambda's own log lines an invocation, where they are on",
        "REPAIR_US_A_ROW": "us that the repair takes for a row",
    }
    rows = [(text, f"{getattr(price_list, name):g}") for name, text in names.items()]
    audit = {
        "LINES_A_PAGE": "lines in a page of FilterLogEvents",
        "PAGE_MS": "ms between two pages",
    }
    rows += [(text, f"{getattr(audit_cost, name):g}") for name, text in audit.items()]
    rows += [(f"MB of memory of {name}", f"{memory:,}") for name, memory in MEMORY_MB.items()]
    plain = beside_peers.PLAIN_PLATFORM_LOG_BYTES
    rows.append(("bytes of Lambda's own log lines an invocation of theirs, as text", str(plain)))
    rows += [
        (f"lines in one delivery at {_rate(rate)} a month", str(rate.lines_a_delivery))
        for rate in RATES
    ]
    return table_text(("assumed", ""), rows)


def _rate(rate: Rate) -> str:
    return f"{rate.requests_a_month // 10**6:,} M"


def _dollars(value: float) -> str:
    return f"{value:,.2f}" if value >= 0.1 else f"{value:.3f}"


def main() -> None:
    write_page(PAGE, written(PAGE.read_text()))


if __name__ == "__main__":
    main()
