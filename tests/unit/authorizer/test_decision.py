"""The decision table (docs/explanation/quota.md)."""

from copy import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.decision import (
    Allow,
    DecisionRules,
    Deny,
    DenyCode,
    allow_at,
    decide,
    decide_unknown,
)
from functions.usage.quota import HEADROOM_CAP, Allowance, GuardLevel, QuotaState, Status

NOW = 1_796_000_000_000
HOUR = 3_600_000
RULES = DecisionRules(ttl_seconds=0, allow_without_grant=False, allow_when_unknown=False)
STATE = QuotaState(
    status=Status.ACTIVE,
    current=Allowance(limit=1000, used=0, start_ms=NOW - HOUR, end_ms=NOW + HOUR),
    upcoming=Allowance(limit=50, used=0, start_ms=NOW + HOUR, end_ms=NOW + 2 * HOUR),
    rate_per_second=0,
    burst=0,
    guard_level=GuardLevel.NONE,
    guard_allow_percent=0,
    guard_retry_seconds=0,
    lag_seconds=0,
    allow_when_unknown=None,
)


def used(count: int) -> Allowance:
    return Allowance(limit=1000, used=count, start_ms=NOW - HOUR, end_ms=NOW + HOUR)


@pytest.mark.parametrize(
    ("state", "now_ms", "expected"),
    [
        (STATE, NOW, Allow(1000, 1000)),
        (replace(STATE, current=used(999)), NOW, Allow(1, 1000)),
        (replace(STATE, current=used(1000)), NOW, Deny(DenyCode.QUOTA_EXCEEDED, 3600)),
        (replace(STATE, current=used(2000)), NOW, Deny(DenyCode.QUOTA_EXCEEDED, 3600)),
        (replace(STATE, current=used(1000)), NOW + HOUR - 1, Deny(DenyCode.QUOTA_EXCEEDED, 1)),
        (replace(STATE, current=used(1000)), NOW + HOUR, Allow(50, 50)),
        (replace(STATE, current=None), NOW + HOUR, Allow(50, 50)),
        (replace(STATE, current=None), NOW, Deny(DenyCode.NO_GRANT, 3600)),
        (replace(STATE, upcoming=None), NOW + HOUR, Deny(DenyCode.NO_GRANT, 3600)),
        (replace(STATE, status=Status.SUSPENDED), NOW, Deny(DenyCode.CUSTOMER_SUSPENDED, 3600)),
        (replace(STATE, status=Status.CLOSED), NOW, Deny(DenyCode.CUSTOMER_CLOSED, 3600)),
        (replace(STATE, guard_level=GuardLevel.ALERT), NOW, Allow(1000, 1000)),
        (
            replace(STATE, guard_level=GuardLevel.BLOCK),
            NOW,
            Deny(DenyCode.SERVICE_RESTRICTED_MARGIN, 1800),
        ),
        (
            replace(STATE, guard_level=GuardLevel.BLOCK, guard_retry_seconds=7),
            NOW,
            Deny(DenyCode.SERVICE_RESTRICTED_MARGIN, 7),
        ),
        (
            replace(STATE, guard_level=GuardLevel.BLOCK, current=used(1000)),
            NOW,
            Deny(DenyCode.SERVICE_RESTRICTED_MARGIN, 1800),
        ),
    ],
)
def test_decision_table(state: QuotaState, now_ms: int, expected: Allow | Deny) -> None:
    """Standing, then margin guard, then grant, then quota."""
    assert decide(state, now_ms, RULES, draw=0) == expected


@pytest.mark.parametrize(
    ("allow_percent", "draw", "is_allowed"),
    [(0, 0.0, False), (50, 49.9, True), (50, 50.0, False), (100, 99.9, True)],
)
def test_throttle_lets_a_share_pass(allow_percent: int, draw: float, is_allowed: bool) -> None:  # noqa: FBT001
    """L2 passes `allow_percent` of the requests; 0 is 0 and not Aforo's 50."""
    state = replace(STATE, guard_level=GuardLevel.THROTTLE, guard_allow_percent=allow_percent)
    decision = decide(state, NOW, RULES, draw=draw)
    expected = Allow(1000, 1000) if is_allowed else Deny(DenyCode.RATE_LIMITED_MARGIN, 60)
    assert decision == expected


def test_a_deployment_may_allow_customers_without_grant() -> None:
    """NO_GRANT_POLICY=allow lets pass, without numbers that nobody knows."""
    rules = replace(RULES, allow_without_grant=True)
    assert decide(replace(STATE, current=None), NOW, rules, draw=0) == Allow(None, None)


def test_what_is_in_flight_is_held_back() -> None:
    """A call is allowed only while more remains than may be on its way: burst + rate * lag."""
    state = replace(STATE, rate_per_second=10, burst=5, lag_seconds=2)
    assert isinstance(decide(replace(state, current=used(974)), NOW, RULES, draw=0), Allow)
    assert isinstance(decide(replace(state, current=used(975)), NOW, RULES, draw=0), Deny)


def test_how_long_an_answer_is_cached_is_held_back_too() -> None:
    """For so long API Gateway serves by it, and nobody counts: burst + rate * (ttl + lag)."""
    state = replace(STATE, rate_per_second=10, burst=5, lag_seconds=1)
    rules = replace(RULES, ttl_seconds=2)
    assert isinstance(decide(replace(state, current=used(964)), NOW, rules, draw=0), Allow)
    assert isinstance(decide(replace(state, current=used(965)), NOW, rules, draw=0), Deny)


