"""The table of quota.md: what the headroom holds back and lets through, by the product's
own functions.

    python -m tests.unit.usage.bound_table      writes it into the page
"""

import math
import re
from typing import NamedTuple

from functions.usage.quota import HEADROOM_CAP, headroom, overshoot_bound
from tests.local.endpoints import ROOT

PAGE = ROOT / "docs" / "explanation" / "quota.md"
_BEGIN, _END = "<!-- bounds -->\n", "<!-- /bounds -->"
_HEAD = """\
| limit | rate, burst | TTL | lag | cap | in flight | held back | beyond the limit at most |
|--:|--:|--:|--:|--:|--:|--:|--:|
"""


class Case(NamedTuple):
    """One customer's grant under one deployment's settings; seconds, calls, calls a second."""

    limit: int
    rate: float
    burst: int
    ttl: float
    lag: float
    cap: float = HEADROOM_CAP


# A heartbeat is sent every minute and takes some seconds: 10 s and 65 s are the least and the most
# of a healthy pipeline, 180 s is AWS's "usually less than three minutes", an hour is an outage.
CASES = (
    Case(100, 0.1, 1, ttl=0, lag=10),
    Case(100, 1, 5, ttl=0, lag=10),
    Case(100, 1, 5, ttl=0, lag=65),
    Case(100, 1, 5, ttl=0, lag=65, cap=1),
    Case(100, 1, 5, ttl=0, lag=3600),
    Case(10_000, 5, 10, ttl=0, lag=65),
    Case(10_000, 5, 10, ttl=0, lag=180),
    Case(1_000_000, 50, 50, ttl=0, lag=10),
    Case(1_000_000, 50, 50, ttl=0, lag=65),
    Case(1_000_000, 50, 50, ttl=0, lag=180),
    Case(1_000_000, 50, 50, ttl=300, lag=65),
    Case(1_000_000, 50, 50, ttl=0, lag=3600),
    Case(100_000_000, 500, 1000, ttl=0, lag=65),
    Case(100_000_000, 500, 1000, ttl=0, lag=3600),
)


def table() -> str:
    """The table, as Markdown."""
    return _HEAD + "".join(_row(case) for case in CASES)


def with_table(page: str) -> str:
    """The page with the table between its two marks."""
    return re.sub(rf"(?<={_BEGIN}).*(?={_END})", lambda _: table(), page, flags=re.DOTALL)


def _row(case: Case) -> str:
    facts = {
        "rate_per_second": case.rate,
        "exposure_seconds": case.ttl + case.lag,
        "cap": case.cap,
    }
    held_back = headroom(case.limit, burst=case.burst, **facts)
    # Calls are whole, and the bound is one that is never reached.
    beyond = math.floor(overshoot_bound(case.limit, burst=case.burst, **facts))
    in_flight = math.ceil(case.burst + case.rate * (case.ttl + case.lag))
    cells = (
        f"{case.limit:,}",
        f"{case.rate:g}/s, {case.burst:,}",
        f"{case.ttl:g} s",
        f"{case.lag:g} s",
        f"{case.cap:.0%}",
        f"{in_flight:,}",
        f"{held_back:,}",
        f"{beyond:,}" if beyond else "**0**",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
