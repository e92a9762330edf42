"""The headroom, and the hash that a decision is read from."""

from copy import replace
from enum import StrEnum

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.usage.moment import HOUR_MS, epoch_ms_from_iso
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
    customer_index_key,
    customer_key,
    headroom,
    identity_key,
    is_customer_id,
    meter_field,
    read_state,
    read_values,
    rebuild_key,
    revocation_keys,
    somebody,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
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
    assert somebody(f"{spelt}1") == f"{spelt}1"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026-11-30T23:59:59Z", None),  # within the window that was written
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),  # its end is the next one's beginning
        ("2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z"),
        ("2027-02-10T00:00:00Z", "2027-02-01T00:00:00Z"),
    ],
)
def test_a_period_that_nobody_counted_in_is_fresh(text: str, start: str | None) -> None:
    """After the last window that was written a recurring grant begins anew, with nothing used."""
    written = Allowance(
        limit=100,
        used=70,
        start_ms=epoch_ms_from_iso("2026-11-01T00:00:00Z"),
        end_ms=epoch_ms_from_iso("2026-12-01T00:00:00Z"),
    )
    state = replace(read_state(METER, {}), current=written, recurrence=Recurrence(Period.MONTH))
    found = state.allowance_at(epoch_ms_from_iso(text))
    assert found is not None
    if start is None:
        assert found == written
    else:
        assert (found.limit, found.used, found.start_ms) == (100, 0, epoch_ms_from_iso(start))


def an_allowance(start_ms: int, end_ms: int, *, limit: int = 100, used: int = 40) -> Allowance:
    return Allowance(limit=limit, used=used, start_ms=start_ms, end_ms=end_ms)


def test_what_remains_is_the_limit_less_what_was_used() -> None:
    """Below nothing, too: a decision has to see by how much."""
    assert an_allowance(0, 1).remaining == 60
    assert an_allowance(0, 1, used=130).remaining == -30


@pytest.mark.parametrize(
    ("moment", "is_covered"), [(9, False), (10, True), (19, True), (20, False)]
)
def test_a_period_holds_its_start_and_not_its_end(moment: int, *, is_covered: bool) -> None:
    """The end is the first millisecond of the next."""
    assert an_allowance(10, 20).covers(moment) is is_covered


@pytest.mark.parametrize("has_upcoming", [True, False])
def test_after_its_windows_a_recurring_grant_is_fresh_from_the_first_millisecond(
    *, has_upcoming: bool
) -> None:
    """By the limit that was granted last, with nothing used, in the period of that moment."""
    current = an_allowance(0, HOUR_MS)
    upcoming = an_allowance(HOUR_MS, 2 * HOUR_MS, limit=70) if has_upcoming else None
    end_ms = 2 * HOUR_MS if has_upcoming else HOUR_MS
    state = replace(
        read_state("m", {}),
        current=current,
        upcoming=upcoming,
        recurrence=Recurrence(Period.HOUR),
    )
    fresh = an_allowance(end_ms, end_ms + HOUR_MS, limit=70 if has_upcoming else 100, used=0)
    assert state.allowance_at(end_ms) == fresh
    assert state.allowance_at(end_ms - 1) == (upcoming or current)
    assert state.allowance_at(-1) is None
    assert replace(state, recurrence=None).allowance_at(end_ms) is None


def test_the_names_in_redis_are_what_a_deployed_stack_holds() -> None:
    """A release that renamed one would find no grant, and the script would count beside it."""
    assert state_fields("m") == (
        *("status", "guard_level", "guard_allow_percent", "guard_retry_seconds"),
        *("allow_when_unknown", "usage_identifier", "mode"),
        *("m:limit", "m:used", "m:start_ms", "m:end_ms"),
        *("m:next_limit", "m:next_used", "m:next_start_ms", "m:next_end_ms"),
        *("m:rate_per_second", "m:burst", "m:lag_seconds", "m:period", "m:anchor_day"),
    )
    assert state_key("t", "c") == "aforo:{t:c}:state"
    assert watermark_key("t") == "aforo:{t}:watermark"
    assert customer_index_key("t") == "aforo:{t}:customers"
    assert rebuild_key("t", 3) == "aforo:{t}:rebuild:3"
    assert identity_key("t", "ab12") == "aforo:{t}:identity:ab12"
    assert revocation_keys("j", "k") == ("jti:blocked:j", "jti:client:k")


