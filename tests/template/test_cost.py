"""The price list: cost.md is what the script says, and what it says is within the goals."""

import json

import pytest

from tests.bench.peers.peer import AFORO
from tests.cost.beside_peers import PLAIN_PLATFORM_LOG_BYTES, SECONDLY, Peer, ours
from tests.cost.measure import MEASURED
from tests.cost.measuring import SIZES
from tests.cost.page import LONGEST_WINDOW, PAGE, least, price_list_of, written
from tests.cost.price_list import (
    AFORO_POST_MS,
    RATES,
    RUNTIME_MS,
    VCPU_MB,
    Cost,
    Measured,
    Rate,
    total,
)
from tests.cost.stack import PLAIN
from tests.template.stack import template
from tests.template.transformed import deployed_stack

MILLION, HUNDRED_MILLION = RATES[0], RATES[2]


def test_the_page_is_what_the_price_list_says() -> None:
    """A changed template, price or measurement changes cost.md: run `make cost`."""
    assert written(PAGE.read_text()) == PAGE.read_text()


def test_an_idle_month_costs_at_most_twelve_dollars() -> None:
    """One access-log source, without the cache and the dashboard, which can both be left out."""
    assert total(price_list_of().idle_month()) <= 12


def test_the_dashboard_is_on_the_page_and_in_the_month() -> None:
    """Its parameter leaves it out: whoever pays for it should see it."""
    assert price_list_of().dashboard_month() == 3
    without = deployed_stack(**{**PLAIN, "Dashboard": "false"}).values()
    assert [one for one in without if one["Type"] == "AWS::CloudWatch::Dashboard"] == []
    assert "| the dashboard (0 for an account's first three) | 3.00 |" in PAGE.read_text()


@pytest.mark.parametrize(
    ("rate", "dollars"), [(MILLION, 4.7), (HUNDRED_MILLION, 0.45)], ids=["1 M", "100 M"]
)
def test_a_million_requests_cost_what_is_promised(rate: Rate, dollars: float) -> None:
    """Beyond API Gateway and the log that it writes."""
    assert total(price_list_of().per_million(rate)) <= dollars


def test_the_first_million_can_be_had_for_under_24_dollars() -> None:
    """With every alarm: each setting that the page names saves something, and is there."""
    months = list(least(price_list_of()).values())
    assert months == sorted(months, reverse=True)
    assert len(set(months)) == len(months)
    assert months[-2] < 24
    assert template()["Parameters"]["ForwarderWindowSeconds"]["MaxValue"] == LONGEST_WINDOW
    without = deployed_stack(**{**PLAIN, "ComposedAlarms": "false"}).values()
    assert [one for one in without if one["Type"] == "AWS::CloudWatch::CompositeAlarm"] == []


def test_more_traffic_makes_a_request_cheaper() -> None:
    """What is packed is shared: no rate is dearer than a smaller one."""
    each = [total(price_list_of().per_million(rate)) for rate in RATES]
    assert each == sorted(each, reverse=True)


def test_every_function_of_the_walk_was_measured() -> None:
    """Each with its calls and its log; a replay is not part of the month."""
    found = json.loads(MEASURED.read_text())
    assert {row[0] for row in found["metering"]} == set(SIZES)
    assert all(row[3] and row[2] for row in (*found["metering"], *found["forwarder"]))
    assert all(row[2] for row in found["reconciliation"])
    assert found["authorizer"][1] > 0


def test_between_two_measured_sizes_costs_lie_between_theirs() -> None:
    """A straight line, and beyond the largest in proportion."""
    rows = [[1, 1.0, 100, {"a": 1.0}, {"a": 10.0}], [3, 2.0, 200, {"a": 2.0}, {"a": 30.0}]]
    measured = Measured({"x": rows})
    assert measured.at("x", 2) == Cost(1.5, 150, {"a": 1.5}, {"a": 20.0})
    assert measured.at("x", 0.5) == Cost(1.0, 100, {"a": 1.0}, {"a": 10.0})
    assert measured.at("x", 6) == Cost(4.0, 200, {"a": 4.0}, {"a": 60.0})


def test_a_peer_costs_its_time_its_waits_its_log_and_its_bytes() -> None:
    """By hand: 100,000 deliveries of 10 lines, each with 2 ms of CPU, two posts and 500 bytes of
    log, in 256 MB.
    """
    measured = Measured({AFORO: [[10, 2.0, 500.0, {"post": 2.0}, {"post": 6_000.0}]]})
    found = Peer(AFORO, 256, measured).per_million(price_list_of(), Rate(10**8, 10))
    seconds = 100_000 * (2.0 * VCPU_MB / 256 + 2 * AFORO_POST_MS + RUNTIME_MS) / 1_000
    assert found == pytest.approx(
        {
            "Lambda": 100_000 * 0.2 / 1e6 + seconds / 4 * 0.0000133334,
            "its log": 100_000 * (500 + PLAIN_PLATFORM_LOG_BYTES) / 1e9 * 0.5,
            "over the internet": 0.6 * 0.09,
        }
    )


def test_of_our_bill_only_what_others_do_too_is_compared() -> None:
    """Never more than the whole, and not the authorizer's part."""
    for rate in SECONDLY.values():
        whole = price_list_of().per_million(rate)
        compared = total(ours(price_list_of(), rate))
        assert compared <= total(whole) - whole["authorizer: Lambda"]
        assert compared >= whole["metering: Lambda"] + whole["forwarder: Lambda"]
