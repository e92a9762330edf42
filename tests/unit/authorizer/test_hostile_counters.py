"""Whatever stands in Redis, or does not: a policy or Unauthorized, and nobody gets in by it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.authorizer.authorize import Unauthorized
from functions.usage.quota import (
    meter_field,
    state_fields,
    state_key,
    tenant_key,
    watermark_key,
)
from tests.fakes.authorizer import METER
from tests.fakes.authorizer_event import authorizer_event
from tests.fakes.token_issuer import CUSTOMER, TENANT
from tests.unit.authorizer.conftest import Bench, make_bench

NUMBERS = ["", "0", "-1", "1", "100", "1e3", "nan", "inf", "-inf", "9" * 400, "9" * 5000, "\u0663"]
texts = st.sampled_from([*NUMBERS, "allow", "month", "active", "L3_BLOCK"]) | st.text(max_size=8)
states = st.dictionaries(st.sampled_from(state_fields(METER)), texts, max_size=3)
heartbeats = st.dictionaries(st.text(max_size=3), texts, max_size=3)


def effect(bench: Bench, header: str) -> str:
    """Allow, Deny or 401; `Authorizer.authorize` itself, with nothing to catch its exceptions."""
    try:
        policy = bench.authorizer.authorize(authorizer_event(header))
    except Unauthorized:
        return "401"
    statements: Any = policy["policyDocument"]["Statement"]
    assert json.loads(json.dumps(policy)) == policy
    return str(statements[0]["Effect"])


@given(state=states, watermark=heartbeats, has_watermark_of_text=st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_state_makes_it_raise(
    state: dict[str, str], watermark: dict[str, str], *, has_watermark_of_text: bool
) -> None:
    """Any text in any field: a decision, or UNKNOWN."""
    bench = make_bench()
    # On top of a good one, or nearly all of them would be no grant.
    bench.store.hashes[state_key(TENANT, CUSTOMER)] |= state
    if has_watermark_of_text:
        bench.store.strings[watermark_key(TENANT)] = "x"
    else:
        bench.store.hashes[watermark_key(TENANT)] = watermark
    assert effect(bench, bench.good_header()) in {"Allow", "Deny"}


@pytest.mark.parametrize("field", ["limit", "burst", "next_limit"])
@pytest.mark.parametrize("text", ["9" * 400, "-1", str(2**53 + 1)])
def test_a_count_that_nobody_can_have_written_is_unknown(
    bench: Bench, field: str, text: str
) -> None:
    """It is not calculated with."""
    state = bench.store.hashes[state_key(TENANT, CUSTOMER)]
    state |= {meter_field(METER, field): text}
    state |= {meter_field(METER, edge): "1" for edge in ("next_start_ms", "next_end_ms")}
    policy = bench.authorizer.authorize(authorizer_event(bench.good_header()))
    assert policy["context"]["code"] == "QUOTA_STATE_UNKNOWN"


@given(generation=st.none() | texts, key_set=st.none() | texts | st.just('{"keys": []}'))
@settings(max_examples=200, deadline=None)
def test_without_a_key_set_or_a_generation_nobody_gets_in(
    generation: str | None, key_set: str | None
) -> None:
    """Whatever stands in their place; both policies say allow."""
    bench = make_bench()
    bench.allow_when_unknown()
    for name, text in (("generation", generation), ("jwks", key_set)):
        bench.store.strings.pop(tenant_key(TENANT, name), None)
        if text is not None:
            bench.store.strings[tenant_key(TENANT, name)] = text
    assert effect(bench, bench.good_header()) in {"Deny", "401"}
    assert effect(bench, "Bearer sk_live_1") in {"Deny", "401"}


@pytest.mark.parametrize("name", ["generation", "jwks"])
def test_keys_of_another_kind_are_unknown(bench: Bench, name: str) -> None:
    """Redis refuses the question: nobody can say, and nothing is raised."""
    del bench.store.strings[tenant_key(TENANT, name)]
    bench.store.hashes[tenant_key(TENANT, name)] = {"a": "b"}
    policy = bench.authorizer.authorize(authorizer_event(bench.good_header()))
    assert policy["context"]["code"] == "IDENTITY_UNKNOWN"


def test_an_empty_redis_lets_nobody_in(bench: Bench) -> None:
    """Not a token, not an API key, not nothing."""
    bench.store.strings.clear()
    bench.store.hashes.clear()
    headers = (bench.good_header(), "Bearer sk_live_1", "Basic x", "")
    assert [effect(bench, header) for header in headers] == ["Deny", "Deny", "401", "401"]
