"""A Redis that holds less than it did is noticed by the process that saw more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.counters.rollback import STEPS_KEPT
from functions.usage.metric import Metric
from functions.usage.quota import tenant_key
from tests.integration.reconciliation.fire import PATIENCE_SECONDS, DurableValkey
from tests.integration.reconciliation.tenant import START_MS, TENANT, Tenant, event
from tests.integration.reconciliation.test_steps import due

GENERATION, STEPS = (tenant_key(TENANT, name) for name in ("generation", "sequence-steps"))
MINUTE_MS = 60_000


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[DurableValkey]:
    """A server of the test's own: it is restored to a copy."""
    server = DurableValkey(tmp_path)
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("minutes", "generation", "reason"),
    # An idle stack looks once a minute: a failover that loses one look has lost a second or so.
    [(30, None, "withdrawn"), (0.5, "1", "seconds"), (1.1, "1", "seconds")],
)
def test_an_old_snapshot_is_not_believed(
    valkey: DurableValkey, minutes: float, generation: str | None, reason: str
) -> None:
    """One of half an hour ago takes the sentinel with it; lost seconds are counted."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        tenant = Tenant(client)
        tenant.grant()
        tenant.take({"kind": "open", "version": 1})
        valkey.copy()
        tenant.now_ms += int(minutes * 60_000)
        tenant.settle(event("a"))
        assert tenant.counted(Metric.COUNTERS_WENT_BACK, reason) == 0
        valkey.restore()
        tenant.settle(event("a"))
        assert client.get(GENERATION) == generation
        assert tenant.counted(Metric.COUNTERS_WENT_BACK, reason) == 1
        tenant.settle(event("b"))
        assert tenant.counted(Metric.COUNTERS_WENT_BACK, reason) == 1


def test_a_rebuild_in_the_same_batch_opens_after_the_withdrawal(valkey: DurableValkey) -> None:
    """And nobody withdraws it again, not even a process that saw the sequence before."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        tenant, other = Tenant(client), Tenant(client)
        tenant.take({"kind": "open", "version": 1})
        other.take()
        valkey.copy()
        tenant.now_ms += 3_600_000
        tenant.take()
        valkey.restore()
        assert tenant.take({"kind": "open", "version": tenant.now_ms}) == []
        other.take()
        assert client.get(GENERATION) == str(tenant.now_ms)


@pytest.mark.parametrize("is_new", [True, False])
def test_who_saw_less_does_not_hide_what_others_saw(valkey: DurableValkey, is_new: bool) -> None:  # noqa: FBT001 - pytest
    """A process that was just begun, or had nothing to do, looks first after a restore."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        idle, busy = Tenant(client), Tenant(client)
        idle.take({"kind": "open", "version": 1})
        for minutes in (5, 10, 60):
            busy.now_ms = START_MS + minutes * 60_000
            busy.take()
            if minutes == 10:
                valkey.copy()
        valkey.restore()
        first = Tenant(client) if is_new else idle
        first.now_ms = busy.now_ms
        first.take()
        assert client.get(GENERATION) == "1"
        busy.take()
        assert client.get(GENERATION) is None
        assert busy.counted(Metric.COUNTERS_WENT_BACK, "withdrawn") == 1


def test_looking_again_does_not_hide_it_either(valkey: DurableValkey) -> None:
    """A new process looks each minute while the one that saw more is not called for an hour. (Seed
    521 of the simulation: its second look moved the sequence on, and nobody learned of the loss.)
    """
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        busy, newcomer = Tenant(client), Tenant(client)
        busy.take({"kind": "open", "version": 1})
        valkey.copy()
        busy.now_ms += 40 * MINUTE_MS
        busy.take()
        valkey.restore()
        newcomer.now_ms = busy.now_ms
        for _ in range(60):
            newcomer.now_ms += MINUTE_MS
            newcomer.take()
        busy.now_ms = newcomer.now_ms
        busy.take()
        assert client.get(GENERATION) is None
        assert busy.counted(Metric.COUNTERS_WENT_BACK, "withdrawn") == 1


def test_an_idle_process_does_not_hide_that_others_went_on(valkey: DurableValkey) -> None:
    """The copy may hold the very sequence that it saw last."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        idle, busy = Tenant(client), Tenant(client)
        idle.take({"kind": "open", "version": 1})
        valkey.copy()
        for _ in range(3):
            busy.now_ms += 20 * MINUTE_MS
            busy.take()
        valkey.restore()
        idle.now_ms = busy.now_ms + 1
        idle.take()
        busy.take()
        assert client.get(GENERATION) is None


def test_a_long_silence_is_no_loss(valkey: DurableValkey) -> None:
    """Everybody saw what the sequence was before it, and nobody what lies between."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        early, late, newcomer = (Tenant(client) for _ in range(3))
        early.take({"kind": "open", "version": 1})
        late.now_ms += MINUTE_MS
        late.take()
        for _ in range(2 * STEPS_KEPT):
            for looking in (newcomer, late, early):
                looking.now_ms = max(one.now_ms for one in (early, late, newcomer)) + 5 * MINUTE_MS
                looking.take()
        assert client.get(GENERATION) == "1"
        assert client.zcard(STEPS) == STEPS_KEPT


def test_counters_that_were_rebuilt_meanwhile_stay_open(valkey: DurableValkey) -> None:
    """Whoever looks after the rebuild saw more than the copy had, but not more than the rebuild."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        busy, other = Tenant(client), Tenant(client)
        busy.take({"kind": "open", "version": 1})
        valkey.copy()
        for minutes in (30, 60):
            busy.now_ms = START_MS + minutes * 60_000
            busy.take()
        valkey.restore()
        other.now_ms = busy.now_ms + 60_000
        other.take({"kind": "open", "version": other.now_ms})
        busy.take()
        assert client.get(GENERATION) == str(other.now_ms)


def test_each_minutes_reconcile_looks_too(valkey: DurableValkey) -> None:
    """Also where no usage comes: an old copy is not believed for longer than a minute."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        tenant = Tenant(client)
        tenant.take({"kind": "open", "version": 1})
        valkey.copy()
        for _ in range(10):
            due(tenant)
        valkey.restore()
        due(tenant)
        assert client.get(GENERATION) is None


def test_a_new_process_knows_no_past(valkey: DurableValkey) -> None:
    """What remains: whoever restores while nobody looks has to rebuild."""
    with connect(valkey.server.url, socket_seconds=PATIENCE_SECONDS) as client:
        Tenant(client).take({"kind": "open", "version": 1})
        valkey.copy()
        valkey.restore()
        newcomer = Tenant(client)
        newcomer.now_ms += 3_600_000
        newcomer.take()
        assert client.get(GENERATION) == "1"
