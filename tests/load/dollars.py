"""A rate and how many lines a delivery had come in; dollars for a million requests leave, by the
price list of tests/cost: its measured calls, bytes and CPU, on AWS's own polling and windows. What
the emulator called is not priced: it batches otherwise.
"""

from typing import NamedTuple

from tests.cost.page import price_list_of
from tests.cost.price_list import MONTH_SECONDS, Rate, total


class Dollars(NamedTuple):
    """For a million requests, beyond API Gateway and its log."""

    lines_a_delivery: int
    without_authorizer: float
    authorizer: float


def dollars_at(rate: float, lines_a_delivery: float) -> Dollars:
    lines = max(1, round(lines_a_delivery))
    costs = price_list_of().per_million(Rate(round(rate * MONTH_SECONDS), lines))
    authorizer = costs.pop("authorizer: Lambda")
    return Dollars(lines, total(costs), authorizer)
