"""What the process remembers, and forgets."""

from hypothesis import given
from hypothesis import strategies as st

from functions.authorizer.bounded_cache import BoundedCache


def test_too_old_is_not_there() -> None:
    """The reader's age decides, to the second."""
    cache: BoundedCache[str] = BoundedCache()
    cache.put("a", "1", 100.0)
    assert cache.get_with_age("a", 130.0, 30.0) == ("1", 30.0)
    assert cache.get("a", 130.1, 30.0) is None


def test_a_clock_that_went_back_makes_an_entry_too_old() -> None:
    """Nobody knows how old it is, so it is not used."""
    cache: BoundedCache[str] = BoundedCache()
    cache.put("a", "1", 100.0)
    assert cache.get("a", 99.0, 30.0) is None


def test_what_is_used_stays() -> None:
    """The least recently used entry makes room."""
    cache: BoundedCache[int] = BoundedCache(2)
    cache.put("a", 1, 0.0)
    cache.put("b", 2, 0.0)
    cache.get("a", 0.0, 1.0)
    cache.put("c", 3, 0.0)
    assert cache.get("a", 0.0, 1.0) == 1
    assert cache.get("b", 0.0, 1.0) is None


@given(st.lists(st.text(max_size=3)), st.integers(1, 5))
def test_it_never_grows(keys: list[str], capacity: int) -> None:
    """Whatever callers invent, memory is bounded."""
    cache: BoundedCache[None] = BoundedCache(capacity)
    for key in keys:
        cache.put(key, None, 0.0)
    assert len(cache) <= capacity