@pytest.mark.parametrize(
    ("enum", "words"),
    [
        (Status, {"ACTIVE": "active", "SUSPENDED": "suspended", "CLOSED": "closed"}),
        (Period, {"HOUR": "hour", "DAY": "day", "MONTH": "month"}),
        (AuthorizerMode, {"ENFORCE": "enforce", "SHADOW": "shadow"}),
        (
            GuardLevel,
            {"NONE": "NONE", "ALERT": "L1_ALERT", "THROTTLE": "L2_THROTTLE", "BLOCK": "L3_BLOCK"},
        ),
    ],
)
def test_the_words_in_redis_are_what_a_deployed_stack_holds(
    enum: type[StrEnum], words: dict[str, str]
) -> None:
    """As the names."""
    assert {one.name: one.value for one in enum} == words


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"m:burst": str(2**53)}, 2**53),
        ({"m:burst": "0"}, 0),
        ({}, 0),
    ],
)
def test_a_count_that_the_scripts_can_add_up_is_read(fields: dict[str, str], expected: int) -> None:
    """Up to the largest whole number that Lua holds exactly."""
    assert read_state("m", fields).burst == expected


@pytest.mark.parametrize("text", [str(2**53 + 1), "-1"])
@pytest.mark.parametrize("name", ["burst", "limit"])
def test_a_count_that_they_cannot_add_up_is_loud(name: str, text: str) -> None:
    """A limit of less than nothing, or one that Lua would round."""
    edges = {"m:start_ms": "0", "m:end_ms": "1"}
    with pytest.raises(ValueError, match="beyond what the scripts can add up"):
        read_state("m", edges | {f"m:{name}": text})


def test_what_an_absent_field_means() -> None:
    """Nothing is enforced, held back or granted that nobody wrote."""
    state = read_state("m", {"m:period": "day"})
    assert state == QuotaState(
        status=Status.ACTIVE,
        current=None,
        upcoming=None,
        rate_per_second=0.0,
        burst=0,
        guard_level=GuardLevel.NONE,
        guard_allow_percent=0,
        guard_retry_seconds=0,
        lag_seconds=0.0,
        allow_when_unknown=None,
        recurrence=Recurrence(Period.DAY, 1),
    )


def test_a_measured_lag_stands_for_the_grants_own() -> None:
    """Also one of nothing."""
    values = ["7.5" if name == "m:lag_seconds" else None for name in state_fields("m")]
    assert read_values(values).lag_seconds == 7.5
    assert read_values(values, 0.0).lag_seconds == 0.0


@given(STATES, SECONDS)
def test_a_measured_lag_changes_nothing_else(state: QuotaState, lag: float) -> None:
    """Every other field stays where it is, read once or many times."""
    written = _written(state)
    values = [written.get(name) for name in state_fields(METER)]
    assert read_values(values, lag) == replace(state, lag_seconds=lag)
    assert read_values(values) == state


def test_a_grant_that_nothing_was_used_of_is_whole() -> None:
    """An absent `used` is none used."""
    fields = {"m:limit": "5", "m:start_ms": "1", "m:end_ms": "2"}
    assert read_state("m", fields).current == an_allowance(1, 2, limit=5, used=0)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a", True),
        ("9", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        (".a", False),
        ("cus_1:x/y=z@q+r~s-t.u", True),
        ("a b", False),
        ("a{b", False),
        ('a"b', False),
        ("a\n", False),
        ("Null", False),
        ("nullable", True),
    ],
)
def test_what_can_be_a_customers_id(text: str, *, is_one: bool) -> None:
    """What goes into keys, JSON and logs as it stands, and is no program's word for none."""
    assert is_customer_id(text) is is_one
