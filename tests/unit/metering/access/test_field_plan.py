"""A plan says of a shape what else would be found out anew for each of its lines."""

from hypothesis import given
from hypothesis import strategies as st

from functions.metering.access.field_plan import plan_of
from functions.metering.field_names import NAME_CHARS, leaves
from functions.metering.line_context import CONTRADICTION, BesideList, context_of

NAMES = st.sampled_from(["status", "customerId", "userAgent", "a.status", "a", "b.userAgent", "x"])
PATHS = st.lists(NAMES, max_size=8)
OBJECTS = st.recursive(
    st.text(max_size=2) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


@given(PATHS)
def test_where_every_name_is_distinct_the_context_is_the_line(paths: list[str]) -> None:
    """And where one is not, it is not: some value of it says nothing by itself."""
    plan = plan_of(tuple(paths), {})
    flat: list[tuple[str, object]] = [(path, "1") for path in paths]
    found = context_of(flat, plan.first)
    is_told = not any(
        value == CONTRADICTION or isinstance(value, BesideList) for value in found.values()
    )
    assert plan.is_distinct is is_told
    assert not plan.is_distinct or found == dict(flat)


@given(st.dictionaries(st.text(max_size=3), OBJECTS, max_size=4))
def test_every_value_of_a_line_is_a_leaf_in_its_order(line: dict[str, object]) -> None:
    """Of a list the objects within it, too."""
    assert leaves(line) == list(_walked(line, ""))


def test_deep_nesting_makes_no_long_paths() -> None:
    """They would grow with the square of the line."""
    line: dict[str, object] = {"end": "1"}
    for _ in range(500):
        line = {"name": line}
    ((path, value),) = leaves(line)
    assert (len(path), value) == (NAME_CHARS + 1, "1")


def _walked(members: object, prefix: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    assert isinstance(members, dict)
    for name, value in members.items():
        if isinstance(value, dict):
            found += _walked(value, f"{prefix}{name}.")
            continue
        found.append((f"{prefix}{name}", value))
        for one in _objects_in(value):
            found += _walked(one, f"{prefix}{name}[].")
    return found


def _objects_in(value: object) -> list[dict[str, object]]:
    if isinstance(value, dict):
        return [value]
    return [one for inner in value for one in _objects_in(inner)] if isinstance(value, list) else []