@given(
    limit=st.integers(0, 10**9),
    used_=st.integers(0, 2 * 10**9),
    rate=st.floats(0, 1e4),
    burst=st.integers(0, 10**5),
    lag=st.floats(0, 1e5),
    age=st.floats(0, 30),
)
def test_nothing_is_allowed_at_the_quota(
    *, limit: int, used_: int, rate: float, burst: int, lag: float, age: float
) -> None:
    """Allowed only with something remaining; and 95 of 100 units are never held back."""
    allowance = Allowance(limit=limit, used=used_, start_ms=0, end_ms=NOW + 1)
    state = replace(STATE, current=allowance, rate_per_second=rate, burst=burst, lag_seconds=lag)
    decision = decide(state, NOW, RULES, draw=0, age_seconds=age)
    if isinstance(decision, Allow):
        assert used_ < limit
    else:
        assert decision.code is DenyCode.QUOTA_EXCEEDED
        assert limit - used_ <= HEADROOM_CAP * limit
        assert 1 <= decision.retry_after_seconds <= 3600


@given(
    st.floats(0, 1e4), st.integers(0, 1000), st.floats(0, 30), st.floats(0, 30), st.integers(0, 999)
)
def test_an_older_state_never_allows_more(
    rate: float, burst: int, age: float, more: float, used_: int
) -> None:
    """What a state allows at an age, it allows at every smaller one."""
    state = replace(STATE, current=used(used_), rate_per_second=rate, burst=burst)
    if isinstance(decide(state, NOW, RULES, draw=0, age_seconds=age + more), Allow):
        assert isinstance(decide(state, NOW, RULES, draw=0, age_seconds=age), Allow)


def test_an_allow_names_the_usage_plan() -> None:
    """With a quota, without one, and while nobody can say: rate and burst stay enforced."""
    state = replace(STATE, usage_identifier="plan-key")
    lenient = replace(RULES, allow_without_grant=True, allow_when_unknown=True)
    for decision in (
        decide(state, NOW, RULES, draw=0),
        decide(replace(state, current=None), NOW, lenient, draw=0),
        decide_unknown(state, lenient, plan_allows=None),
    ):
        assert isinstance(decision, Allow)
        assert decision.usage_identifier == "plan-key"


@pytest.mark.parametrize(
    ("state", "now_ms", "left"),
    [
        (STATE, NOW, Allow(1000, 1000, "plan-key")),
        (replace(STATE, current=used(1001)), NOW, Allow(-1, 1000, "plan-key")),
        (replace(STATE, status=Status.CLOSED), NOW + HOUR, Allow(50, 50, "plan-key")),
        (STATE, NOW + 2 * HOUR, Allow(None, None, "plan-key")),
    ],
)
def test_what_is_left_is_told_of_whoever_is_refused_too(
    state: QuotaState, now_ms: int, left: Allow
) -> None:
    """Of the period of that moment, as it is: overdrawn is below nothing."""
    assert allow_at(replace(state, usage_identifier="plan-key"), now_ms) == left


@pytest.mark.parametrize(("own", "told"), [(0, 60), (7, 7)])
def test_a_throttled_customer_is_told_the_guards_own_pause(own: int, told: int) -> None:
    """A minute where it names none."""
    state = replace(STATE, guard_level=GuardLevel.THROTTLE, guard_retry_seconds=own)
    assert decide(state, NOW, RULES, draw=99) == Deny(DenyCode.RATE_LIMITED_MARGIN, told)


DENIED = Deny(DenyCode.QUOTA_STATE_UNKNOWN, 5)


@pytest.mark.parametrize(
    ("last_known", "plan_allows", "deployment_allows", "expected"),
    [
        (None, None, False, DENIED),
        (None, None, True, Allow()),
        (None, True, False, Allow()),
        (None, False, True, DENIED),
        (replace(STATE, allow_when_unknown=True), False, False, Allow()),
        (replace(STATE, allow_when_unknown=False), True, True, DENIED),
        (STATE, True, False, Allow()),
        (
            replace(STATE, status=Status.SUSPENDED, allow_when_unknown=True),
            True,
            True,
            Deny(DenyCode.CUSTOMER_SUSPENDED, 3600),
        ),
    ],
)
def test_unknown_is_decided_by_the_plan(
    last_known: QuotaState | None,
    plan_allows: bool | None,  # noqa: FBT001
    deployment_allows: bool,  # noqa: FBT001
    expected: Allow | Deny,
) -> None:
    """The customer's plan as last known, then the credential's, then the deployment's policy."""
    rules = replace(RULES, allow_when_unknown=deployment_allows)
    assert decide_unknown(last_known, rules, plan_allows=plan_allows) == expected


def test_codes_are_what_clients_branch_on() -> None:
    """Letter for letter: a code that is spelt differently is one that nobody handles."""
    assert [one.value for one in DenyCode] == [
        "QUOTA_EXCEEDED",
        "CUSTOMER_SUSPENDED",
        "CUSTOMER_CLOSED",
        "NO_GRANT",
        "RATE_LIMITED_MARGIN",
        "SERVICE_RESTRICTED_MARGIN",
        "QUOTA_STATE_UNKNOWN",
        "IDENTITY_UNKNOWN",
        "AUTHORIZER_ERROR",
    ]


@pytest.mark.parametrize("code", list(DenyCode))
def test_messages_stand_in_json_as_they_are(code: DenyCode) -> None:
    """The gateway's body template does not escape."""
    message = Deny(code, 1).message
    assert message.isascii()
    assert not set(message) & set('"\\\n')
