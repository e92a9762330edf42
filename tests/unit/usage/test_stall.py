"""What a stall says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.usage.stall import (
    LATE_ARRIVAL_MS,
    STALL_FIELD,
    STALL_MESSAGE,
    StallMessage,
    both,
    stall_body,
    stalled_since,
)

MOMENTS = st.integers(0, 2_000_000_000_000)
STALLS = st.builds(
    lambda since, until: StallMessage(version=1, stalledSinceMs=since, stalledUntilMs=until),
    MOMENTS,
    MOMENTS,
)


@given(STALLS)
def test_a_stall_is_read_as_it_was_written(stall: StallMessage) -> None:
    """And no other body has its field."""
    body = stall_body(stall)
    assert STALL_MESSAGE.validate_json(body, strict=True) == stall
    assert STALL_FIELD in body
    assert json.loads(body) == stall


@given(STALLS, STALLS)
def test_two_stalls_as_one_say_no_less(one: StallMessage, other: StallMessage) -> None:
    """Since the earlier, until the later; none beside one is that one."""
    merged = both(one, other)
    assert merged is not None
    for stall in (one, other):
        assert merged["stalledSinceMs"] <= stall["stalledSinceMs"]
        assert merged["stalledUntilMs"] >= stall["stalledUntilMs"]
    assert both(one, None) == both(None, one) == one
    assert both(None, None) is None


@given(st.lists(MOMENTS, max_size=5), MOMENTS)
def test_what_was_late_when_it_came_counts_from_a_quarter_of_an_hour_before(
    moments: list[int], arrived: int
) -> None:
    """A replay brings what is weeks old: it is not the road that was stalled for weeks."""
    since = stalled_since(moments, arrived)
    assert since >= arrived - LATE_ARRIVAL_MS
    if moments and min(moments) >= arrived - LATE_ARRIVAL_MS:
        assert since == min(moments)
