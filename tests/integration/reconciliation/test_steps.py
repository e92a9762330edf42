"""The steps of a reconcile inside the VPC, on real counters: who is due, and what is applied."""

from pathlib import Path
from typing import cast

import pytest
from pydantic import ValidationError

from functions.reconciliation.applying import Applying
from functions.reconciliation.counters.customer_index import CustomerIndex
from functions.reconciliation.counters.redis_scripts import connect
from functions.reconciliation.counters.statements import Watermark
from functions.reconciliation.due import HEAD_START_MS, Due
from functions.reconciliation.steps import UNREACHABLE, Steps
from functions.usage.metric import Metric
from functions.usage.moment import DAY_MS, epoch_ms_from_iso
from functions.usage.quota import GuardLevel, state_key, tenant_key, watermark_key
from tests.integration.reconciliation.tenant import (
    CUSTOMER,
    METER,
    START_MS,
    TENANT,
    Tenant,
    event,
)
from tests.local.valkey import start_valkey

MINUTE_MS = 60_000
GROUP = "/one"


def steps(tenant: Tenant) -> Steps:
    client, clock, telemetry = tenant.client, lambda: tenant.now_ms, tenant.telemetry
    return Steps(
        Due(
            client,
            TENANT,
            CustomerIndex(client, TENANT),
            Watermark(client, TENANT),
            telemetry,
            clock,
        ),
        Applying(client, TENANT, tenant.commands, telemetry),
        tenant.rollback,
        telemetry,
    )


def listed(*groups: str) -> dict[str, object]:
    """As metering answers, a source called like its group."""
    sources = [{"name": group.strip("/"), "logGroup": group} for group in groups]
    return {"sources": sources, "areSourcesKnown": True}


def due(tenant: Tenant, most: int = 10, groups: tuple[str, ...] = (GROUP,)) -> list[str]:
    """Who is due a minute later."""
    tenant.now_ms += MINUTE_MS
    asked = {"meter": METER, "most": most, **listed(*groups)}
    found = steps(tenant).take({"due": asked})
    assert found["outcome"] == "found"
    return cast("list[str]", found["customers"])


def grant(tenant: Tenant, *customers: str, limit: int = 1000) -> None:
    for customer in customers:
        assert tenant.grant(limit, customerId=customer) == []


def answer(customer: str = CUSTOMER, **fields: object) -> dict[str, object]:
    return {"customerId": customer, "askedAtMs": START_MS + MINUTE_MS, **fields}


def apply(tenant: Tenant, *customers: dict[str, object], **fields: object) -> object:
    tenant.now_ms = START_MS + 2 * MINUTE_MS
    found = steps(tenant).take({"apply": {"meter": METER, "customers": customers, **fields}})
    assert found["outcome"] == "applied"
    return found["changed"]


def test_everybodys_turn_comes(tenant: Tenant) -> None:
    """The longest unasked first, so many at a time, round and round."""
    grant(tenant, *(f"c{i}" for i in range(7)))
    turns = [due(tenant, most=3) for _ in range(7)]
    assert sorted(turns[0] + turns[1] + turns[2][:1]) == [f"c{i}" for i in range(7)]
    asked = [who for turn in turns for who in turn]
    assert min(asked.count(f"c{i}") for i in range(7)) >= 2


def test_a_fetch_that_stops_half_way_leaves_out_others_each_time(tenant: Tenant) -> None:
    """A slow Aforo, or one that limits us, answers for the first few of those who are due."""
    customers = {f"c{i}" for i in range(8)}
    grant(tenant, *customers)
    asked = {who for _ in range(200) for who in due(tenant, most=8)[:2]}
    assert asked == customers


def test_a_state_that_cannot_be_read_keeps_nobody_else_waiting(tenant: Tenant) -> None:
    """It is counted, and its turn comes again; the others are asked about."""
    grant(tenant, "a", "b", "odd")
    tenant.client.hset(state_key(TENANT, "odd"), f"{METER}:limit", "many")
    assert [set(due(tenant)) for _ in range(2)] == [{"a", "b"}] * 2
    assert tenant.counted(Metric.RECONCILE_TROUBLE, "malformed_state") == 2


def test_one_that_waits_for_a_top_up_is_asked_about_each_minute(tenant: Tenant) -> None:
    """However many others there are."""
    grant(tenant, *(f"c{i}" for i in range(20)))
    grant(tenant, "small", limit=5)
    tenant.settle(*(event(str(i), customer="small") for i in range(4)))
    while "small" not in due(tenant, most=2):
        assert tenant.now_ms < START_MS + 60 * MINUTE_MS
    assert all("small" in due(tenant, most=2) for _ in range(5))


