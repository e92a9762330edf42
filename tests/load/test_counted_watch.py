"""The watch sees a request as counted when the product's own counters have it, and not before."""

import time
from datetime import timedelta
from pathlib import Path

from redis import Redis

from functions.reconciliation.counters.usage_counters import Counters
from functions.reconciliation.settling import sort_settled
from functions.usage.message import SettledUsage
from functions.usage.moment import iso_from_epoch_ms
from tests.load.counted_watch import CountedWatch
from tests.load.served_requests import Billable, ServedRequests
from tests.local.customers import METER
from tests.local.valkey import start_valkey

TENANT, HORIZON = "tenant_1", timedelta(days=35)
# More than the first set of an hour takes: the others stand in sets of a quarter of a minute.
REQUESTS = 700


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def usage_of(one: Billable) -> SettledUsage:
    return {
        "key": one.key,
        "customerId": one.payer,
        "meter": METER,
        "quantity": 1,
        "occurredAt": iso_from_epoch_ms(one.at_ms),
    }


def test_what_is_counted_is_seen_with_a_time_that_is_not_too_early(tmp_path: Path) -> None:
    """Two customers, of whom one is counted first; what is not counted keeps waiting."""
    made = [Billable(f"key-{n}", f"cus_{n % 2}", now_ms() - n * 50) for n in range(REQUESTS * 2)]
    requests = ServedRequests()
    requests.add(len(made), made)
    with start_valkey(tmp_path) as valkey:
        watch = CountedWatch(Redis.from_url(valkey.url), TENANT, requests)
        counters = Counters(Redis.from_url(valkey.url), TENANT, HORIZON, now_ms)
        watch.look()
        assert (watch.counted, watch.waiting) == ({}, len(made))
        for counted_so_far, payer in ((REQUESTS, "cus_0"), (REQUESTS * 2, "cus_1")):
            rows = [usage_of(one) for one in made if one.payer == payer]
            batches = sort_settled([("m", rows)], now_ms(), HORIZON).batches
            counters.settle([batch.settlement for batch in batches])
            done_ms = now_ms()
            watch.look()
            assert len(watch.counted) == counted_so_far
            assert watch.waiting == len(made) - counted_so_far
            assert all(watch.counted[row["key"]] >= done_ms for row in rows)
