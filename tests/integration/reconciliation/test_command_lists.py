"""Many commands in one message: each is carried out or refused by itself, in real counters."""

import json
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from functions.reconciliation.counters.redis_scripts import connect
from functions.usage.metric import Metric
from functions.usage.quota import Status, identity_key, state_key
from tests.fakes.cutting_proxy import Cut, CuttingProxy
from tests.integration.reconciliation.fire import PATIENCE_SECONDS
from tests.integration.reconciliation.tenant import CUSTOMER, METER, TENANT, Tenant, event, settled
from tests.local.valkey import Valkey

DIGEST = "ab" * 32
CREDENTIAL = {
    "kind": "credential",
    "apiKeySha256": DIGEST,
    "customerId": CUSTOMER,
    "keyId": "key_1",
    "environment": "live",
    "version": 1,
}


def listed(*commands: object) -> dict[str, object]:
    """A message of many commands."""
    return {"kind": "commands", "commands": list(commands)}


def status(version: int, customer: str = CUSTOMER) -> dict[str, object]:
    words = ["active", "suspended", "closed"]
    body = {"kind": "status", "customerId": customer, "status": words[version % 3]}
    return {**body, "version": version}


def everything(tenant: Tenant) -> dict[str, dict[str, str]]:
    """All hashes of the tenant, as they stand."""
    names = sorted(name for name in tenant.keys() if "state" in name or "identity" in name)  # noqa: SIM118
    return {name: dict(tenant.client.hgetall(name)) for name in names}  # type: ignore[arg-type]


def test_all_of_them_are_in_force(tenant: Tenant) -> None:
    """Grants of two meters, a standing and a key: as if each had come alone."""
    commands = [
        tenant.grant_body(10),
        tenant.grant_body(20, meter="data"),
        status(1),
        CREDENTIAL,
        {"kind": "revocation", "jti": "one", "untilMs": tenant.now_ms + 60_000},
        {"kind": "revocation", "jti": "past", "untilMs": tenant.now_ms - 1},
        {"kind": "usage_plan", "customerId": CUSTOMER, "usageIdentifier": "plan", "version": 1},
        {"kind": "guard", "customerId": CUSTOMER, "level": "L1_ALERT", "version": 1},
    ]
    assert tenant.take(listed(*commands)) == []
    at_once = everything(tenant)
    assert tenant.client.exists("jti:blocked:one")
    tenant.client.flushall()
    assert tenant.take(*commands) == []
    assert at_once == everything(tenant)
    assert tenant.counted(Metric.COMMANDS_APPLIED, "grant") == 4
    assert tenant.counted(Metric.COMMANDS_APPLIED, "superseded") == 2


@pytest.mark.parametrize(
    "bad",
    [
        {**CREDENTIAL, "tenantId": "another", "apiKeySha256": "cd" * 32},
        {"kind": "grant", "customerId": CUSTOMER, "limit": -1},
        {"kind": "open", "version": 1},
        {"kind": "launch"},
        None,
        [],
    ],
)
def test_a_bad_one_is_kept_and_harms_no_other(tenant: Tenant, bad: object) -> None:
    """The message comes back for a person to find; what stands before and behind is in force."""
    failed = tenant.take(listed(status(1), bad, CREDENTIAL), status(2, "cust_2"))
    assert failed == ["0"]
    assert tenant.state().status is Status.SUSPENDED
    assert tenant.client.exists(identity_key(TENANT, DIGEST))
    assert tenant.state("cust_2").status is Status.CLOSED
    assert tenant.counted(Metric.COMMANDS_REFUSED) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "commands"},
        {"kind": "commands", "commands": []},
        {"kind": "commands", "commands": {}},
        {"kind": "commands", "commands": [status(1)] * 2001},
    ],
)
def test_a_list_that_is_none_is_refused(tenant: Tenant, body: object) -> None:
    """As a whole, and kept."""
    assert tenant.take(body) == ["0"]
    assert tenant.counted(Metric.COMMANDS_REFUSED) == 1


def test_usage_of_the_same_batch_is_counted_first(tenant: Tenant) -> None:
    """A list does not hold up usage, even where the counters go away in the middle of it."""
    tenant.grant()
    seen: list[int] = []
    made = tenant.commands.carry_out_all

    def watched(commands: object) -> object:
        seen.append(tenant.used())
        return made(commands)  # type: ignore[arg-type]

    tenant.commands.carry_out_all = watched  # type: ignore[assignment,method-assign]
    bodies = [listed(status(1)), settled([event("a"), event("b")])]
    assert tenant.take_bodies(json.dumps(body) for body in bodies) == []
    assert seen == [2]


COMMANDS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 6)), min_size=1, max_size=12, unique=True
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(commands=COMMANDS, data=st.data())
def test_no_grouping_and_no_order_matters(
    client: Redis, commands: list[tuple[str, int]], data: st.DataObject
) -> None:
    """However they are spread over lists and single messages, delivered twice or not, the greatest
    version of each thing stands.
    """
    client.flushall()
    tenant = Tenant(client)
    bodies = [status(version, customer) for customer, version in commands]
    shuffled = data.draw(st.permutations(bodies + bodies[: data.draw(st.integers(0, 3))]))
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        group, shuffled = shuffled[:size], shuffled[size:]
        is_listed = data.draw(st.booleans())
        assert tenant.take(*([listed(*group)] if is_listed else group)) == []
    for customer in {who for who, _ in commands}:
        newest = max(version for who, version in commands if who == customer)
        found = client.hget(state_key(TENANT, customer), "status_version")
        assert found == str(newest)


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 5, 9])
def test_a_lost_connection_loses_nothing(
    tenant: Tenant,
    valkey: Valkey,
    at: int,
    is_after: bool,  # noqa: FBT001 - a parameter
) -> None:
    """A list of which only a part was carried out comes back, and is carried out again."""
    bodies = [listed(*(tenant.grant_body(customerId=f"c{i}") for i in range(60)))]
    with (
        closing(CuttingProxy(valkey.port)) as proxy,
        connect(proxy.url, socket_seconds=PATIENCE_SECONDS) as connected,
    ):
        proxy.arm(Cut(at, is_after))
        cut = Tenant(connected)
        failed = cut.take(*bodies)
        proxy.arm(None)
        if failed:
            assert cut.take(*bodies) == []
    assert all(tenant.fields(f"c{i}")[f"{METER}:limit"] == "1000" for i in range(60))
