"""The headroom, and the hash that a decision is read from."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.usage.period import Period, Recurrence
from functions.usage.quota import (
    HEADROOM_CAP,
    METER_FIELDS,
    NO_CUSTOMER_IDS,
    Allowance,
    AuthorizerMode,
    GuardLevel,
    QuotaState,
    Status,
    customer_key,
    headroom,
    identity_key,
    is_customer_id,
    meter_field,
    read_state,
    revocation_keys,
    somebody,
    state_fields,
    state_key,
    tenant_key,
)

METER = "api_calls"
LIMITS = st.integers(0, 10**12)
RATES = st.floats(0, 10**6)
BURSTS = st.integers(0, 10**6)
SECONDS = st.floats(0, 10**6)
ALLOWANCES = st.builds(
    Allowance,
    limit=LIMITS,
    used=st.integers(0, 10**12),
    start_ms=st.integers(0, 10**13),
    end_ms=st.integers(0, 10**13),
)
STATES = st.builds(
    QuotaState,
    status=st.sampled_from(Status),
    current=st.none() | ALLOWANCES,
    upcoming=st.none() | ALLOWANCES,
    rate_per_second=RATES,
    burst=BURSTS,
    guard_level=st.sampled_from(GuardLevel),
    guard_allow_percent=st.integers(0, 100),
    guard_retry_seconds=st.integers(0, 3600),
    lag_seconds=SECONDS,
    allow_when_unknown=st.sampled_from([True, False, None]),
    recurrence=st.none() | st.builds(Recurrence, st.sampled_from(Period), st.integers(1, 31)),
    usage_identifier=st.text("abc019", max_size=20),
    mode=st.none() | st.sampled_from(AuthorizerMode),
)


@given(LIMITS, RATES, BURSTS, SECONDS)
def test_headroom_never_takes_more_than_its_share(
    limit: int, rate: float, burst: int, exposure: float
) -> None:
    """At most 5 % of the limit, and never less than nothing."""
    held = headroom(limit, rate_per_second=rate, burst=burst, exposure_seconds=exposure)
    assert 0 <= held <= limit * HEADROOM_CAP
    assert held <= burst + rate * exposure


@given(LIMITS, RATES, BURSTS, SECONDS, st.floats(0, 1000))
def test_headroom_grows_with_what_may_be_in_flight(
    limit: int, rate: float, burst: int, exposure: float, more: float
) -> None:
    """A stalled pipeline, a greater burst, a faster customer: each tightens, none loosens."""
    held = headroom(limit, rate_per_second=rate, burst=burst, exposure_seconds=exposure)
    for changed in (
        headroom(limit, rate_per_second=rate, burst=burst, exposure_seconds=exposure + more),
        headroom(limit, rate_per_second=rate + more, burst=burst, exposure_seconds=exposure),
        headroom(limit, rate_per_second=rate, burst=burst + int(more), exposure_seconds=exposure),
        headroom(limit + int(more), rate_per_second=rate, burst=burst, exposure_seconds=exposure),
    ):
        assert changed >= held


@pytest.mark.parametrize(
    ("limit", "rate", "burst", "exposure", "held"),
    [
        (100_000, 50, 50, 20, 1_050),  # below the cap: burst + rate * exposure
        (10_000, 50, 50, 20, 500),  # the cap
        (60, 5, 5, 30, 3),  # a small customer keeps 57 of 60
        (19, 5, 5, 30, 0),  # less than one call is none
        (0, 5, 5, 30, 0),
        (1_000, 0, 0, 30, 0),
    ],
)
def test_headroom_cases(limit: int, rate: float, burst: int, exposure: float, held: int) -> None:
    """`min(5 % of the limit, burst + rate * exposure)`, whole calls."""
    assert headroom(limit, rate_per_second=rate, burst=burst, exposure_seconds=exposure) == held


@given(STATES)
def test_a_state_is_read_as_it_was_written(state: QuotaState) -> None:
    """Every field of the hash has its place, and no two share one."""
    assert read_state(METER, _written(state)) == state


@given(STATES, st.sets(st.sampled_from(state_fields(METER))))
def test_an_absent_field_is_none_and_never_a_zero_limit(
    state: QuotaState, absent: set[str]
) -> None:
    """What is gone takes its allowance with it, and leaves the other one alone."""
    for prefix in ("", "next_"):
        if absent & {meter_field(METER, f"{prefix}{edge}") for edge in ("start_ms", "end_ms")}:
            absent = absent | {meter_field(METER, f"{prefix}limit")}
    left = {name: text for name, text in _written(state).items() if name not in absent}
    found = read_state(METER, left)
    assert found.current in (state.current, _unused(state.current), None)
    assert found.upcoming in (state.upcoming, _unused(state.upcoming), None)


@given(STATES, st.sampled_from(["start_ms", "end_ms", "next_start_ms", "next_end_ms"]))
def test_a_limit_without_its_period_is_loud(state: QuotaState, edge: str) -> None:
    """A damaged grant makes the state unknown; it is neither no grant nor one without an end."""
    written = _written(state)
    assume(written.pop(meter_field(METER, edge), None) is not None)
    with pytest.raises(ValueError, match="invalid literal"):
        read_state(METER, written)


def test_an_empty_hash_is_an_active_customer_without_a_grant() -> None:
    """What a decision makes of it is the deployment's: NO_GRANT, not zero left."""
    state = read_state(METER, {})
    assert (state.status, state.current, state.upcoming) == (Status.ACTIVE, None, None)
    assert (state.guard_level, state.allow_when_unknown) == (GuardLevel.NONE, None)
    assert state.allowance_at(0) is None


