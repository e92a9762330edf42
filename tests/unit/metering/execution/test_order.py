"""Log events in the order in which they were logged, by the short way and by the long one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.metering.execution.line_order import in_any_order, in_order

TIMES = st.integers(1_790_000_000_000, 1_790_000_000_005)
NAMES = st.integers(0, 30).map(lambda number: f"{number:056}")
TEXTS = st.sampled_from(["(a) one", "(a) two", ""])
REGULAR = st.fixed_dictionaries({"timestamp": TIMES, "id": NAMES, "message": TEXTS})
ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 7, 1.5, "", "x", "y" * 56, [], {}, ["z"] * 56, -1, 10**12, 10**13, 10**13 - 1]
)
ODD = st.dictionaries(st.sampled_from(["timestamp", "id", "message"]), ODD_VALUES) | ODD_VALUES


@given(st.lists(REGULAR, max_size=8, unique_by=lambda one: one["id"]), st.data())
def test_the_short_way_is_the_long_one(log_events: list[object], data: st.DataObject) -> None:
    """For events as CloudWatch makes them, in any order, and where one of them is anything else."""
    assert in_order(log_events) == in_any_order(log_events)
    where = data.draw(st.integers(0, len(log_events)))
    odd = data.draw(ODD | REGULAR.flatmap(lambda one: ODD.map(lambda more: _merged(one, more))))
    mixed = [*log_events[:where], odd, *log_events[where:]]
    assert in_order(mixed) == in_any_order(mixed)


@given(st.lists(REGULAR, max_size=8), st.randoms())
def test_twice_is_once(log_events: list[dict[str, Any]], random: Any) -> None:
    """A delivery may be made of several that overlap; two texts of one id are two lines."""
    twice = [*log_events, *log_events]
    random.shuffle(twice)
    seen = {(one["timestamp"], one["id"], one["message"]) for one in log_events}
    once = {(time, name, text) for time, name, text, _ in in_order(twice)}
    assert {(name, text) for _, name, text in once} == {(name, text) for _, name, text in seen}
    assert [entry[:2] for entry in in_order(twice)] == sorted(e[:2] for e in in_order(twice))


def _merged(one: dict[str, Any], more: object) -> object:
    return {**one, **more} if isinstance(more, dict) else one
