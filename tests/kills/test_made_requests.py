"""What the kill tests put into the log, and what they expect of it."""

import json
from itertools import islice

from functions.usage.event import RequestIdentity
from tests.kills.kill_plan import Victim, kill_plan
from tests.kills.made_requests import Api, MadeDelivery, made_deliveries

API = Api("123456789012", "eu-west-1", "a1b2c3d4e5", "demo", "tenant_demo")
PAYERS = ["cus_0", "cus_1", "cus_2"]
MOST = 300
NOW_MS = 1_795_000_000_000


def made(seed: int, deliveries: int = 200) -> list[MadeDelivery]:
    return list(islice(made_deliveries(seed, API, PAYERS, MOST, lambda: NOW_MS), deliveries))


def test_the_same_seed_makes_the_same_requests() -> None:
    """And another seed others."""
    assert made(7) == made(7)
    assert made(7) != made(8)


def test_a_key_is_what_the_product_makes_of_the_line() -> None:
    """Two hands, one rule."""
    for request in made(1, deliveries=5)[0].requests:
        said = json.loads(request.line)
        identity = RequestIdentity(*API[:4], said["extendedRequestId"])
        assert request.key == identity.event_key("api_calls")
        assert request.payer in (None, said["customerId"])


def test_deliveries_are_of_one_line_and_of_hundreds() -> None:
    """Small and large ones, some repeated, some lines not billable, no key twice."""
    deliveries = made(1)
    sizes = [len(delivery.requests) for delivery in deliveries]
    keys = [request.key for delivery in deliveries for request in delivery.requests]
    assert min(sizes) == 1
    assert MOST // 3 < max(sizes) <= MOST
    assert 0 < sum(delivery.is_repeated for delivery in deliveries) < len(deliveries) / 4
    assert 0.9 < sum(delivery.billable for delivery in deliveries) / len(keys) < 1
    assert len(set(keys)) == len(keys)


def test_a_plan_has_as_many_kills_as_asked_and_every_victim() -> None:
    """Of a dozen, too, and the same for the same seed."""
    for kills in (12, 14, 100, 200):
        plan = kill_plan(3, kills)
        assert len(plan) == kills
        assert set(plan) == set(Victim)
        assert plan == kill_plan(3, kills) != kill_plan(4, kills)
