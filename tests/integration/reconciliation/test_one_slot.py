"""On a cluster: every script touches the keys of one slot only."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.crc import key_slot

from functions.reconciliation.counters.redis_scripts import connect
from functions.usage.mark import HourOfMeter, closed_key, hours_key
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS, HOUR_MS
from functions.usage.quota import state_key
from tests.integration.reconciliation.tenant import METER, START_MS, Tenant, event, settled
from tests.local.free_port import free_port
from tests.local.valkey import start_valkey
from tests.local.waiting import until

CLUSTER = ["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"]
READY_SECONDS = 20
TENANT_ID = r"[A-Za-z0-9_.-]+"  # as the template takes it


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A cluster of one node: it refuses commands and scripts whose keys lie in several slots."""
    directory = tmp_path_factory.mktemp("cluster")
    # Its bus would listen on port + 10000, which may not exist.
    options = [*CLUSTER, "--cluster-port", str(free_port())]
    with start_valkey(directory, options=options) as server, connect(server.url) as client:
        client.cluster("ADDSLOTSRANGE", 0, 16383)
        until(lambda: client.cluster("INFO")["cluster_state"] == "ok", READY_SECONDS)
        yield client


def test_a_cluster_takes_every_script(cluster: Redis) -> None:
    """Settling over many hours and cells, grants, rollovers and every command."""
    tenant = Tenant(cluster)
    tenant.grant(5000, period="day")
    events = [event(str(i), START_MS - i * 1000) for i in range(1500)]
    assert tenant.take(*(settled(events[i : i + 400]) for i in range(0, 1500, 400))) == []
    assert tenant.used() == 1500
    tenant.now_ms += DAY_MS
    assert tenant.settle(event("tomorrow", tenant.now_ms)) == []
    assert tenant.used() == 1
    key = {"kty": "RSA", "kid": "k", "n": "A" * 342, "e": "AQAB"}
    assert not tenant.take(
        {"kind": "open", "version": 1},
        {"kind": "jwks", "keys": [key], "version": 1},
        {"kind": "status", "customerId": "cust_1", "status": "closed", "version": 1},
        {"kind": "guard", "customerId": "cust_1", "level": "NONE", "version": 1},
        {"kind": "revocation", "jti": "t", "untilMs": tenant.now_ms + 1000},
    )
    closing = {"customerId": "cust_1", "meter": METER, "sums": [[START_MS // HOUR_MS, 2000]]}
    close = {"kind": "close", "version": 1, "closings": [closing]}
    assert tenant.take({"kind": "rebuild", "version": 1, "part": 0, "commands": [close]}) == []
    assert tenant.counted(Metric.HOURS_CLOSED) == 1


@given(st.from_regex(TENANT_ID, fullmatch=True), st.text(min_size=1), st.integers(0, 239))
def test_all_keys_of_a_customer_share_a_slot(tenant: str, customer: str, cell: int) -> None:
    """Whatever stands in a customer's id, braces included."""
    hour = HourOfMeter(tenant, customer, "api_calls", 1)
    keys = [
        state_key(tenant, customer),
        hours_key(tenant, customer, "api_calls"),
        closed_key(tenant, customer, "api_calls"),
        hour.first_set(),
        hour.cell_set(cell),
    ]
    assert len({key_slot(key.encode("utf-8", "surrogatepass")) for key in keys}) == 1