def test_many_that_press_do_not_keep_the_others_waiting_for_ever(tenant: Tenant) -> None:
    """An hour later than those, the others are first."""
    grant(tenant, *(f"small{i}" for i in range(8)), limit=1)
    tenant.settle(*(event(str(i), customer=f"small{i}") for i in range(8)))
    grant(tenant, "large")
    turns = [due(tenant, most=2) for _ in range(3 * HEAD_START_MS // MINUTE_MS)]
    assert sum("large" in turn for turn in turns) >= 2


def test_news_of_a_customer_puts_it_first(tenant: Tenant) -> None:
    """A grant or a standing, however lately it was asked about."""
    grant(tenant, "a", "b", "c")
    due(tenant)
    grant(tenant, "c")
    assert due(tenant, most=1) == ["c"]
    tenant.take({"kind": "status", "customerId": "b", "status": "suspended", "version": 1})
    assert due(tenant, most=1) == ["b"]


def test_the_closed_and_the_ungranted_are_passed_over(tenant: Tenant) -> None:
    """And cost no place for a day; resumed, they are first."""
    grant(tenant, "a", "gone")
    tenant.take(
        {"kind": "status", "customerId": "gone", "status": "closed", "version": 1},
        {"kind": "status", "customerId": "nobody", "status": "active", "version": 1},
        tenant.grant_body(5, customerId="elsewhere", meter="data_transfer"),
    )
    assert due(tenant) == ["a"]
    assert [due(tenant, most=1) for _ in range(3)] == [["a"]] * 3
    tenant.take({"kind": "status", "customerId": "gone", "status": "active", "version": 2})
    assert due(tenant, most=1) == ["gone"]
    tenant.now_ms += DAY_MS
    assert due(tenant, most=10) == ["a", "gone"]


def test_nobody_may_be_asked_about(tenant: Tenant) -> None:
    """Where the operator alone says what limits are."""
    grant(tenant, "a", "b")
    assert due(tenant, most=0) == []


def test_the_age_of_the_heartbeats_is_told_each_minute(tenant: Tenant) -> None:
    """Of the group furthest behind; a new one begins with what a log delivery usually takes."""
    due(tenant)
    assert tenant.level(Metric.HEARTBEAT_AGE) == 180
    tenant.take({"version": 1, "heartbeatAtMs": tenant.now_ms - 5000, "logGroup": GROUP})
    due(tenant)
    assert tenant.level(Metric.HEARTBEAT_AGE) == 65
    due(tenant, groups=(GROUP, "/two"))
    assert tenant.level(Metric.HEARTBEAT_AGE) == 180
    due(tenant, groups=(GROUP, "/two"))
    assert tenant.level(Metric.HEARTBEAT_AGE) == 240
    due(tenant)
    assert tenant.level(Metric.HEARTBEAT_AGE) == 245
    assert tenant.client.hkeys(watermark_key(TENANT)) == [GROUP]


def test_the_age_is_told_for_each_source(tenant: Tenant) -> None:
    """By its name, and the worst of them in all."""
    tenant.take({"version": 1, "heartbeatAtMs": tenant.now_ms - 5000, "logGroup": GROUP})
    due(tenant, groups=(GROUP, "/two"))
    assert tenant.telemetry._source_levels == {
        "one": {Metric.HEARTBEAT_AGE: 65},
        "two": {Metric.HEARTBEAT_AGE: 180},
    }
    assert tenant.level(Metric.HEARTBEAT_AGE) == 180


def test_without_a_source_nothing_is_late(tenant: Tenant) -> None:
    """No figure would mean that nobody can tell, and ring."""
    due(tenant, groups=())
    assert tenant.level(Metric.HEARTBEAT_AGE) == 0


def test_sources_that_nobody_can_name_forget_nothing(tenant: Tenant) -> None:
    """Metering has nothing to meter by: what was heard stands and grows old, customers are asked
    about all the same.
    """
    grant(tenant, CUSTOMER)
    due(tenant)
    before = tenant.client.hgetall(watermark_key(TENANT))
    tenant.now_ms += MINUTE_MS
    asked = {"meter": METER, "most": 10, "sources": [], "areSourcesKnown": False}
    assert steps(tenant).take({"due": asked}) == {"outcome": "found", "customers": [CUSTOMER]}
    assert tenant.client.hgetall(watermark_key(TENANT)) == before != {}
    assert tenant.counted(Metric.RECONCILE_TROUBLE, "sources_unknown") == 1


def test_what_aforo_says_is_applied(tenant: Tenant) -> None:
    """Limit, margin guard and keys; again, it changes nothing."""
    tenant.take(tenant.grant_body(60, version=START_MS))
    guard = {"level": "L2_THROTTLE", "allowPercent": 30, "retrySeconds": 60}
    quota = {"limit": 200, "currentUsage": 0}
    keys = [{"kty": "RSA", "kid": kid, "n": "A" * 342, "e": "AQAB"} for kid in ("old", "new")]
    said = answer(quota=quota, guard=guard)
    jwks = {"askedAtMs": START_MS, "keys": keys}
    assert apply(tenant, said, keys=jwks) == {"jwks": 1, "limit": 1, "guard": 1}
    assert apply(tenant, said, keys=jwks) == {"jwks": 0, "limit": 0, "guard": 0}
    assert tenant.allowance().limit == 200
    assert tenant.state().guard_level is GuardLevel.THROTTLE
    assert tenant.state().guard_allow_percent == 30
    stored = str(tenant.client.get(tenant_key(TENANT, "jwks")))
    assert '"kid":"old"' in stored
    assert '"kid":"new"' in stored


def test_what_was_not_answered_keeps_its_state(tenant: Tenant) -> None:
    """No limit at Aforo is no limit of nought, and no keys are no empty set."""
    tenant.grant(60)
    apply(
        tenant,
        keys={"askedAtMs": 1, "keys": [{"kty": "RSA", "kid": "k", "n": "A" * 342, "e": "AQAB"}]},
    )
    assert apply(tenant, answer(), answer(quota={"currentUsage": 0})) == {}
    assert tenant.allowance().limit == 60
    assert tenant.client.exists(tenant_key(TENANT, "jwks"))
    with pytest.raises(ValidationError):
        apply(tenant, keys={"askedAtMs": 2, "keys": []})


@pytest.mark.parametrize(
    ("usage", "reason"),
    [(10_000, "aforo_has_more"), (2_500, ""), (0, "")],
)
def test_drift_is_measured_and_changes_nothing(tenant: Tenant, usage: int, reason: str) -> None:
    """Burst 20 and rate 10 may have 20 + 10 * (180 + 60) on their way."""
    tenant.grant(100_000)
    tenant.settle(*(event(str(i)) for i in range(90)))
    before = tenant.fields()
    apply(
        tenant, answer(quota={"currentUsage": usage}), answer("nobody", quota={"currentUsage": 9})
    )
    assert tenant.level(Metric.DRIFT) == abs(usage - 90)
    assert tenant.counted(Metric.CUSTOMER_DRIFTS, reason) == (1 if reason else 0)
    assert tenant.fields() == before


def test_a_counter_that_knows_more_than_aforo_is_told(tenant: Tenant) -> None:
    """As when usage was set aside and not replayed."""
    tenant.grant(100_000, ratePerSecond=0, burst=0)
    tenant.settle(*(event(str(i)) for i in range(90)))
    apply(tenant, answer(quota={"currentUsage": 5}))
    assert tenant.counted(Metric.CUSTOMER_DRIFTS, "counter_has_more") == 1


def test_a_month_of_another_day_is_not_compared(tenant: Tenant) -> None:
    """Aforo's figure is of a calendar month, as far as anybody knows."""
    tenant.grant(100_000, anchorDay=15, ratePerSecond=0, burst=0)
    apply(tenant, answer(quota={"currentUsage": 500}))
    assert tenant.level(Metric.DRIFT) == 0


def test_a_month_that_ended_between_question_and_answer_is_no_drift(tenant: Tenant) -> None:
    """What Aforo said was of the old month, whether or not the counter has begun the new one."""
    tenant.grant(100_000, ratePerSecond=0, burst=0)
    tenant.settle(*(event(str(i)) for i in range(90)))
    asked_ms = epoch_ms_from_iso("2026-11-30T23:59:50Z")
    quota = {"limit": 100_000, "currentUsage": 90}
    one = {"customerId": CUSTOMER, "askedAtMs": asked_ms, "quota": quota}
    tenant.now_ms = asked_ms + 20_000
    for _ in range(2):
        steps(tenant).take({"apply": {"meter": METER, "customers": [one]}})
        assert tenant.level(Metric.DRIFT) == 0
        tenant.settle(event("new", tenant.now_ms))
    assert tenant.used() == 1


def test_counters_that_do_not_answer_are_an_outcome(tenant: Tenant, tmp_path: Path) -> None:
    """Counted, for both steps; nothing is raised."""
    with start_valkey(tmp_path) as server, connect(server.url) as client:
        gone = Tenant(client)
    asked = {"meter": METER, "most": 1, **listed(GROUP)}
    said = {"meter": METER, "customers": [answer(quota={"limit": 1, "currentUsage": 0})]}
    assert steps(gone).take({"due": asked}) == {"outcome": UNREACHABLE}
    assert steps(gone).take({"apply": said}) == {"outcome": UNREACHABLE}
    assert gone.counted(Metric.RECONCILE_TROUBLE, UNREACHABLE) == 2


@pytest.mark.parametrize("payload", [{"due": {}}, {"apply": {"meter": METER, "more": 1}}])
def test_a_payload_that_does_not_fit_is_a_bug(tenant: Tenant, payload: dict[str, object]) -> None:
    """The machine and its functions are deployed together: it is raised, and the machine fails."""
    with pytest.raises(ValidationError):
        steps(tenant).take(payload)
