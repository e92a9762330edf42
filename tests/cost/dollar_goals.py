"""What a deployment may cost (docs/explanation/decisions/0005-cost-goals.md), and what it costs.

A price list comes in; each goal with its figure leaves. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.bench.figure import Figure
from tests.bench.peers.peer import AFORO
from tests.cost import beside_peers
from tests.cost.beside_peers import BESIDE_AFORO, INTERNET, SECONDLY
from tests.cost.page import month_of
from tests.cost.price_list import RATES, PriceList, total

# Own Lambda, SQS, S3 and logs of metering and forwarding, by requests a second.
OWN = {1: 2.0, 100: 0.12, 10_000: 0.015}
BESIDE_FROM = 100  # requests a second, from which ours is to cost what theirs does
LOG_BYTES = 600


class DollarGoal(NamedTuple):
    """`most` and `found` in one `unit`: empty for dollars."""

    what: str
    most: float
    found: float
    unit: str = ""

    def said(self, value: float) -> str:
        """One of the two, for a person: three digits that count."""
        return f"{value:.3g} {self.unit}" if self.unit else f"${value:#.3g}"

    @property
    def is_reached(self) -> bool:
        return self.found <= self.most


def dollar_goals(costs: PriceList, figures: Iterable[Figure]) -> Iterator[DollarGoal]:
    """Every goal; those beside a peer only where the bench was run with it."""
    least, _, hundred, _ = RATES
    yield DollarGoal("1 M requests a month, all in", 22.0, month_of(costs, least))
    each = total(costs.per_million(hundred))
    yield DollarGoal("a million of 100 M a month, without the fixed part", 0.45, each)
    for per_second, most in OWN.items():
        own = beside_peers.ours(costs, SECONDLY[per_second])
        kept = total(own) - own[INTERNET]
        what = f"metering and forwarding a million, {per_second:,} a second"
        yield DollarGoal(what, most, kept)
    found = beside_peers.beside(costs, figures)
    for per_second, ratio in zip(SECONDLY, found.get(BESIDE_AFORO, ()), strict=False):
        if per_second >= BESIDE_FROM:
            what = f"the same and the access log, {per_second:,} a second"
            yield DollarGoal(what, 1.1, ratio, f"x {AFORO}")
    for name, size in costs.log_bytes().items():
        yield DollarGoal(f"log of one invocation, {name}", LOG_BYTES, size, "bytes")