@given(STATES)
def test_meters_do_not_see_each_other(state: QuotaState) -> None:
    """Another meter's grant is not this one's; the customer's own fields are both's."""
    other = read_state("storage", _written(state))
    assert (other.current, other.upcoming, other.recurrence) == (None, None, None)
    assert (other.status, other.guard_level) == (state.status, state.guard_level)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": "gone"},
        {"guard_level": "L9"},
        {f"{METER}:limit": "many"},
        {f"{METER}:period": "week"},
    ],
)
def test_a_field_that_cannot_be_read_is_loud(fault: dict[str, str]) -> None:
    """A state that says something unknown is not taken for a good one."""
    windows = {f"{METER}:start_ms": "0", f"{METER}:end_ms": "1"}
    with pytest.raises(ValueError, match=next(iter(fault.values()))):
        read_state(METER, windows | fault)


@given(STATES, st.integers(0, 10**13))
def test_an_allowance_covers_the_moment_that_it_is_given_for(
    state: QuotaState, epoch_ms: int
) -> None:
    """Never a period that is over or not begun; the current one before the next."""
    found = state.allowance_at(epoch_ms)
    assert found is None or found.covers(epoch_ms)
    if state.current and state.current.covers(epoch_ms):
        assert found == state.current


def test_a_customer_s_keys_share_one_slot() -> None:
    """The hash tag is the customer; names are frozen, counters stand under them."""
    assert customer_key("t1", "cus_1", "x") == "aforo:{t1:cus_1}:x"
    assert state_key("t1", "cus_1") == "aforo:{t1:cus_1}:state"
    assert tenant_key("t1", "jwks") == "aforo:{t1}:jwks"
    assert identity_key("t1", "ab12") == "aforo:{t1}:identity:ab12"
    assert revocation_keys("j", "k") == ("jti:blocked:j", "jti:client:k")


def _unused(allowance: Allowance | None) -> Allowance | None:
    return allowance and replace(allowance, used=0)


def _written(state: QuotaState) -> dict[str, str]:
    """The hash, as the scripts of reconciliation leave it."""
    of_meter: dict[str, object] = {
        "rate_per_second": state.rate_per_second,
        "burst": state.burst,
        "lag_seconds": state.lag_seconds,
    }
    for prefix, allowance in (("", state.current), ("next_", state.upcoming)):
        if allowance:
            of_meter |= {
                f"{prefix}limit": allowance.limit,
                f"{prefix}used": allowance.used,
                f"{prefix}start_ms": allowance.start_ms,
                f"{prefix}end_ms": allowance.end_ms,
            }
    if state.recurrence:
        of_meter |= {"period": state.recurrence.period, "anchor_day": state.recurrence.anchor_day}
    assert set(of_meter) <= set(METER_FIELDS)
    return {
        "status": state.status,
        "guard_level": state.guard_level,
        "guard_allow_percent": str(state.guard_allow_percent),
        "guard_retry_seconds": str(state.guard_retry_seconds),
        "usage_identifier": state.usage_identifier,
        "mode": state.mode or "",
        "allow_when_unknown": {True: "allow", False: "deny"}.get(state.allow_when_unknown, ""),  # type: ignore[arg-type]
        **{meter_field(METER, name): str(value) for name, value in of_meter.items()},
    }


@given(st.sampled_from(sorted(NO_CUSTOMER_IDS)), st.data())
def test_a_programs_word_for_none_is_no_customer(word: str, data: st.DataObject) -> None:
    """In any case: it would be one customer for everybody's mistakes."""
    spelt = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in word)
    assert not is_customer_id(spelt)
    with pytest.raises(ValueError, match="no value"):
        somebody(spelt)
    assert is_customer_id(f"{spelt}1")


def test_a_period_ends_when_the_next_one_begins() -> None:
    """A request of that moment is of one of them: the same one for who counts and who decides."""
    first = Allowance(limit=10, used=9, start_ms=0, end_ms=1_000)
    following = Allowance(limit=20, used=0, start_ms=1_000, end_ms=2_000)
    assert [first.covers(moment) for moment in (-1, 0, 999, 1_000)] == [False, True, True, False]
    assert following.covers(1_000)
